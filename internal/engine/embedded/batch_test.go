package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
)

// batch contains users one by one.
func (d *desk) batch(ctx context.Context, o BatchOptions, users ...string) (*Batch, error) {
	o.List, o.Items = "users", users
	return d.PerformBatch(ctx, d.session, d.m.Action("contain_first"), []byte(`{"users":["replaced"],"reason":"test"}`), d.caller, o)
}

// outcomes returns "item outcome" of each item, with a star if an earlier command has verified it.
func outcomes(b *Batch) (all []string) {
	for _, i := range b.Items {
		all = append(all, i.Item+" "+i.Outcome+map[bool]string{true: "*"}[i.Skipped])
	}
	return all
}

// TestBatch checks which items the same command tries again, and when it starts a new batch.
func TestBatch(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	dir.set("bob", contained2)
	var first, last *Batch
	for _, step := range []struct {
		name      string
		before    func() error
		restart   bool
		users     string
		want      string
		outcome   string
		continues *(*Batch) // the batch that is continued; nil: a new one
	}{
		{name: "first", users: "ann bob nobody", want: "ann changed, bob unchanged, nobody failed", outcome: "partial"},
		{name: "again", users: "ann bob nobody", want: "ann changed*, bob unchanged*, nobody failed", outcome: "partial", continues: &first},
		{name: "other order", users: "nobody bob ann", want: "nobody failed, bob unchanged*, ann changed*", outcome: "partial", continues: &first},
		{name: "after a restore", before: func() error {
			_, err := d.restore(t.Context(), "ann", UndoOptions{})
			return err
		}, users: "ann bob nobody", want: "ann changed, bob unchanged*, nobody failed", outcome: "partial", continues: &first},
		{name: "other users", users: "ann bob", want: "ann unchanged, bob unchanged", outcome: "unchanged"},
		{name: "finished", users: "ann bob", want: "ann unchanged, bob unchanged", outcome: "unchanged"},
		{name: "restart", restart: true, users: "ann bob nobody", want: "ann unchanged, bob unchanged, nobody failed", outcome: "partial"},
		{name: "after the restart", users: "ann bob nobody", want: "ann unchanged*, bob unchanged*, nobody failed", outcome: "partial", continues: &last},
		{name: "no item is as requested", users: "nobody", want: "nobody failed", outcome: OutcomeFailed},
	} {
		if step.before != nil {
			if err := step.before(); err != nil {
				t.Fatal(err)
			}
		}
		notices := 0
		b, err := d.batch(t.Context(), BatchOptions{Restart: step.restart, Observe: func(*Batch, int, time.Duration) { notices++ }}, strings.Fields(step.users)...)
		if err != nil {
			t.Fatal(err)
		}
		skipped := strings.Count(step.want, "*")
		if got := strings.Join(outcomes(b), ", "); got != step.want || b.Outcome != step.outcome || b.Verified+b.Open != len(b.Items) ||
			notices != 1+len(b.Items)-skipped {
			t.Errorf("%s: got %s, %s, %d notices", step.name, got, b.Outcome, notices)
		}
		if b.Continued != (step.continues != nil) || b.Continued && b.ID != (*step.continues).ID {
			t.Errorf("%s: continued %t: %s", step.name, b.Continued, b.ID)
		}
		first, last = cmp.Or(first, b), b
	}
	for _, i := range first.Items {
		op, err := d.Operations(t.Context(), OperationQuery{Subject: i.Item})
		if err != nil || i.Item == "ann" && (op[len(op)-1].Batch != first.ID || op[len(op)-1].Item != "ann") {
			t.Errorf("%s: got %+v, %v", i.Item, op, err)
		}
	}
}

// TestBatchDryRun checks that a batch of dry runs is not recorded.
func TestBatchDryRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t, newDirectory(t), storePath(t))
	b, err := d.PerformBatch(t.Context(), d.session, d.m.Action("contain_first"), []byte(`{"dry_run":true}`), d.caller,
		BatchOptions{List: "users", Items: []string{"ann", "bob"}})
	if err != nil || b.ID != "" || b.Outcome != "planned" || b.Verified != 2 {
		t.Errorf("got %+v, %v", b, err)
	}
}

// TestBatchStops stops a batch while the call for one of its items is under way. Nothing is
// written after that, and the same command completes the batch.
func TestBatchStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stop func(other *desk, cancel context.CancelFunc) error
		is   error
	}{
		"by a pause": {func(other *desk, _ context.CancelFunc) error {
			_, err := other.PauseWrites(context.Background(), "wrong list")
			return err
		}, ErrPaused},
		"by the caller": {func(_ *desk, cancel context.CancelFunc) error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, path := newDirectory(t), storePath(t)
			d, other := newDesk(t, dir, path), newDesk(t, dir, path)
			inside := make(chan struct{})
			dir.setHook(func(r *http.Request) func() {
				if r.Method == http.MethodPatch && r.URL.Path == "/user-3" {
					close(inside)
				} else if r.Method != http.MethodPatch || len(r.URL.Path) == len("/user-3") {
					return nil
				}
				<-r.Context().Done() // until the call is canceled
				return nil
			})
			var users []string
			for i := range 40 {
				users = append(users, fmt.Sprint("user-", i))
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			enough := make(chan struct{})
			type result struct {
				*Batch
				error
			}
			ended := make(chan result, 1)
			go func() {
				done := 0
				b, err := d.batch(ctx, BatchOptions{Observe: func(_ *Batch, item int, _ time.Duration) {
					if done++; done == 10 { // the notice at the start, and nine items
						close(enough)
					}
				}}, users...)
				ended <- result{b, err}
			}()
			<-inside
			if _, err := other.batch(t.Context(), BatchOptions{}, users...); codeOf(err) != sdk.Conflict || !strings.Contains(err.Error(), "another process") {
				t.Errorf("the same command at the same time: %v", err)
			}
			<-enough
			if err := c.stop(other, cancel); err != nil {
				t.Fatal(err)
			}
			b := <-ended
			sent := len(dir.written())
			if !errors.Is(b.error, c.is) || b.Verified != 9 || b.Items[3].Outcome != OutcomeInterrupted ||
				b.Items[39].Outcome != OutcomeUntried || b.Outcome != "partial" {
				t.Errorf("got %v, %v, %s", b.error, outcomes(b.Batch), b.Outcome)
			}
			dir.setHook(nil)
			if _, err := other.ResumeWrites(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(dir.written()); got != sent {
				t.Errorf("%d writes after the batch had stopped", got-sent)
			}
			again, err := other.batch(t.Context(), BatchOptions{}, users...)
			skipped := 0
			for i, item := range again.Items {
				if item.Skipped != b.Items[i].Verified {
					t.Errorf("%s: skipped %t, was %s", item.Item, item.Skipped, b.Items[i].Outcome)
				}
				if item.Skipped {
					skipped++
				}
			}
			if err != nil || again.ID != b.ID || again.Open != 0 || skipped != b.Verified || len(dir.written()) < 80 {
				t.Errorf("got %+v, %v", again, err)
			}
		})
	}
}

// TestUndoBatch undoes all operations of a batch, and no others.
func TestUndoBatch(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	dir.set("bob", suspendedOnly)
	dir.set("eve", contained2)
	if _, err := d.do(t.Context(), "contain", "zoe"); err != nil {
		t.Fatal(err)
	}
	b, err := d.batch(t.Context(), BatchOptions{}, "ann", "bob", "nobody", "eve")
	if err != nil {
		t.Fatal(err)
	}
	d.caller.Org = "https://other.example.com"
	if _, err := d.undoLast(t.Context(), b.ID, UndoOptions{}); codeOf(err) != sdk.InvalidInput {
		t.Errorf("other org: %v", err)
	}
	d.caller.Org = dir.URL
	for id, code := range map[string]sdk.Code{"batch-": sdk.InvalidInput, "batch-fff": sdk.InvalidInput, "batch-gggg": sdk.NotFound, "batch-''''": sdk.NotFound} {
		if _, err := d.undoLast(t.Context(), id, UndoOptions{}); codeOf(err) != code {
			t.Errorf("%s: %v", id, err)
		}
	}
	dry, err := d.undoLast(t.Context(), b.ID, UndoOptions{DryRun: true})
	if err != nil || len(dry.Steps) != 2 || dir.get("ann") != contained2 {
		t.Errorf("dry run: got %+v, %v", dry, err)
	}
	if again, err := d.batch(t.Context(), BatchOptions{}, "ann", "bob", "nobody", "eve"); err != nil || again.ID != b.ID || again.Verified != 3 {
		t.Errorf("after the dry run: got %+v, %v", again, err)
	}
	r, err := d.undoLast(t.Context(), strings.ToUpper(b.ID[:12]), UndoOptions{})
	if err != nil || r.Operation != b.ID || len(r.Steps) != 2 || !slices.Equal([]account{dir.get("ann"), dir.get("bob"), dir.get("eve"), dir.get("zoe")},
		[]account{{}, suspendedOnly, contained2, contained2}) {
		t.Errorf("got %+v, %v, %+v", r, err, dir.accounts)
	}
	if twice, err := d.undoLast(t.Context(), b.ID, UndoOptions{}); err != nil || twice.UndoneBy == "" || len(twice.Steps) != 0 {
		t.Errorf("twice: got %+v, %v", twice, err)
	}
	if next, err := d.batch(t.Context(), BatchOptions{}, "ann", "bob", "nobody", "eve"); err != nil || next.Continued || next.Items[0].Outcome != "changed" {
		t.Errorf("the same command after the undo: got %+v, %v", next, err)
	}
	none, err := d.batch(t.Context(), BatchOptions{}, "nobody")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.undoLast(t.Context(), none.ID, UndoOptions{}); codeOf(err) != sdk.InvalidInput || !strings.Contains(err.Error(), "changed nothing") {
		t.Errorf("a batch without a change: %v", err)
	}
	dir.set("ann", account{Note: "by hand"})
	r, err = d.undoLast(t.Context(), b.ID, UndoOptions{})
	if err != nil || r.UndoneBy == "" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestRateGate checks that all calls of a batch wait for as long as a rate limit says.
func TestRateGate(t *testing.T) {
	t.Parallel()
	limited := func(after time.Duration) error { return &sdk.Error{Code: sdk.RateLimited, RetryAfter: after} }
	for name, c := range map[string]struct {
		errs  []error
		want  time.Duration
		waits int
		fails error
	}{
		"no limit":            {[]error{nil}, 0, 0, nil},
		"one limit":           {[]error{limited(40 * time.Second), nil}, 40 * time.Second, 1, nil},
		"limits in a row":     {[]error{limited(time.Minute), limited(2 * time.Second), nil}, 62 * time.Second, 2, nil},
		"limit without time":  {[]error{limited(0), nil}, time.Second, 1, nil},
		"limit, then failure": {[]error{limited(time.Minute), errEmpty}, time.Minute, 1, errEmpty},
		"failure":             {[]error{errEmpty}, 0, 0, errEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waits, calls, begun := 0, 0, time.Now()
				g := &rateGate{notify: func(time.Duration) { waits++ }}
				err := g.do(t.Context(), func() error { calls++; return c.errs[calls-1] })
				if !errors.Is(err, c.fails) || time.Since(begun) != c.want || waits != c.waits || calls != len(c.errs) {
					t.Errorf("got %v after %s, %d waits, %d calls", err, time.Since(begun), waits, calls)
				}
				begun = time.Now()
				_ = g.do(t.Context(), func() error { return nil })
				if time.Since(begun) != 0 {
					t.Errorf("a later call waited %s", time.Since(begun))
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		calls, begun := 0, time.Now()
		err := (&rateGate{}).do(ctx, func() error { calls++; return limited(time.Hour) })
		if !errors.Is(err, context.DeadlineExceeded) || calls != 1 || time.Since(begun) != 5*time.Second {
			t.Errorf("got %v after %s and %d calls", err, time.Since(begun), calls)
		}
	})
}
