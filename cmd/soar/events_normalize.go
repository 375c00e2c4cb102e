package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/input"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

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

An ECS document has a place for every value of the event. user is the actor, and user.target the user acted on.

With --sekoia a document equals the one that Sekoia.io's intake for Okta makes of the event, field for field. It has fewer
fields, and its own categories for some event types. --sekoia=2023-07 is the intake of July 2023, where the target user
replaces the actor in user.`,
		RunE: func(c *cobra.Command, args []string) error {
			f := shape.Format(to)
			switch {
			case f != shape.ECS && f != shape.EMM:
				return usageError{fmt.Errorf("--to must be ecs or emm, not %q", to)}
			case original && f != shape.ECS:
				return usageError{errors.New("--original goes with --to ecs: the matrix has no place for the event as Okta sent it")}
			case sekoia != "" && f != shape.ECS:
				return usageError{errors.New("--sekoia goes with --to ecs")}
			case sekoia != "":
				profile, ok := sekoiaProfiles[sekoia]
				if !ok {
					return usageError{fmt.Errorf("--sekoia=%s is not a version of the intake: use --sekoia for the current one or --sekoia=2023-07", oneLine(sekoia))}
				}
				o := ecs.Options{Profile: profile, Original: original}
				return a.eachEvent(c, args[0], func(dst, raw []byte) ([]byte, error) { return ecs.AppendRaw(dst, raw, o) })
			}
			return a.eachEvent(c, args[0], func(dst, raw []byte) ([]byte, error) { return shape.Append(dst, raw, f, original) })
		},
	}
	c.Flags().StringVar(&to, "to", "", "ecs or emm")
	c.Flags().BoolVar(&original, "original", false, "keep the event as Okta sent it, in event.original (ecs only)")
	c.Flags().StringVar(&sekoia, "sekoia", "", "only the fields of Sekoia.io's intake: the current one, or 2023-07 (ecs only)")
	c.Flags().Lookup("sekoia").NoOptDefVal = "current"
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{string(shape.ECS), string(shape.EMM)}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// eachEvent writes what append makes of each event of a file, or of standard input for
// -, on a line of its own.
func (a *app) eachEvent(c *cobra.Command, file string, append func(dst, raw []byte) ([]byte, error)) error {
	var in io.Reader = c.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return sdk.Invalid("cannot read the events: " + err.Error())
		}
		defer f.Close()
		in = f
	}
	n := &normalizer{app: a, append: append, out: bufio.NewWriterSize(a.out.asJSON(), 1<<16)}
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
	// Nothing interrupts a read from a terminal or a pipe: the reader is left behind
	// when the command is interrupted, and the process ends.
	go func() {
		ended <- input.Read(ctx, in, func(batch []input.Item) bool {
			select {
			case batches <- batch:
				return true
			case <-ctx.Done():
				return false
			}
		})
		close(batches)
	}()
	for {
		select {
		case <-ctx.Done():
			return n.interrupted()
		case batch, more := <-batches:
			if !more {
				return n.finished(ctx, <-ended)
			}
			if err := n.write(ctx, batch); err != nil {
				return fmt.Errorf("write the events: %w", err)
			}
		}
	}
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
			n.refuse(e)
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

func (n *normalizer) refuse(e input.Item) {
	n.bad++
	if n.json {
		n.err.line(map[string]any{"kind": "bad_event", "line": e.Line, "message": e.Err.Error()})
		return
	}
	fmt.Fprintf(n.err, "%s %s\n", n.err.red(fmt.Sprintf("line %d:", e.Line)), oneLine(e.Err.Error()))
}

func (n *normalizer) finished(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return n.interrupted()
	case err != nil:
		return sdk.Invalid("cannot read the events: " + err.Error())
	case n.bad > 0:
		n.summary("")
		return failedError{exitFailed}
	}
	return nil
}

func (n *normalizer) interrupted() error {
	n.summary("interrupted: ")
	return failedError{exitInterrupted}
}

func (n *normalizer) summary(why string) {
	if n.json {
		n.err.line(map[string]any{"kind": "normalized", "events": n.done, "bad": n.bad})
		return
	}
	fmt.Fprintf(n.err, "%s%s written, %d bad\n", why, count(n.done, "event"), n.bad)
}
