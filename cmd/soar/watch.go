package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/runner"
	"soar.example/okta/sdk"
)

func (a *app) watchCommand() *cobra.Command {
	var every time.Duration
	var workers int
	c := &cobra.Command{
		Use: "watch PLAYBOOK...", Short: "Watch the org and start playbooks on matching events, until stopped",
		Long: `Watch the org and start playbooks on matching events, until SIGTERM or Ctrl-C.

What was seen and done is kept in the store (--store). Stopped or killed at any instant and started
again, it goes on where it was: no event is lost, none starts a playbook twice.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s needs at least one playbook file", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if every != 0 && every < time.Second {
				return usageError{fmt.Errorf("--every %s is under 1s: that would spend Okta's rate limit on polling", every)}
			}
			if workers < 1 || workers > 100 {
				return usageError{fmt.Errorf("--workers %d is not between 1 and 100", workers)}
			}
			return a.watch(c.Context(), args, every, workers)
		},
	}
	c.Flags().DurationVar(&every, "every", 0, "how long to wait between polls (default: the trigger's own, 10s)")
	c.Flags().IntVar(&workers, "workers", 4, "how many runs are worked on at once")
	return c
}

func (a *app) watch(ctx context.Context, files []string, every time.Duration, workers int) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	m, err := a.manifest(ctx)
	if err != nil {
		return err
	}
	books, err := loadPlaybooks(files, m)
	if err != nil {
		return err
	}
	store, err := runner.OpenStore(ctx, a.storePath())
	if err != nil {
		return err
	}
	defer store.Close()
	conn, err := a.open(ctx, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	show := &live{app: a, started: time.Now()}
	engine, err := runner.New(store, runner.Options{
		Org: health.Target, Manifest: conn.manifest, Session: conn, Workers: workers, Logger: a.logger, Observe: show.notice,
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	show.watching(health, books, a.storePath())
	w := &watcher{
		org: health.Target, session: conn, manifest: conn.manifest, engine: engine, store: store, books: books,
		every: every, logger: a.logger, accepted: show.accepted, polled: show.polled,
	}
	err = w.run(ctx)
	show.stopped()
	return err
}

func loadPlaybooks(files []string, m *sdk.Manifest) ([]*playbook.Playbook, error) {
	var books []*playbook.Playbook
	var problems playbook.Problems
	named := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, sdk.Invalid("cannot read the playbook: " + err.Error())
		}
		b, found := loadPlaybook(file, source, m)
		problems = append(problems, found...)
		if b == nil {
			continue
		}
		if other, double := named[b.Name]; double {
			problems = append(problems, playbook.Problem{File: file, Line: 1, Column: 1, Message: fmt.Sprintf("the playbook %s stands in %s already: runs are known by its name", b.Name, other)})
		}
		named[b.Name] = file
		books = append(books, b)
	}
	if len(problems) > 0 {
		return nil, refuse(problems)
	}
	return books, nil
}

// refuse makes one error of everything that is wrong in playbook files.
func refuse(problems playbook.Problems) error {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return sdk.Invalid("nothing was started; the playbook has " + count(len(problems), "problem") + "\n" + strings.Join(lines, "\n"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
