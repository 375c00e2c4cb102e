package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/engine"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

// TestUndos contains one user in many orders. No containment ends early, and no foreign
// change is reverted.
func TestUndos(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, test := range map[string]struct {
		inside   []string
		do       func(c *cell)
		released []string
		undos    []string
	}{
		"an end":    {do: func(c *cell) { c.contain("u", hour) }, released: []string{"u after 1h0m0s"}, undos: []string{"done changed 1h0m0s"}},
		"no end":    {do: func(c *cell) { c.contain("u", 0) }, undos: []string{"standing"}},
		"was there": {inside: []string{"u"}, do: func(c *cell) { c.contain("u", hour) }, undos: []string{"standing 1h0m0s"}},
		"later end second": {do: func(c *cell) { c.contain("u", hour); c.contain("u", 3*hour) },
			released: []string{"u after 3h0m0s"}, undos: []string{"superseded 1h0m0s", "done changed 3h0m0s"}},
		"earlier end second": {do: func(c *cell) { c.contain("u", 3*hour); c.contain("u", hour) },
			released: []string{"u after 3h0m0s"}, undos: []string{"done changed 3h0m0s", "superseded 1h0m0s"}},
		"no end second": {do: func(c *cell) { c.contain("u", hour); c.contain("u", 0) },
			undos: []string{"superseded 1h0m0s", "standing"}},
		"no end first": {do: func(c *cell) { c.contain("u", 0); c.contain("u", hour) },
			undos: []string{"standing", "superseded 1h0m0s"}},
		"released by hand": {do: func(c *cell) { c.contain("u", hour); c.release("u") },
			released: []string{"u after 0s"}, undos: []string{"done changed 1h0m0s"}},
		"released by hand, and contained for good": {do: func(c *cell) { c.contain("u", hour); c.release("u"); c.contain("u", 0) },
			released: []string{"u after 0s"}, undos: []string{"done changed 1h0m0s", "standing"}},
		"released by hand, and contained for less": {do: func(c *cell) { c.contain("u", 3*hour); c.release("u"); c.contain("u", hour) },
			released: []string{"u after 0s", "u after 1h0m0s"}, undos: []string{"done changed 3h0m0s", "done changed 1h0m0s"}},
		"was there, released by hand": {inside: []string{"u"}, do: func(c *cell) { c.contain("u", 3*hour); c.release("u"); c.contain("u", hour) },
			released: []string{"u after 0s", "u after 1h0m0s"}, undos: []string{"superseded 3h0m0s", "done changed 1h0m0s"}},
		"two users": {do: func(c *cell) { c.contain("u", hour); c.contain("v", 2*hour) },
			released: []string{"u after 1h0m0s", "v after 2h0m0s"}, undos: []string{"done changed 1h0m0s", "done changed 2h0m0s"}},
		"again after the end": {do: func(c *cell) {
			c.contain("u", hour)
			time.Sleep(2 * hour)
			c.contain("u", hour)
		}, released: []string{"u after 1h0m0s", "u after 3h0m0s"}, undos: []string{"done changed 1h0m0s", "done changed 3h0m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCell(t, test.inside...)
				c.work()
				test.do(c)
				time.Sleep(5 * time.Hour)
				if err := c.stop(); err != nil {
					t.Error(err)
				}
				if d := cmp.Diff(test.released, c.jail.released); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(test.undos, c.undos()); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestUndosOfCallsAtOnce makes two calls at once. The result of the call that made the change
// may be stored after that of the call that found the change.
func TestUndosOfCallsAtOnce(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]time.Duration{"later": 3 * time.Hour, "for good": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCell(t)
				// When the first call gets its response, the second has ended.
				c.jail.after = func(_, user string) {
					c.jail.after = nil
					c.contain(user, second)
				}
				c.contain("u", time.Hour)
				c.work()
				time.Sleep(2 * time.Hour)
				if got := c.jail.out(); len(got) > 0 {
					t.Errorf("released %v, with %v", got, c.undos())
				}
				time.Sleep(2 * time.Hour)
				if err := c.stop(); err != nil {
					t.Error(err)
				}
				if got := strings.Join(c.jail.released, " "); second > 0 && got != "u after 3h0m0s" || second == 0 && got != "" {
					t.Errorf("released %s, with %v", got, c.undos())
				}
			})
		})
	}
}

// TestCallThatOverlapsItsUndo checks that a call that overlaps an undo of its state fails.
func TestCallThatOverlapsItsUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCell(t)
		c.contain("u", time.Hour)
		release, released := make(chan struct{}), make(chan struct{})
		c.jail.before = func(action, _ string) {
			if action == "release_user" {
				release <- struct{}{}
				<-released
			}
		}
		c.work()
		<-release // it is due, and under way
		m, session := connect(t, c.jail.service(time.Hour))
		input := json.RawMessage(`{"user":"u"}`)
		perform := func() sdk.Code {
			_, err := c.store.Perform(quiet(t), session, m.Action("contain_user"), input, Caller{Org: "org"})
			return codeOf(err)
		}
		if code := perform(); code != sdk.Unavailable {
			t.Errorf("found contained what is about to be released: %q", code)
		}
		close(released)
		c.jail.before = nil
		synctest.Wait()
		if code := perform(); code != "" {
			t.Errorf("afterwards: %s", code)
		}
		if !c.jail.holds("u") {
			t.Error("is not contained")
		}
		time.Sleep(2 * time.Hour)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]string{"u after 1h0m0s", "u after 2h0m0s"}, c.jail.released); d != "" {
			t.Errorf("%s, with %v", d, c.undos())
		}
	})
}

// TestUndosThatFail checks that temporary failures are retried for a day, and that other failures are final.
func TestUndosThatFail(t *testing.T) {
	t.Parallel()
	down := sdk.Errorf(sdk.Unavailable, "the service is down")
	limited := &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: 40 * time.Minute}
	many := make([]error, 200)
	for i := range many {
		many[i] = down
	}
	for name, test := range map[string]struct {
		fail     []error
		released string
		undo     string
		notices  string
	}{
		"short outage": {[]error{down, down}, "1h0m", "done changed", "undo_retry pending, undo_retry pending, undo_finished done"},
		"rate limit":   {[]error{limited}, "1h40m0s", "done changed", "undo_retry pending, undo_finished done"},
		"rejected credentials": {[]error{sdk.Errorf(sdk.Unauthenticated, "the token is not valid")}, "1h0m", "done changed",
			"undo_retry pending, undo_finished done"},
		"forbidden":        {[]error{sdk.Errorf(sdk.Forbidden, "you may not")}, "", "failed forbidden", "undo_finished failed"},
		"permanent outage": {many, "", "failed unavailable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCell(t)
				c.jail.fail = test.fail
				c.contain("u", time.Hour)
				c.work()
				time.Sleep(time.Duration(2+len(test.fail)/8) * time.Hour)
				if err := c.stop(); err != nil {
					t.Error(err)
				}
				if got := strings.Join(c.jail.released, " "); !strings.HasPrefix(got, "u after "+test.released) && test.released != "" || test.released == "" && got != "" {
					t.Errorf("released %s", got)
				}
				if got := c.undos(); len(got) != 1 || got[0] != test.undo+" 1h0m0s" {
					t.Errorf("got %v", got)
				}
				notices := strings.ReplaceAll(strings.Join(c.notices, ", "), "  ", " ")
				if test.notices != "" && notices != test.notices {
					t.Errorf("notices %s", notices)
				}
				if n := len(c.notices); n < 1 || n > engine.UndoRetry.Attempts || !strings.HasSuffix(notices, c.notices[n-1][strings.LastIndex(c.notices[n-1], " "):]) {
					t.Errorf("%d notices", n)
				}
				if undos, err := c.store.Undos(t.Context(), UndoQuery{}); err != nil || len(undos) != 1 || undos[0].Attempts != len(c.notices) {
					t.Errorf("%+v, %v", undos, err)
				}
			})
		})
	}
}

// TestUndoAfterADowntime checks that the next engine executes an undo that was due while no
// engine ran, whether the last engine stopped or was killed.
func TestUndoAfterADowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCell(t)
		c.contain("u", time.Hour)
		c.work()
		if err := c.stop(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		// The state after a kill.
		if _, err := c.store.write.Exec(`UPDATE undos SET status = 'running', attempts = 1, started = created`); err != nil {
			t.Fatal(err)
		}
		c.work()
		time.Sleep(time.Minute)
		if err := c.stop(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"u after 3h0m0s"}, c.jail.released); d != "" {
			t.Error(d)
		}
		trail, err := c.store.AuditTrail(t.Context(), AuditQuery{Limit: 1})
		if err != nil || trail[0].Cause != CauseUndo || trail[0].Action != "release_user" || trail[0].Attempt != 2 {
			t.Errorf("%+v, %v", trail, err)
		}
	})
}

// TestUndoOfARun checks that a run shows its undo, and that the audit trail shows the call of the undo.
func TestUndoOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		j := newJail()
		r := newRig(t, contain, j.service(10*time.Second), func(o *Options) {
			o.Observe = func(n Notice) {
				if n.Undo != nil {
					told = append(told, n.Kind+" "+n.Run.Playbook+" "+n.Undo.Status)
				}
			}
		})
		r.accept(page("", "e1"))
		ctx, stop := context.WithCancel(t.Context())
		worked := make(chan error, 1)
		go func() { worked <- r.Work(ctx) }()
		time.Sleep(5 * time.Second)
		run := r.read(Accepted{}, 0)
		if len(run.Undos) != 1 || run.Undos[0].Status != engine.Pending || run.Undos[0].StepID != "suspend" || run.Undos[0].Of != "contain_user" {
			t.Errorf("got %+v", run.Undos)
		}
		time.Sleep(6 * time.Second)
		stop()
		if err := <-worked; err != nil {
			t.Error(err)
		}
		run = r.read(Accepted{}, 0)
		if len(run.Undos) != 1 || run.Undos[0].Status != engine.Done || run.Undos[0].Outcome != "changed" || run.Status != engine.Succeeded {
			t.Errorf("got %+v", run)
		}
		last := run.Audit[len(run.Audit)-1]
		want := AuditEntry{RunID: run.ID, StepID: "suspend", Attempt: 1, Cause: CauseUndo, Action: "release_user",
			Input: json.RawMessage(`{"user":"user-e1"}`), Status: engine.Done, Outcome: "changed"}
		if d := cmp.Diff(want, last, noTimes); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"undo_finished contain done"}, told); d != "" {
			t.Error(d)
		}
	})
}

// TestUndoAfterAnInterruption checks that the result of an interrupted attempt, which may have
// made the change, is neither taken for the run's own change nor ignored.
func TestUndoAfterAnInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJail()
		first := true
		do := j.service(time.Hour)
		r := newRig(t, contain, func(ctx context.Context, action string, in request) (answer, error) {
			a, err := do(ctx, action, in)
			if action == "contain_user" && first {
				first = false
				return answer{}, sdk.Errorf(sdk.Timeout, "no answer came")
			}
			return a, err
		})
		run := r.only()
		if len(run.Undos) != 1 || run.Undos[0].Status != engine.Failed || !strings.Contains(run.Undos[0].Error.Message, "release_user") {
			t.Errorf("got %+v", run.Undos)
		}
	})
}

// TestRejectedUndos checks outputs that ask for undos that their action does not declare.
func TestRejectedUndos(t *testing.T) {
	at := time.Now()
	for name, u := range map[string]sdk.Undo{
		"of another action": {Action: "look_up", Input: sdk.JSON(`{"user":"u"}`), At: &at},
		"of none":           {Input: sdk.JSON(`{"user":"u"}`), At: &at},
		"without an object": {Action: "release_user", Input: sdk.JSON(`[1]`), At: &at},
	} {
		t.Run(name, func(t *testing.T) {
			a := changed
			a.Undo = []sdk.Undo{u}
			r := newRig(t, contain, always(a))
			run := r.only()
			if len(run.Undos) != 1 || run.Undos[0].Status != engine.Failed || run.Undos[0].Error.Code != sdk.Internal || run.Status != engine.Succeeded {
				t.Errorf("got %+v", run)
			}
		})
	}
	undo := []sdk.Undo{{Action: "release_user", Input: sdk.JSON(`{}`), At: &at}}
	for name, a := range map[string]answer{
		"a dry run":      {contained: contained{Outcome: sdk.Planned, Undo: undo}, lookedUp: lookedUp{"ACTIVE"}},
		"not applicable": {contained: contained{Outcome: sdk.NotApplicable, Undo: undo}, lookedUp: lookedUp{"ACTIVE"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, contain, always(a))
			if run := r.only(); len(run.Undos) != 0 {
				t.Errorf("got %+v", run.Undos)
			}
		})
	}
}

// TestUndoInputsWithSecrets stores undos whose input holds a secret: the store does not
// keep the secret, and says that the change is not reverted.
func TestUndoInputsWithSecrets(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery"
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	for name, test := range map[string]struct {
		input  string
		kept   bool
		secret string
	}{
		"none":            {`{"user":"u"}`, true, secret},
		"like none":       {`{"user":"00u1abcdEFGHijkl0123"}`, true, secret},
		"by schema":       {`{"user":"u","phrase":"` + secret + `"}`, false, secret},
		"by name":         {`{"user":"u","password":"` + secret + `"}`, false, secret},
		"by name, deep":   {`{"user":"u","settings":{"client_secret":"` + secret + `"}}`, false, secret},
		"by form":         {`{"user":"` + token + `"}`, false, token},
		"schema and name": {`{"user":"u","phrase":"` + secret + `","password":"` + secret + `"}`, false, secret},
	} {
		for _, byRun := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, of a run: %t", name, byRun), func(t *testing.T) {
				end := time.Now().Add(time.Hour)
				a := changed
				a.Undo = []sdk.Undo{{Action: "release_user", Input: sdk.JSON(test.input), At: &end}}
				r := newRig(t, containOnly, always(a))
				if byRun {
					r.only()
				} else {
					result, err := r.store.Perform(quiet(t), r.o.Connections[0].Session, r.manifest().Action("contain_user"), json.RawMessage(`{"user":"u"}`),
						Caller{Org: "org", Manifest: r.manifest()})
					if err != nil || !strings.Contains(string(result.Output), test.input[1:len(test.input)-1]) {
						t.Errorf("the caller gets %s, %v", result.Output, err)
					}
				}
				undos, err := r.store.Undos(t.Context(), UndoQuery{})
				if err != nil || len(undos) != 1 {
					t.Fatalf("got %v, %v", undos, err)
				}
				switch u := undos[0]; {
				case test.kept && (u.Status != engine.Pending || string(u.Input) != test.input):
					t.Errorf("got %+v", u)
				case !test.kept && (u.Status != engine.Failed || u.Error == nil || !strings.Contains(u.Error.Message, "run release_user yourself")):
					t.Errorf("got %+v", u)
				}
				if _, err := r.store.write.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
					t.Fatal(err)
				}
				var found bool
				for _, column := range []string{"input FROM undos", "output FROM steps", "input FROM audit"} {
					if err := r.store.read.QueryRow(`SELECT EXISTS (SELECT 1 FROM (SELECT `+column+`) WHERE `+strings.Fields(column)[0]+` LIKE '%' || ? || '%')`,
						test.secret).Scan(&found); err != nil || found {
						t.Errorf("%s holds the secret: %v", column, err)
					}
				}
			})
		}
	}
}
