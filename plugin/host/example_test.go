package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// A host launches a plugin, opens a session and runs an action. The plugin is the test program
// itself, with an action echo.
func ExampleLaunch() {
	ctx := context.Background()
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p, err := host.Launch(ctx, host.Config{Path: path, Env: plugintest.Env(plugintest.Plugin)})
	if err != nil {
		panic(err)
	}
	defer p.Close()
	m, err := p.Manifest(ctx)
	if err != nil {
		panic(err)
	}
	session, err := p.Open(ctx, json.RawMessage(`{"org":"acme"}`))
	if err != nil {
		panic(err)
	}
	defer session.Close()
	result, err := session.Run(ctx, "echo", json.RawMessage(`{"text":"hi"}`))
	fmt.Println(m.Title, string(result.Output), err)
	// Output: Plugin test {"org":"acme","texts":["hi"]} <nil>
}

// A counter is a session with a trigger that returns three events.
type counter struct{ sdk.Session }

func (counter) Poll(_ context.Context, _ string, _, from json.RawMessage) (sdk.RawPage, error) {
	n := 0
	if len(from) > 0 {
		if err := json.Unmarshal(from, &n); err != nil {
			return sdk.RawPage{}, err
		}
	}
	next, err := json.Marshal(n + 1)
	return sdk.RawPage{Seen: 1, More: n < 2, Next: next, Events: []sdk.RawEvent{{ID: string(next), Type: "tick"}}}, err
}

// Watch polls until its context ends. Handle stores the events of a page together with the
// checkpoint of the next page.
func ExampleWatch() {
	ctx, stop := context.WithCancel(context.Background())
	err := host.Watch(ctx, host.Source{Session: counter{}, Trigger: "ticks", Every: time.Minute}, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			fmt.Println(page.Events[0].Type, page.Events[0].ID, "then", string(page.Next))
			if !page.More {
				stop()
			}
			return nil
		},
	})
	fmt.Println(err)
	// Output:
	// tick 1 then 1
	// tick 2 then 2
	// tick 3 then 3
	// <nil>
}
