package plugin_test

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/internal/plugintest"
)

// The test binary is also the plugin.
func TestMain(m *testing.M) {
	if os.Getenv(plugintest.EnvRole) != plugintest.Plugin {
		goleak.VerifyTestMain(m)
		return
	}
	backend, err := plugintest.Connector()
	if err != nil {
		panic(err)
	}
	os.Exit(plugin.Serve(context.Background(), backend, plugin.ServeOptions{Usage: plugintest.Usage}))
}
