// Command soar-plugin-okta is the Okta connector as a plugin that any go-plugin
// host can launch.
package main

import (
	"context"
	"fmt"
	"os"

	"soar.example/okta/plugin"
	oktaconnector "soar.example/okta/plugin/okta"
)

func main() {
	backend, err := oktaconnector.Backend()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soar-plugin-okta:", err)
		os.Exit(1)
	}
	os.Exit(plugin.Serve(context.Background(), backend, plugin.ServeOptions{
		Usage: "soar-plugin-okta is a plugin that a host launches; to use it by hand, type: soar actions --plugin ./soar-plugin-okta",
	}))
}
