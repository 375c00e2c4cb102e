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

// A stage is everything that the demo sets up.
type stage struct {
	org    *orgServer
	conn   *connection
	store  *embedded.Store
	engine *embedded.Engine
	book   *playbook.Playbook
	show   *live
}

func (a *app) demo(ctx context.Context) (err error) {
	s := &stage{show: &live{app: a, started: time.Now()}}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.org, err = startOrg("127.0.0.1:0", oktasim.Options{Token: demoToken, Seed: oktasim.Demo}); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "soar-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := s.setUp(ctx, filepath.Join(folder, "demo.db")); err != nil {
		return err
	}
	before, err := s.org.account(ctx, demoVictim)
	if err != nil {
		return err
	}
	s.introduce(before)
	if err := s.play(ctx, before); err != nil {
		return err
	}
	after, err := s.org.account(ctx, demoVictim)
	if err != nil {
		return err
	}
	return s.sumUp(before, after)
}

func (s *stage) setUp(ctx context.Context, store string) error {
	settings, err := json.Marshal(map[string]string{"org_url": s.org.url, "token": demoToken})
	if err != nil {
		return err
	}
	if s.conn, err = s.show.open(ctx, settings); err != nil {
		return err
	}
	source, err := playbooks.FS.ReadFile(demoPlaybook)
	if err != nil {
		return err
	}
	book, problems := loadPlaybook("examples/playbooks/"+demoPlaybook, source, s.conn.manifest)
	if problems != nil {
		return refuse(problems)
	}
	s.book = book
	if s.store, err = embedded.OpenStore(ctx, store); err != nil {
		return err
	}
	s.engine, err = embedded.New(s.store, embedded.Options{
		Org: s.org.url, Manifest: s.conn.manifest, Session: s.conn, Logger: s.show.logger, Observe: s.show.notice,
	})
	return err
}

// play runs the attack and the watcher side by side until the attack is over and
// every run that it started has ended.
func (s *stage) play(ctx context.Context, victim *account) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	polling := make(chan struct{})
	w := &watcher{
		org: s.org.url, session: s.conn, manifest: s.conn.manifest, engine: s.engine, store: s.store,
		books: []*playbook.Playbook{s.book}, every: demoEvery, logger: s.show.logger,
		// So that the whole log can be seen, not the playbook's events alone.
		alsoRead: json.RawMessage(`{"event_types":["*"],"own_events":true}`),
	}
	reported := make(chan struct{})
	var firstPoll, firstRun sync.Once
	w.accepted = func(f feed, page sdk.RawPage, got embedded.Accepted) {
		s.show.accepted(f, page, got)
		firstPoll.Do(func() { close(polling) })
		if got.Started > 0 {
			firstRun.Do(func() { close(reported) })
		}
	}
	w.polled = s.show.polled
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.run(ctx) })
	g.Go(func() error {
		defer stop()
		if err := wait(ctx, polling); err != nil {
			return err
		}
		if err := s.org.attack(ctx, victim); err != nil {
			return err
		}
		if err := wait(ctx, reported); err != nil {
			return err
		}
		return s.engine.Idle(ctx)
	})
	return g.Wait()
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return nil
	}
}

func (s *stage) introduce(before *account) {
	if s.show.json {
		s.show.out.line(map[string]any{"kind": "start", "org": s.org.url, "plugin_pid": s.conn.plugin.PID(), "playbook": s.book.Name, "user": before.line()})
		return
	}
	out := s.show.out
	fmt.Fprintf(out, "%s\n", out.bold("An Okta event starts a containment workflow"))
	fmt.Fprintf(out, "  org       %s (in this process, over HTTP)\n", s.org.url)
	fmt.Fprintf(out, "  plugin    process %d, over go-plugin with mutual TLS\n", s.conn.plugin.PID())
	fmt.Fprintf(out, "  playbook  %s on %s\n\n", s.book.File, strings.Join(s.book.EventTypes, ", "))
}

// sumUp shows what became of the account. It fails if it is not contained.
func (s *stage) sumUp(before, after *account) error {
	contained := after.contained()
	ok := contained && s.show.failed.Load() == 0
	if s.show.json {
		s.show.out.line(map[string]any{
			"kind": "summary", "events": s.show.seen.Load(), "matched": s.show.matched.Load(),
			"runs": s.show.runs.Load(), "failed": s.show.failed.Load(), "user": after.line(),
		})
	} else {
		out := s.show.out
		fmt.Fprintf(out, "\n%s  %s\n", out.bold(after.Login), out.faint("read back from the org"))
		out.table([][]string{
			{"", "BEFORE", "AFTER"},
			{"status", before.Status, after.Status},
			{"sessions", fmt.Sprint(len(before.Sessions)), fmt.Sprint(len(after.Sessions))},
			{"OAuth tokens", fmt.Sprint(before.OAuthTokens), fmt.Sprint(after.OAuthTokens)},
			{"remembered devices", fmt.Sprint(before.RememberedDevices), fmt.Sprint(after.RememberedDevices)},
			{"groups", strings.Join(before.groups(), ", "), strings.Join(after.groups(), ", ")},
		})
		if ok {
			fmt.Fprintf(out, "\n%s  %s read, %d matched, %s, %.1f s\n", out.green("✓ contained"),
				count(int(s.show.seen.Load()), "event"), s.show.matched.Load(), count(int(s.show.runs.Load()), "run"), time.Since(s.show.started).Seconds())
			fmt.Fprint(out, next)
		}
	}
	if !ok {
		return sdk.Errorf(sdk.Conflict, "%s is not contained: %s, %s, groups %s", after.Login, after.Status, count(len(after.Sessions), "session"), strings.Join(after.groups(), ", "))
	}
	return nil
}

const next = `
What to type next
  go run ./cmd/soar org                          the same org, to play with from another terminal
  go run ./cmd/soar actions                      what playbooks can do
  go run ./cmd/soar run suspend_user --help      one action by hand
  go run ./cmd/soar watch examples/playbooks/contain-compromised-user.yaml
`

// close takes down what was set up, in the opposite order.
func (s *stage) close() error {
	var errs []error
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.org != nil {
		errs = append(errs, s.org.close())
	}
	return errors.Join(errs...)
}

func (a *account) contained() bool {
	return a.Status == "SUSPENDED" && len(a.Sessions) == 0 && a.OAuthTokens == 0 && slices.Contains(a.groups(), demoQuarantine)
}
