package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/examples/playbooks"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/settings"
	"soar.example/okta/internal/watch"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

const (
	demoPlaybook   = "contain-compromised-user.yaml"
	demoVictim     = "alice.moreau@corp.example"
	demoQuarantine = "Quarantine"
	demoToken      = "demo-token"
	demoEvery      = 500 * time.Millisecond
	demoLimit      = 60 * time.Second
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Args: none, Short: "Contain an attack on an Okta org in this process",
		Long: `Start an Okta org on this machine, launch the connector as a plugin process, play an attack into the
org's System Log, and let examples/playbooks/` + demoPlaybook + ` contain the account. No Okta org is
needed, and the demo leaves no files. The exit status is 0 only if the org's state shows that the account is contained.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), demoLimit)
			defer cancel()
			return a.demo(ctx)
		},
	}
}

// demo plays an attack and fails if the account is not contained.
func (a *app) demo(ctx context.Context) error {
	show := &progress{app: a, started: time.Now()}
	org, url, end, err := startOrg("127.0.0.1:0", oktasim.Options{Token: demoToken, Seed: oktasim.Demo})
	if err != nil {
		return err
	}
	defer end()
	folder, err := os.MkdirTemp("", "soar-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	conn, err := a.open(ctx, &settings.Connection{Name: builtIn.name, Connector: builtIn.name, Values: map[string]any{"org_url": url, "token": demoToken}}, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	source, err := playbooks.FS.ReadFile(demoPlaybook)
	if err != nil {
		return err
	}
	b, err := playbook.Load("examples/playbooks/"+demoPlaybook, source, playbook.Connections{builtIn.name: conn.manifest})
	if err != nil {
		return err
	}
	store, err := embedded.OpenStore(ctx, filepath.Join(folder, "demo.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	connections := []embedded.Connection{conn.forEngine(url)}
	engine, err := embedded.New(store, embedded.Options{Connections: connections, Logger: a.logger, Observe: show.notice})
	if err != nil {
		return err
	}
	defer engine.Close()
	before, _ := org.State().User(demoVictim) // the seed has this user
	a.print(map[string]any{"kind": "start", "org": url, "plugin_pid": conn.plugin.PID(), "playbook": b.Name, "user": accountObject(before)}, `%s
  org       %s (in this process, over HTTP)
  plugin    process %d, over go-plugin with mutual TLS
  playbook  %s on %s

`, a.out.Bold("An Okta event starts a containment workflow"), url, conn.plugin.PID(), b.File, strings.Join(b.EventTypes, ", "))
	accepted := make(chan embedded.Accepted, 2*demoLimit/demoEvery) // more than one for each poll
	w := &watch.Watcher{
		Connections: connections, Engine: engine, Store: store,
		Playbooks: []*playbook.Playbook{b}, Every: demoEvery, Logger: a.logger,
		// The demo shows the whole log, not only the playbook's events.
		AlsoRead: json.RawMessage(`{"event_types":["*"],"own_events":true}`),
		Accepted: func(f *watch.Feed, page sdk.RawPage, got embedded.Accepted) {
			show.accepted(f, page, got)
			accepted <- got
		},
		Polled: func(_ *watch.Feed, s host.Status) { show.pollStatus(a.out, s, show.line) },
	}
	if err := play(ctx, w, org, attack(before), accepted); err != nil {
		return err
	}
	after, _ := org.State().User(demoVictim)
	return show.summarize(before, after)
}

// play runs the watcher and appends the events to the log, until the runs that they start have ended.
func play(ctx context.Context, w *watch.Watcher, org *oktasim.Org, events []oktasim.Event, accepted <-chan embedded.Accepted) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.Engine.Work(ctx) })
	g.Go(func() error { return w.Run(ctx) })
	g.Go(func() error {
		defer stop()
		if _, err := wait(ctx, accepted); err != nil { // the first poll
			return err
		}
		for _, e := range events {
			org.Append(e)
			if _, err := wait(ctx, time.After(400*time.Millisecond)); err != nil { // a person reads along
				return err
			}
		}
		for {
			if got, err := wait(ctx, accepted); err != nil {
				return err
			} else if got.Started > 0 {
				return w.Engine.Idle(ctx)
			}
		}
	})
	return g.Wait()
}

// wait returns the next value, or an error if ctx ends before.
func wait[T any](ctx context.Context, values <-chan T) (v T, err error) {
	select {
	case <-ctx.Done():
		return v, ctx.Err()
	case v = <-values:
		return v, nil
	}
}

// attack returns the events of an account takeover: pushes that the user denies, a sign-in from
// a new country, and the user's report.
func attack(victim oktasim.UserState) []oktasim.Event {
	actor := map[string]any{"id": victim.ID, "type": "User", "alternateId": victim.Login, "displayName": "Alice Moreau"}
	event := func(kind, severity, message, ip, city, country string) oktasim.Event {
		return oktasim.Event{
			"eventType": kind, "severity": severity, "displayMessage": message, "actor": actor, "target": []any{actor},
			"outcome": map[string]any{"result": "SUCCESS", "reason": nil},
			"client": map[string]any{
				"ipAddress": ip, "device": "Computer", "zone": "null",
				"userAgent":           map[string]any{"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64)", "os": "Linux", "browser": "FIREFOX"},
				"geographicalContext": map[string]any{"city": city, "country": country},
			},
		}
	}
	byAttacker := func(kind, message string) oktasim.Event {
		return event(kind, "INFO", message, "198.51.100.77", "Caracas", "Venezuela")
	}
	deny := func() oktasim.Event {
		return byAttacker("user.mfa.okta_verify.deny_push", "User rejected Okta push verify")
	}
	signIn := byAttacker("user.session.start", "User login to Okta")
	signIn["debugContext"] = map[string]any{"debugData": map[string]any{"behaviors": "{New Country=POSITIVE, New IP=POSITIVE, New Device=POSITIVE}"}}
	if len(victim.Sessions) > 0 {
		signIn["authenticationContext"] = map[string]any{"authenticationStep": 0, "externalSessionId": victim.Sessions[0]}
	}
	report := event("user.account.report_suspicious_activity_by_enduser", "WARN", "User report suspicious activity", "203.0.113.24", "Lyon", "France")
	return []oktasim.Event{deny(), deny(), deny(), signIn, report}
}

// summarize shows the account before and after. It fails if the account is not contained.
func (p *progress) summarize(before, after oktasim.UserState) error {
	groups := groupNames(after)
	contained := after.Status == "SUSPENDED" && len(after.Sessions) == 0 && after.OAuthTokens == 0 && slices.Contains(groups, demoQuarantine)
	ok := contained && p.failed.Load() == 0
	seen, matched, runs := p.seen.Load(), p.matched.Load(), p.runs.Load()
	if p.json {
		p.out.JSON(map[string]any{
			"kind": "summary", "events": seen, "matched": matched, "runs": runs, "failed": p.failed.Load(), "user": accountObject(after),
		})
	} else {
		fmt.Fprintf(p.out, "\n%s  %s\n", p.out.Bold(after.Login), p.out.Faint("(state of the org)"))
		p.out.Table([][]string{
			{"", "BEFORE", "AFTER"},
			{"status", before.Status, after.Status},
			{"sessions", fmt.Sprint(len(before.Sessions)), fmt.Sprint(len(after.Sessions))},
			{"OAuth tokens", fmt.Sprint(before.OAuthTokens), fmt.Sprint(after.OAuthTokens)},
			{"remembered devices", fmt.Sprint(before.RememberedDevices), fmt.Sprint(after.RememberedDevices)},
			{"groups", strings.Join(groupNames(before), ", "), strings.Join(groups, ", ")},
		})
		if ok {
			fmt.Fprintf(p.out, "\n%s  %s read, %d matched, %s, %.1f s\n%s", p.out.Green("✓ contained"),
				count(int(seen), "event"), matched, count(int(runs), "run"), time.Since(p.started).Seconds(), next)
		}
	}
	if !ok {
		return sdk.Errorf(sdk.Conflict, "%s is not contained: %s, %s, groups %s",
			after.Login, after.Status, count(len(after.Sessions), "session"), strings.Join(groups, ", "))
	}
	return nil
}

func groupNames(u oktasim.UserState) []string {
	names := []string{}
	for _, g := range u.Groups {
		names = append(names, g.Name)
	}
	return names
}

// accountObject returns the account as --json prints it.
func accountObject(u oktasim.UserState) map[string]any {
	return map[string]any{
		"login": u.Login, "status": u.Status, "sessions": len(u.Sessions), "oauth_tokens": u.OAuthTokens,
		"remembered_devices": u.RememberedDevices, "groups": groupNames(u),
	}
}

const next = `
What to type next
  go run ./cmd/soar org                          the same org, to play with from another terminal
  go run ./cmd/soar actions                      what playbooks can do
  go run ./cmd/soar run suspend_user --help      one action
  go run ./cmd/soar watch examples/playbooks/contain-compromised-user.yaml
`
