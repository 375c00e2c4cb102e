package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
	"soar.example/okta/triggers"
)

func (a *app) tailCommand() *cobra.Command {
	var every, lookBack time.Duration
	var limit, pageSize int
	var types []string
	var filter, format string
	c := &cobra.Command{
		Use: "tail [--type TYPE]...", Args: none, Short: "Print events as they come, until stopped",
		Long: `Print the org's events as they come, until SIGTERM or Ctrl-C: a line each, or with --json the event itself,
one on each line. Nothing is stored and no playbook is started; what is wrong with a poll is said on standard error.`,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case every != 0 && every < time.Second:
				return usageError{fmt.Errorf("--every %s is under 1s: that would spend Okta's rate limit on polling", every)}
			case lookBack < 0:
				return usageError{fmt.Errorf("--look-back %s lies in the future", lookBack)}
			case limit < 0:
				return usageError{fmt.Errorf("--limit %d is negative", limit)}
			}
			params := map[string]any{"event_types": types, "look_back": sdk.Duration(lookBack), "own_events": true}
			for name, value := range map[string]any{"filter": filter, "format": format, "page_size": pageSize} {
				if c.Flags().Changed(strings.ReplaceAll(name, "_", "-")) {
					params[name] = value
				}
			}
			return a.tail(c.Context(), params, every, limit)
		},
	}
	c.Flags().StringArrayVar(&types, "type", []string{"*"}, "only this event type or family, such as user.session.*; may be given again")
	c.Flags().StringVar(&filter, "filter", "", "only events that fulfil this expression of Okta's filter language")
	c.Flags().StringVar(&format, "format", "", "shape of the events: okta (the default), ecs or emm")
	c.Flags().DurationVar(&lookBack, "look-back", 0, "begin so far back (at most 2160h, 90 days)")
	c.Flags().IntVar(&pageSize, "page-size", 0, "the most events that one request reads (default 1000)")
	c.Flags().DurationVar(&every, "every", 0, "how long to wait between polls (default: the trigger's own, 10s)")
	c.Flags().IntVar(&limit, "limit", 0, "end after so many events (0: never)")
	return c
}

func (a *app) tail(ctx context.Context, asked map[string]any, every time.Duration, limit int) error {
	params, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// A page goes from hand to hand: a second processor would only be woken for it.
		runtime.GOMAXPROCS(1)
	}
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if info := conn.manifest.Trigger(triggers.SystemLog.Name); every == 0 && info != nil {
		every = info.Every.Std()
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := newTail(a, limit)
	err = host.Watch(ctx, host.Source{Session: conn, Trigger: triggers.SystemLog.Name, Params: params, Every: cmp.Or(every, 10*time.Second)}, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			if more, err := t.page(page); err != nil || !more {
				stop(err) // a line that cannot be written now never will be
			}
			return nil
		},
		Observe: a.pollTrouble,
		Logger:  a.logger,
	})
	if err == nil && t.failed != nil {
		err = fmt.Errorf("write the events: %w", t.failed)
	}
	return err
}

// A tail prints pages of events.
type tail struct {
	*app
	out    *bufio.Writer
	limit  int // 0: none
	shown  int
	known  recent
	failed error // of the writer
}

func newTail(a *app, limit int) *tail {
	var out io.Writer = a.out
	if a.json {
		out = a.out.asJSON()
	}
	return &tail{app: a, out: bufio.NewWriterSize(out, 1<<16), limit: limit}
}

// page prints the events that were not printed before. Those read again, after the
// place in the log was lost, are known.
func (t *tail) page(page sdk.RawPage) (more bool, err error) {
	for _, e := range page.Events {
		if !t.known.add(e.ID) {
			continue
		}
		if t.event(e); t.limit > 0 && t.shown == t.limit {
			break
		}
	}
	t.failed = t.out.Flush()
	return t.limit == 0 || t.shown < t.limit, t.failed
}

// event writes one line. Its errors stay with the buffer, whose Flush returns them.
func (t *tail) event(e sdk.RawEvent) {
	t.shown++
	if !t.json {
		var v any
		_ = json.Unmarshal(e.Data, &v) // what cannot be read shows as blanks
		fmt.Fprintf(t.out, "%s  %s  %s\n", t.app.out.faint(e.Time.UTC().Format("2006-01-02 15:04:05.000Z")), oneLine(e.Type), eventFacts(v))
		return
	}
	data := []byte(e.Data)
	if bytes.IndexByte(data, '\n') >= 0 || bytes.IndexByte(data, '\r') >= 0 {
		var b bytes.Buffer
		if json.Compact(&b, data) != nil {
			// No JSON, but a line all the same.
			quoted, _ := json.Marshal(string(data))
			b.Reset()
			b.Write(quoted)
		}
		data = b.Bytes()
	}
	_, _ = t.out.Write(data)
	_ = t.out.WriteByte('\n')
}

// pollTrouble says on standard error what is wrong with a poll.
func (a *app) pollTrouble(s host.Status) {
	for _, n := range s.Notices {
		if a.json {
			a.err.line(map[string]any{"kind": "notice", "message": n})
			continue
		}
		fmt.Fprintf(a.err, "%s %s\n", a.err.yellow("notice:"), oneLine(n))
	}
	if s.Err == nil || s.Ended {
		return
	}
	e := sdk.AsError(s.Err)
	if a.json {
		a.err.line(map[string]any{"kind": "poll_failed", "error": e.Body(), "wait_ms": s.Wait.Milliseconds()})
		return
	}
	fmt.Fprintf(a.err, "%s %s; trying again in %s\n", a.err.yellow("poll failed:"), oneLine(e.Error()), s.Wait.Round(100*time.Millisecond))
}
