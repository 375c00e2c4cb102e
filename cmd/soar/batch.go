package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

// callBatch runs the action once for each item of a list, and shows the results.
func (a *app) callBatch(ctx context.Context, info *sdk.ActionInfo, input json.RawMessage, o embedded.BatchOptions) error {
	return a.connectWithStore(ctx, func(store *embedded.Store, conn *connection) error {
		at := a.caller(conn)
		if info.Effect != sdk.Reads {
			var err error
			if at.Org, err = store.Target(ctx, conn.Check, conn.values); err != nil {
				return err
			}
		}
		bar := &batchBar{app: a, line: a.err.NewStatusLine(a.out), started: time.Now(), shown: time.Now()}
		o.Observe = bar.show
		b, stopped := store.PerformBatch(ctx, conn, info, input, at, o)
		bar.end()
		a.noteShadow(at, info)
		if len(b.Items) == 0 || stopped != nil && b.Outcome == "" {
			return stopped // no item was tried
		}
		var err error
		if a.output == "csv" {
			err = a.csv(withoutOutputs(b.Items))
		} else {
			err = a.show(b, func() { a.showBatch(info, b) })
		}
		if err != nil {
			return err
		}
		switch again := "the same command continues " + b.ID + " and skips the items that are verified"; {
		case stopped != nil && b.ID != "" && b.Open > 0:
			return stoppedBatch(stopped, fmt.Sprintf("%s stopped after %d of %d items: ", info.Name, b.Verified, len(b.Items)), again)
		case stopped != nil:
			return stopped
		case b.Open > 0:
			return failedError{exitFailed}
		}
		return nil
	})
}

// withoutOutputs returns the items without their outputs, which can hold secrets.
func withoutOutputs(items []embedded.BatchItem) []embedded.BatchItem {
	items = slices.Clone(items)
	for i := range items {
		items[i].Output = nil
	}
	return items
}

// stoppedBatch is the error of a batch that stopped before its end.
func stoppedBatch(err error, what, again string) error {
	e := *sdk.AsError(err)
	e.Err = err
	link := ". To go on, "
	if errors.Is(err, embedded.ErrPaused) {
		link = ". After that, "
	}
	e.Message = what + strings.TrimSuffix(e.Message, ".") + link + again
	return &e
}

// showBatch shows a line for each item, the total, and the next step of each open item.
func (a *app) showBatch(info *sdk.ActionInfo, b *embedded.Batch) {
	table(a, "", b.Items, []string{"ITEM", "OUTCOME", "OPERATION", "REMARK"}, func(i embedded.BatchItem) []string {
		remark := i.Reason
		if i.Skipped {
			remark = "skipped: verified by an earlier command"
		} else if i.Error != nil {
			remark = message(i.Error)
		}
		return []string{i.Item, strings.ReplaceAll(i.Outcome, "_", " "), i.Operation, truncate(remark, 200)}
	})
	total := batchTotal(b)
	if b.Open == 0 {
		total = a.out.Green("✓ ") + total
	} else {
		total = a.out.Red("✗ ") + total
	}
	fmt.Fprintf(a.out, "\n%s%s\n", total, a.out.Faint(strings.TrimSuffix("  "+info.Name+"  "+b.ID, "  ")))
	var next [][]string
	for _, i := range b.Items {
		if !i.Verified {
			next = append(next, []string{i.Item, nextStep(&i)})
		}
	}
	if len(next) > 0 {
		fmt.Fprintln(a.out, a.out.Bold("Next steps"))
		a.facts(next...)
	}
	recorded := func(i embedded.BatchItem) bool { return i.Operation != "" }
	if info.Undo != "" && slices.ContainsFunc(b.Items, recorded) {
		fmt.Fprintf(a.out, "undo: soar undo %s\n", b.ID)
	}
}

// batchTotal returns the numbers of verified and of open items, such as "5 of 8
// contained, 3 open".
func batchTotal(b *embedded.Batch) string {
	contained, unknown, unchanged := 0, 0, 0
	for _, i := range b.Items {
		switch {
		case !i.Verified:
		case i.Contained == nil:
			unknown++
		case *i.Contained:
			contained++
		}
		if i.Verified && i.Outcome == string(sdk.Unchanged) {
			unchanged++
		}
	}
	var parts []string
	switch {
	case b.ID == "":
		verb := "read"
		if slices.ContainsFunc(b.Items, func(i embedded.BatchItem) bool { return i.Outcome == string(sdk.Planned) }) {
			verb = "planned"
		}
		parts = append(parts, fmt.Sprintf("%d of %d %s", b.Verified, len(b.Items), verb))
	case contained > 0 && unknown == 0 && contained == b.Verified:
		parts = append(parts, fmt.Sprintf("%d of %d contained", contained, len(b.Items)))
	default:
		parts = append(parts, fmt.Sprintf("%d of %d changed", b.Verified-unchanged, len(b.Items)))
		if unchanged > 0 {
			parts = append(parts, fmt.Sprintf("%d unchanged", unchanged))
		}
	}
	if b.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d open", b.Open))
	}
	return strings.Join(parts, ", ")
}

// nextStep says what to do about an open item: the output's own next steps, if it has any.
func nextStep(i *embedded.BatchItem) string {
	if steps := nextIn(i.Output); len(steps) > 0 {
		return strings.Join(steps, "; ")
	}
	again := "run the same command again"
	code := sdk.Code("")
	if i.Error != nil {
		code = i.Error.Code
	}
	switch {
	case i.Outcome == embedded.OutcomeUntried, i.Outcome == embedded.OutcomeInterrupted:
		return again
	case i.Outcome == string(sdk.NotApplicable), i.Outcome == string(sdk.Partial):
		return "remove the cause in the remark, then " + again
	case code == sdk.NotFound, code == sdk.InvalidInput:
		return "correct the name in the list"
	case code == sdk.Unauthenticated, code == sdk.Forbidden:
		return "run soar check, which shows the missing permission, then " + again
	case code == sdk.Conflict:
		return "look at the state of the object, then " + again
	}
	return again
}

// nextIn returns the members "next" of an output and of the objects in its lists.
func nextIn(output json.RawMessage) (steps []string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(output, &members) != nil {
		return nil
	}
	_ = json.Unmarshal(members["next"], &steps) // a member of another type has no steps
	for _, raw := range members {
		var objects []struct {
			Next []string `json:"next"`
		}
		if json.Unmarshal(raw, &objects) != nil {
			continue
		}
		for _, o := range objects {
			steps = append(steps, o.Next...)
		}
	}
	return steps
}

// A batchBar shows the progress of a batch: as a bar on a terminal, and as a line now and
// then elsewhere.
type batchBar struct {
	*app
	line           *terminal.StatusLine // nil: not a terminal
	started, shown time.Time
	done           int // items of this command
}

// barEvery is the time between two lines of progress.
const barEvery = 10 * time.Second

func (p *batchBar) show(b *embedded.Batch, item int, wait time.Duration) {
	skipped := 0
	for _, i := range b.Items {
		if i.Skipped {
			skipped++
		}
	}
	if item >= 0 {
		p.done++
	} else if wait > 0 {
		p.note("the rate limit is reached: all calls wait " + wait.Round(time.Second).String())
	} else if b.Continued {
		p.note(fmt.Sprintf("this continues %s of %s: %s verified and skipped, %d to do; --restart starts a new batch",
			b.ID, when(b.Created), count(skipped, "item"), len(b.Items)-skipped))
	}
	over, all := skipped+p.done, len(b.Items)
	text := fmt.Sprintf("%d of %d", over, all)
	if failed := over - b.Verified; failed > 0 {
		text += fmt.Sprintf(", %d open", failed)
	}
	if left := all - over; p.done > 0 && left > 0 {
		text += ", about " + cmp.Or((time.Since(p.started)/time.Duration(p.done)*time.Duration(left)).Round(time.Second), time.Second).String() + " left"
	}
	switch {
	case p.line != nil:
		const width = 30
		full := width * over / max(all, 1)
		p.line.Set("[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "] " + text)
	case time.Since(p.shown) >= barEvery:
		p.shown = time.Now()
		p.warn(map[string]any{"kind": "progress", "done": over, "items": all, "verified": b.Verified}, "%s", text)
	}
}

func (p *batchBar) end() {
	if p.line != nil {
		p.line.Set("")
	}
}
