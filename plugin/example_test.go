package plugin_test

import (
	"context"
	"fmt"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// The main function of a connector serves it. If a person starts the program, it prints one line
// on standard error and exits with status 2.
func ExampleServe() {
	backend, err := sdk.Connector[struct{}, struct{}]{
		Name: "clock", Title: "Clock", Summary: "Returns the time.", Docs: "https://clock.example", Version: "1.0.0",
		Open:  func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil },
		Check: func(context.Context, struct{}) (sdk.Health, error) { return sdk.Health{}, nil },
	}.Compile()
	if err != nil {
		panic(err)
	}
	status := plugin.Serve(context.Background(), backend, plugin.ServeOptions{
		Usage: "This is a connector plugin. To use it, type: soar actions --plugin clock",
	})
	fmt.Println(status) // main passes it to os.Exit
	// Output: 2
}
