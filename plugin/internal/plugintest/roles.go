package plugintest

// EnvRole is the variable that says what a test binary is to be instead of a
// test.
const EnvRole = "PLUGINTEST_ROLE"

// Usage is the line of the plugin that is started by hand.
const Usage = "This is the plugin of a test.\n  Run go test instead."

// Plugin is the role of the plugin.
const Plugin = "plugin"

// Env is the environment of a test binary in a role. The race detector would
// have it sleep for a second when it ends.
func Env(role string) []string { return []string{EnvRole + "=" + role, "GORACE=atexit_sleep_ms=0"} }
