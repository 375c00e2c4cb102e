package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
		Use: "demo", Args: none, Short: "Watch an attack on an Okta org in this process being contained",
		Long: `Start an Okta org on this machine, launch the connector as a plugin process, play an attack into the
org's System Log, and let examples/playbooks/` + demoPlaybook + ` contain the account. No Okta org is
needed, and nothing is left behind. Exit status 0 only if the account, read back from the org, is contained.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), demoLimit)
			defer cancel()
			return a.demo(ctx)
		},
	}
}

// A demo is the embedded org and the watch of the demo.
type demo struct {
	org      *orgServer
	conn     *connection
	store    *embedded.Store
	engine   *embedded.Engine
	playbook *playbook.Playbook
	show     *progress
}

func (a *app) demo(ctx context.Context) (err error) {
	d := &demo{show: &progress{app: a, started: time.Now()}}
	defer func() { err = errors.Join(err, d.close()) }()
	if d.org, err = startOrg("127.0.0.1:0", oktasim.Options{Token: demoToken, Seed: oktasim.Demo}); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "soar-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := d.setUp(ctx, filepath.Join(folder, "demo.db")); err != nil {
		return err
	}
	before := d.victim()
	d.introduce(before)
	if err := d.play(ctx, before); err != nil {
		return err
	}
	return d.summarize(before, d.victim())
}

// victim returns the state of the account that is attacked.
func (d *demo) victim() oktasim.UserState {
	u, _ := d.org.State().User(demoVictim) // the seed has this user
	return u
}

func (d *demo) setUp(ctx context.Context, store string) (err error) {
	if d.conn, err = d.show.open(ctx, &settings.Settings{Values: map[string]any{"org_url": d.org.url, "token": demoToken}}); err != nil {
		return err
	}
	source, err := playbooks.FS.ReadFile(demoPlaybook)
	if err != nil {
		return err
	}
	b, problems := loadPlaybook("examples/playbooks/"+demoPlaybook, source, d.conn.manifest)
	if problems != nil {
		return rejected(problems)
	}
	d.playbook = b
	if d.store, err = embedded.OpenStore(ctx, store); err != nil {
		return err
	}
	d.engine, err = embedded.New(d.store, embedded.Options{
		Org: d.org.url, Manifest: d.conn.manifest, Session: d.conn, Logger: d.show.logger, Observe: d.show.notice,
	})
	return err
}

// play runs the watcher and the attack until the runs that the attack starts have ended.
func (d *demo) play(ctx context.Context, victim oktasim.UserState) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	polled, reported := make(chan struct{}), make(chan struct{})
	var firstPoll, firstRun sync.Once
	w := &watch.Watcher{
		Org: d.org.url, Session: d.conn, Manifest: d.conn.manifest, Engine: d.engine, Store: d.store,
		Playbooks: []*playbook.Playbook{d.playbook}, Every: demoEvery, Logger: d.show.logger,
		// The demo shows the whole log, not only the playbook's events.
		AlsoRead: json.RawMessage(`{"event_types":["*"],"own_events":true}`),
		Accepted: func(_ string, page sdk.RawPage, got embedded.Accepted) {
			d.show.accepted(page, got)
			firstPoll.Do(func() { close(polled) })
			if got.Started > 0 {
				firstRun.Do(func() { close(reported) })
			}
		},
		Polled: func(_ string, s host.Status) { d.show.polled(s) },
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.Run(ctx) })
	g.Go(func() error {
		defer stop()
		if err := wait(ctx, polled); err != nil {
			return err
		}
		for _, e := range attack(victim) {
			d.org.Append(e)
			if err := wait(ctx, time.After(400*time.Millisecond)); err != nil { // a person reads along
				return err
			}
		}
		if err := wait(ctx, reported); err != nil {
			return err
		}
		return d.engine.Idle(ctx)
	})
	return g.Wait()
}

// wait waits until done has a value or is closed, or ctx ends.
func wait[T any](ctx context.Context, done <-chan T) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return nil
	}
}

// attack returns the events of an account takeover: pushes that the user denies, a sign-in from
// a new country, and the user's report.
func attack(victim oktasim.UserState) []oktasim.Event {
	actor := map[string]any{"id": victim.ID, "type": "User", "alternateId": victim.Login, "displayName": "Alice Moreau"}
	from := func(ip, city, country string) map[string]any {
		return map[string]any{
			"ipAddress": ip, "device": "Computer", "zone": "null",
			"userAgent":           map[string]any{"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64)", "os": "Linux", "browser": "FIREFOX"},
			"geographicalContext": map[string]any{"city": city, "country": country},
		}
	}
	event := func(kind, severity, message string, client map[string]any) oktasim.Event {
		return oktasim.Event{
			"eventType": kind, "severity": severity, "displayMessage": message, "actor": actor, "client": client,
			"outcome": map[string]any{"result": "SUCCESS", "reason": nil}, "target": []any{actor},
		}
	}
	attacker, home := from("198.51.100.77", "Caracas", "Venezuela"), from("203.0.113.24", "Lyon", "France")
	deny := func() oktasim.Event {
		return event("user.mfa.okta_verify.deny_push", "INFO", "User rejected Okta push verify", attacker)
	}
	signIn := event("user.session.start", "INFO", "User login to Okta", attacker)
	signIn["debugContext"] = map[string]any{"debugData": map[string]any{"behaviors": "{New Country=POSITIVE, New IP=POSITIVE, New Device=POSITIVE}"}}
	if len(victim.Sessions) > 0 {
		signIn["authenticationContext"] = map[string]any{"authenticationStep": 0, "externalSessionId": victim.Sessions[0]}
	}
	report := event("user.account.report_suspicious_activity_by_enduser", "WARN", "User report suspicious activity", home)
	return []oktasim.Event{deny(), deny(), deny(), signIn, report}
}

func (d *demo) introduce(before oktasim.UserState) {
	if d.show.json {
		d.show.out.JSON(map[string]any{
			"kind": "start", "org": d.org.url, "plugin_pid": d.conn.plugin.PID(), "playbook": d.playbook.Name, "user": accountObject(before),
		})
		return
	}
	out := d.show.out
	fmt.Fprintf(out, "%s\n", out.Bold("An Okta event starts a containment workflow"))
	fmt.Fprintf(out, "  org       %s (in this process, over HTTP)\n", d.org.url)
	fmt.Fprintf(out, "  plugin    process %d, over go-plugin with mutual TLS\n", d.conn.plugin.PID())
	fmt.Fprintf(out, "  playbook  %s on %s\n\n", d.playbook.File, strings.Join(d.playbook.EventTypes, ", "))
}

// summarize shows the account before and after. It fails if the account is not contained.
func (d *demo) summarize(before, after oktasim.UserState) error {
	groups := groupNames(after)
	contained := after.Status == "SUSPENDED" && len(after.Sessions) == 0 && after.OAuthTokens == 0 && slices.Contains(groups, demoQuarantine)
	ok := contained && d.show.failed.Load() == 0
	seen, matched, runs := d.show.seen.Load(), d.show.matched.Load(), d.show.runs.Load()
	if d.show.json {
		d.show.out.JSON(map[string]any{
			"kind": "summary", "events": seen, "matched": matched, "runs": runs, "failed": d.show.failed.Load(), "user": accountObject(after),
		})
	} else {
		out := d.show.out
		fmt.Fprintf(out, "\n%s  %s\n", out.Bold(after.Login), out.Faint("read back from the org"))
		out.Table([][]string{
			{"", "BEFORE", "AFTER"},
			{"status", before.Status, after.Status},
			{"sessions", fmt.Sprint(len(before.Sessions)), fmt.Sprint(len(after.Sessions))},
			{"OAuth tokens", fmt.Sprint(before.OAuthTokens), fmt.Sprint(after.OAuthTokens)},
			{"remembered devices", fmt.Sprint(before.RememberedDevices), fmt.Sprint(after.RememberedDevices)},
			{"groups", strings.Join(groupNames(before), ", "), strings.Join(groups, ", ")},
		})
		if ok {
			fmt.Fprintf(out, "\n%s  %s read, %d matched, %s, %.1f s\n", out.Green("✓ contained"),
				count(int(seen), "event"), matched, count(int(runs), "run"), time.Since(d.show.started).Seconds())
			fmt.Fprint(out, next)
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
  go run ./cmd/soar run suspend_user --help      one action by hand
  go run ./cmd/soar watch examples/playbooks/contain-compromised-user.yaml
`

// close takes down what was set up, in the opposite order.
func (d *demo) close() error {
	var errs []error
	if d.engine != nil {
		errs = append(errs, d.engine.Close())
	}
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	if d.org != nil {
		errs = append(errs, d.org.close())
	}
	return errors.Join(errs...)
}
