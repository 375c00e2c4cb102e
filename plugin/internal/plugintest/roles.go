package plugintest

// EnvRole is the environment variable with the role of a test binary that runs as another program.
const EnvRole = "PLUGINTEST_ROLE"

// Usage is the line that the plugin prints if a person starts it.
const Usage = "This is the plugin of a test.\n  Run go test instead."

// Plugin is the role of the plugin.
const Plugin = "plugin"

// Env returns the environment of a test binary in a role. Without GORACE, the race detector would
// sleep for a second at the end of the process.
func Env(role string) []string { return []string{EnvRole + "=" + role, "GORACE=atexit_sleep_ms=0"} }
