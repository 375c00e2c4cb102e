// Command soar-plugin-http is the HTTP connector as a plugin that any go-plugin host can
// launch.
package main

import (
	"context"
	"fmt"
	"os"

	"soar.example/okta/internal/httpconnector"
	"soar.example/okta/plugin"
)

func main() {
	backend, err := httpconnector.Backend()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soar-plugin-http:", err)
		os.Exit(1)
	}
	os.Exit(plugin.Serve(context.Background(), backend, plugin.ServeOptions{
		Usage: "soar-plugin-http is a plugin that a host launches. To list its actions, type: soar actions --plugin ./soar-plugin-http",
	}))
}
