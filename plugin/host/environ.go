package host

import (
	"os"
	"strconv"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin"
)

// passed are the variables of the host that a plugin sees: what it needs to
// reach its service, and nothing that could be a secret of something else.
var passed = []string{
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR",
}

// environ is the plugin's environment, but for what go-plugin adds.
func environ(c Config) []string {
	var env []string
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if level := c.Logger.GetLevel(); level != hclog.NoLevel {
		env = append(env, plugin.EnvLogLevel+"="+level.String())
	}
	env = append(env, c.Env...)
	return append(env, plugin.EnvHostPID+"="+strconv.Itoa(os.Getpid()))
}
