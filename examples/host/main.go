// Command host is a whole host for a connector plugin: it launches one, prints what
// it offers, runs one action, and polls its trigger.
//
//	go build -o soar-plugin-okta ./cmd/soar-plugin-okta
//	OKTA_ORG_URL=… OKTA_API_TOKEN=… go run ./examples/host ./soar-plugin-okta alice.moreau@corp.example
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 2 {
		return errors.New("usage: host PLUGIN USER")
	}
	// The connector runs in a process of its own, over gRPC with mutual TLS. If it
	// dies, the next call starts it again.
	plugin, err := host.Launch(ctx, host.Config{Path: args[0]})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plugin.Close()) }()

	// The manifest says what there is, with a JSON Schema for everything.
	m, err := plugin.Manifest(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s %s\n", m.Title, m.Version)
	for _, a := range m.Actions {
		fmt.Printf("  %-26s %s\n", a.Name, a.Summary)
	}

	// One process serves any number of connections. Settings follow m.Settings.
	settings, err := json.Marshal(map[string]string{"org_url": os.Getenv("OKTA_ORG_URL"), "token": os.Getenv("OKTA_API_TOKEN")})
	if err != nil {
		return err
	}
	session, err := plugin.Open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()

	// An error is data: branch on its code, show its message, obey its RetryAfter.
	input, err := json.Marshal(map[string]string{"user": args[1]})
	if err != nil {
		return err
	}
	result, err := session.Run(ctx, "get_user", input)
	if err != nil {
		return fmt.Errorf("get_user failed with code %s: %w", sdk.AsError(err).Code, err)
	}
	fmt.Printf("get_user: %s\n", result.Output)

	// Each page comes with the place after it. A host that stores the two together
	// loses no event; see host.Watch for the loop that waits and backs off.
	var place json.RawMessage
	params := json.RawMessage(`{"event_types":["user.session.*"],"look_back":"1h"}`)
	for more := true; more; {
		page, err := session.Poll(ctx, "system_log", params, place)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			fmt.Printf("%s  %s  %s\n", e.Time.Format(time.RFC3339), e.Type, e.ID)
		}
		place, more = page.Next, page.More
	}
	return nil
}
