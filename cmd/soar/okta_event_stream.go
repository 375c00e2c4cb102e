package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/input"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/internal/watch"
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
		Use: "tail [--type TYPE]...", Args: none, Short: "Print new events until stopped",
		Long: `Print the org's new events, one on each line, until SIGTERM or Ctrl-C. With --json, each line is the whole
event. The command stores nothing and starts no playbook. Errors of polls go to standard error.`,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case lookBack < 0:
				return usagef("--look-back %s is in the future", lookBack)
			case limit < 0:
				return usagef("--limit %d is negative", limit)
			}
			if err := checkEvery(every); err != nil {
				return err
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
	c.Flags().StringArrayVar(&types, "type", []string{"*"}, "only this event type or family, such as user.session.*; can be repeated")
	c.Flags().StringVar(&filter, "filter", "", "only events that match this expression of Okta's filter language")
	c.Flags().StringVar(&format, "format", "", "shape of the events: okta (the default), ecs or emm")
	c.Flags().DurationVar(&lookBack, "look-back", 0, "start this long ago (at most 2160h, 90 days)")
	c.Flags().IntVar(&pageSize, "page-size", 0, "page size of requests (default 1000)")
	c.Flags().DurationVar(&every, "every", 0, "wait between polls (default: that of the trigger, 10s)")
	c.Flags().IntVar(&limit, "limit", 0, "end after this many events (0: never)")
	return c
}

func (a *app) tail(ctx context.Context, asked map[string]any, every time.Duration, limit int) error {
	params, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// The goroutines pass each page on and never work at the same time.
		runtime.GOMAXPROCS(1)
	}
	conn, err := a.connect(ctx, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := newTail(a, limit)
	name := triggers.SystemLog.Name
	source := host.Source{Session: conn, Trigger: name, Params: params, Every: watch.Interval(conn.manifest, name, every)}
	err = host.Watch(ctx, source, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			if more, err := t.page(page); err != nil || !more {
				stop(err) // a later attempt to write would fail too
			}
			return nil
		},
		Observe: func(s host.Status) { a.pollStatus(a.err, s, a.warn) },
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
	known  watch.RecentIDs
	failed error // of the writer
}

func newTail(a *app, limit int) *tail {
	var out io.Writer = a.out
	if a.json {
		out = a.out.JSONWriter()
	}
	return &tail{app: a, out: bufio.NewWriterSize(out, 1<<16), limit: limit}
}

// page prints the events that were not printed before. After a checkpoint reset, events are read again.
func (t *tail) page(page sdk.RawPage) (more bool, err error) {
	for _, e := range page.Events {
		if !t.known.Add(e.ID) {
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
		fmt.Fprintf(t.out, "%s  %s  %s\n",
			t.app.out.Faint(e.Time.UTC().Format("2006-01-02 15:04:05.000Z")), terminal.OneLine(e.Type), describeEvent(e.Data).text())
		return
	}
	data := []byte(e.Data)
	if bytes.ContainsAny(data, "\n\r") {
		var b bytes.Buffer
		if err := json.Compact(&b, data); err == nil {
			data = b.Bytes()
		} else { // not JSON
			data, _ = json.Marshal(string(data))
		}
	}
	_, _ = t.out.Write(data)
	_ = t.out.WriteByte('\n')
}

// sekoiaProfiles are the profiles by the value of --sekoia.
var sekoiaProfiles = map[string]ecs.Profile{"current": ecs.Sekoia, "2023-07": ecs.Sekoia202307}

func (a *app) normalizeCommand() *cobra.Command {
	var to string
	var original bool
	var sekoia string
	c := &cobra.Command{
		Use: "normalize FILE|- --to ecs|emm [--original] [--sekoia[=2023-07]]", Args: exactly(1, "a file of events, or - for standard input"),
		Short: "Turn events into ECS documents or rows of the Event Maturity Matrix",
		Long: `Turn a stream of System Log events, as Okta sent them, into documents of the Elastic Common Schema (ecs)
or rows of the SaaS Event Maturity Matrix (emm), one a line, in the same order.

The input can be JSON lines, pretty-printed or concatenated JSON, JSON arrays, or a mix of them, also compressed
with gzip. Events are read from the envelopes of Okta's event hooks (data.events), EventBridge (detail), Splunk's HTTP
event collector (event), Filebeat (message, event.original) and get_logs (events). Every input that is not an event is
reported on standard error with its line. The other events are still written, and the exit status is 1.

An ECS document has a field for every value of the event. user is the actor, and user.target the user acted on.

With --sekoia a document equals the one that Sekoia.io's intake for Okta makes of the event, field for field. It has fewer
fields, and its own categories for some event types. --sekoia=2023-07 is the intake of July 2023, where the target user
replaces the actor in user.`,
		RunE: func(c *cobra.Command, args []string) error {
			f := shape.Format(to)
			profile, known := sekoiaProfiles[sekoia]
			switch {
			case f != shape.ECS && f != shape.EMM:
				return usagef("--to must be ecs or emm, not %q", to)
			case original && f != shape.ECS:
				return usagef("--original goes with --to ecs: the matrix has no place for the event as Okta sent it")
			case sekoia != "" && f != shape.ECS:
				return usagef("--sekoia goes with --to ecs")
			case sekoia != "" && !known:
				return usagef("--sekoia=%s is not a version of the intake: use --sekoia for the current one or --sekoia=2023-07", terminal.OneLine(sekoia))
			}
			return a.eachEvent(c, args[0], func(dst, raw []byte) ([]byte, error) {
				if known {
					return ecs.AppendRaw(dst, raw, ecs.Options{Profile: profile, Original: original})
				}
				return shape.Append(dst, raw, f, original)
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "ecs or emm")
	c.Flags().BoolVar(&original, "original", false, "keep the event as Okta sent it, in event.original (ecs only)")
	c.Flags().StringVar(&sekoia, "sekoia", "", "only the fields of Sekoia.io's intake: the current one, or 2023-07 (ecs only)")
	c.Flags().Lookup("sekoia").NoOptDefVal = "current"
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{string(shape.ECS), string(shape.EMM)}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// eachEvent calls append with each event of a file, or of standard input for -, and writes its results,
// each on a line of its own.
func (a *app) eachEvent(c *cobra.Command, file string, append func(dst, raw []byte) ([]byte, error)) error {
	in, err := openInput(c.InOrStdin(), file)
	if err != nil {
		return sdk.Invalid("cannot read the events: " + err.Error())
	}
	defer in.Close()
	n := &normalizer{app: a, append: append, out: bufio.NewWriterSize(a.out.JSONWriter(), 1<<16)}
	return n.run(c.Context(), in)
}

// A normalizer writes a stream of events in another shape.
type normalizer struct {
	*app
	append    func(dst, raw []byte) ([]byte, error)
	out       *bufio.Writer
	document  []byte // reused for each
	done, bad int
}

func (n *normalizer) run(ctx context.Context, in io.Reader) error {
	batches, ended := make(chan []input.Item), make(chan error, 1)
	// Nothing interrupts a read from a terminal or a pipe. If the command is interrupted, the process
	// ends without waiting for the reader.
	go func() {
		ended <- input.Read(ctx, in, func(batch []input.Item) bool {
			select {
			case batches <- batch:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case batch := <-batches:
			if err := n.write(ctx, batch); err != nil {
				return fmt.Errorf("write the events: %w", err)
			}
		case err := <-ended:
			switch {
			case ctx.Err() != nil:
			case err != nil:
				return sdk.Invalid("cannot read the events: " + err.Error())
			case n.bad > 0:
				n.summary("")
				return failedError{exitFailed}
			default:
				return nil
			}
		}
	}
	n.summary("interrupted: ")
	return failedError{exitInterrupted}
}

// write writes a batch. Whole documents leave the program, never a part of one.
func (n *normalizer) write(ctx context.Context, batch []input.Item) error {
	for _, e := range batch {
		if ctx.Err() != nil {
			break
		}
		if e.Err == nil {
			n.document, e.Err = n.append(n.document[:0], e.Raw)
		}
		if e.Err != nil {
			n.bad++
			n.warn(map[string]any{"kind": "bad_event", "line": e.Line, "message": e.Err.Error()},
				"%s %s", n.err.Red(fmt.Sprintf("line %d:", e.Line)), terminal.OneLine(e.Err.Error()))
			continue
		}
		n.document = append(n.document, '\n')
		if _, err := n.out.Write(n.document); err != nil {
			return err
		}
		n.done++
	}
	return n.out.Flush()
}

func (n *normalizer) summary(why string) {
	n.warn(map[string]any{"kind": "normalized", "events": n.done, "bad": n.bad}, "%s%s written, %d bad", why, count(n.done, "event"), n.bad)
}

func (a *app) readValueCommand() *cobra.Command {
	return &cobra.Command{
		Use: "get PATH FILE|-", Args: exactly(2, "a path, and a file of events, or - for standard input"),
		Short: "Print one value of each event",
		Long: `Print one value of each System Log event as JSON, one on each line, in the same order. The value is null if
the event does not have it. The input has the same forms as for soar events normalize.

The path may be Okta's (client.ipAddress, target[0].id), the code or key of an attribute of the Event Maturity
Matrix (A0005, username), or a path as the matrix's page prints it, such as event_type or target.alternativeId.
Okta often writes such a path in another way. A hint on standard error then shows Okta's path.`,
		Example: `  soar events get target.alternativeId events.jsonl`,
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "" {
				return usagef("the path is empty")
			}
			var said []string // the hints so far, since each is printed once
			return a.eachEvent(c, args[1], func(dst, raw []byte) ([]byte, error) {
				value, hint := emm.Resolve(raw, args[0])
				if value == nil {
					value = []byte("null")
				}
				if hint != "" && len(said) < mostHints && !slices.Contains(said, hint) {
					said = append(said, hint)
					a.warn(map[string]any{"kind": "hint", "message": hint}, "%s", a.err.Faint("hint: "+terminal.OneLine(hint)))
				}
				line := bytes.NewBuffer(dst)
				err := json.Compact(line, value)
				return line.Bytes(), err
			})
		},
	}
}

// mostHints is the maximum number of hints. Hints differ between events with different members.
const mostHints = 20
