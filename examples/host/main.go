// Command host is a minimal host for a connector plugin. It launches a plugin, prints the manifest, runs one action
// and polls the trigger.
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
	// The connector runs in its own process, over gRPC with mutual TLS. If the process dies, the next call
	// restarts it.
	plugin, err := host.Launch(ctx, host.Config{Path: args[0]})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plugin.Close()) }()

	// The manifest lists all actions and triggers, each with a JSON Schema.
	m, err := plugin.Manifest(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s %s\n", m.Title, m.Version)
	for _, a := range m.Actions {
		fmt.Printf("  %-26s %s\n", a.Name, a.Summary)
	}

	// One process serves any number of connections. m.Settings is the schema of the settings.
	settings, err := json.Marshal(map[string]string{"org_url": os.Getenv("OKTA_ORG_URL"), "token": os.Getenv("OKTA_API_TOKEN")})
	if err != nil {
		return err
	}
	session, err := plugin.Open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()

	// An error is data: branch on its code, show its message, and wait for its RetryAfter.
	input, err := json.Marshal(map[string]string{"user": args[1]})
	if err != nil {
		return err
	}
	result, err := session.Run(ctx, "get_user", input)
	if err != nil {
		return fmt.Errorf("get_user failed with code %s: %w", sdk.AsError(err).Code, err)
	}
	fmt.Printf("get_user: %s\n", result.Output)

	// Each page includes the checkpoint that follows it. A host that stores both in one transaction loses no event.
	// See host.Watch for the complete loop with waits and backoff.
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
