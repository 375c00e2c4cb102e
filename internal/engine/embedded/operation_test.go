package embedded

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

var suspendedOnly, contained2 = account{Suspended: true}, account{Suspended: true, Quarantined: true}

// TestOperation checks the record of a write, and its undo.
func TestOperation(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	d.caller.Case = "INC-1"
	result, err := d.do(t.Context(), "contain", "ann", `,"reason":"takeover"`)
	if err != nil || dir.get("ann") != contained2 || dir.requests != 5 {
		t.Fatalf("got %+v, %v, %d requests", dir.get("ann"), err, dir.requests)
	}
	op, err := d.Operation(t.Context(), result.Operation[:6])
	if err != nil {
		t.Fatal(err)
	}
	if op.Status != engine.Done || op.Outcome != "changed" || !op.Open() || len(op.Plan) != 2 || len(op.Subjects) != 1 || len(op.Undos) != 1 ||
		!strings.Contains(string(op.Before), `"suspended":false`) || !strings.Contains(string(op.After), `"suspended":true`) ||
		op.Case != "INC-1" || op.Reason != "takeover" || op.Connection != "test" || op.Process != os.Getpid() || op.OSUser == "" || op.Host == "" {
		t.Errorf("got %+v", op)
	}
	for _, dry := range []bool{true, false} {
		r, err := d.restore(t.Context(), "ANN@example.com", UndoOptions{DryRun: dry})
		if err != nil || len(r.Steps) != 1 || r.Steps[0].Undoes != op.ID || (r.Steps[0].By == "") != dry || (len(r.Steps[0].Plan) == 2) != dry {
			t.Errorf("dry run %t: got %+v, %v", dry, r, err)
		}
		if restored := dir.get("ann") == (account{}); restored == dry {
			t.Errorf("dry run %t: got %+v", dry, dir.get("ann"))
		}
	}
	before := dir.requests
	r, err := d.undoLast(t.Context(), op.ID, UndoOptions{})
	if err != nil || r.UndoneBy == "" || len(r.Steps) != 0 || dir.requests != before {
		t.Errorf("twice: got %+v, %v, %d requests", r, err, dir.requests-before)
	}
	if again, err := d.restore(t.Context(), "ann", UndoOptions{}); err != nil || again.UndoneBy != r.UndoneBy {
		t.Errorf("twice by name: got %+v, %v", again, err)
	}
	if unchanged, err := d.do(t.Context(), "restore", "ann", `,"record":{"suspended":false,"quarantined":false}`); err != nil {
		t.Error(err)
	} else if op, err := d.Operation(t.Context(), unchanged.Operation); err != nil || op.Open() || op.Outcome != "unchanged" || op.Status != engine.Done {
		t.Errorf("got %+v, %v", op, err)
	}
	for id, code := range map[string]sdk.Code{"abc": sdk.InvalidInput, "ffffffffffffffff0": sdk.NotFound} {
		if _, err := d.undoLast(t.Context(), id, UndoOptions{}); codeOf(err) != code {
			t.Errorf("%s: got %v", id, err)
		}
	}
	if _, err := d.restore(t.Context(), "bob", UndoOptions{}); codeOf(err) != sdk.NotFound {
		t.Errorf("got %v", err)
	}
	d.caller.Org = "https://other.example.com"
	if _, err := d.undoLast(t.Context(), op.ID, UndoOptions{}); codeOf(err) != sdk.InvalidInput {
		t.Errorf("got %v", err)
	}
}

// TestUndoAfterAnotherChange changes the account after a containment. The undo stops, and its
// error names the author of the change.
func TestUndoAfterAnotherChange(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	for name, change := range map[string]func() string{
		"by another program": func() string {
			dir.set("ann", account{Note: "x", Suspended: true, Quarantined: true})
			return "another program or person"
		},
		"by an operation": func() string {
			r, err := d.do(t.Context(), "note", "ann", `,"note":"y"`)
			if err != nil {
				t.Fatal(err)
			}
			return r.Operation + " changed the same object later (note at "
		},
	} {
		dir.set("ann", account{})
		op, err := d.do(t.Context(), "contain", "ann")
		if err != nil {
			t.Fatal(err)
		}
		want, before := change(), dir.get("ann")
		_, err = d.undoLast(t.Context(), op.Operation, UndoOptions{})
		if codeOf(err) != sdk.Conflict || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "note") || dir.get("ann") != before {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if _, err := d.undoLast(t.Context(), op.Operation, UndoOptions{Force: true}); err != nil || dir.get("ann") != (account{Note: before.Note}) {
			t.Errorf("%s: got %v, %+v", name, err, dir.get("ann"))
		}
	}
}

// TestChangeBetweenPlanAndWrite changes the account after the dry run. The write is planned
// again, and its undo restores the newer state.
func TestChangeBetweenPlanAndWrite(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	reads := 0
	dir.setHook(func(r *http.Request) func() {
		if reads++; reads == 1 {
			return func() { dir.set("ann", suspendedOnly) }
		}
		return nil
	})
	if _, err := d.do(t.Context(), "contain", "ann"); err != nil || dir.get("ann") != contained2 {
		t.Fatalf("got %+v, %v", dir.get("ann"), err)
	}
	if _, err := d.restore(t.Context(), "ann", UndoOptions{}); err != nil || dir.get("ann") != suspendedOnly {
		t.Errorf("got %+v, %v", dir.get("ann"), err)
	}
}

// TestKillBetweenRequests kills a process before and after each request of a containment. If
// a write was sent, the operation is recorded, and undo restores the first state: at once,
// and after a second containment that completed.
func TestKillBetweenRequests(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 5; n++ {
		for _, answer := range []bool{false, true} {
			for _, again := range []bool{false, true} {
				dir := newDirectory(t)
				path := storePath(t)
				first := account{Note: "kept"}
				dir.set("ann", first)
				cmd := exec.CommandContext(t.Context(), self)
				cmd.Env = append(os.Environ(), childStore+"="+path, childAddress+"="+dir.URL, childWrites+"=1", childUser+"=ann")
				ready := make(chan struct{})
				var requests int
				dir.setHook(func(r *http.Request) func() {
					<-ready
					switch requests++; {
					case requests < n:
						return nil
					case requests > n:
						<-r.Context().Done() // the process is being killed
						return nil
					}
					kill := func() { cmd.Process.Kill() }
					if answer {
						return kill
					}
					kill()
					<-r.Context().Done()
					return nil
				})
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				close(ready)
				cmd.Wait()
				dir.setHook(nil)
				name := fmt.Sprintf("request %d, answered %t, again %t", n, answer, again)
				d := newDesk(t, dir, path)
				ops, err := d.Operations(t.Context(), OperationQuery{})
				if err != nil || len(dir.written()) > 0 && len(ops) == 0 {
					t.Fatalf("%s: %v, %d operations after %v", name, err, len(ops), dir.written())
				}
				for _, op := range ops {
					if op.Status != engine.Interrupted && !(n == 5 && answer && op.Status == engine.Done) || !strings.Contains(string(op.Before), `"suspended":false`) {
						t.Errorf("%s: got %+v", name, op)
					}
				}
				if again {
					if _, err := d.do(t.Context(), "contain", "ann"); err != nil || !dir.get("ann").Quarantined {
						t.Errorf("%s: got %+v, %v", name, dir.get("ann"), err)
					}
				} else if len(ops) == 0 {
					continue
				}
				r, err := d.restore(t.Context(), "ann@example.com", UndoOptions{})
				if err != nil || dir.get("ann") != first {
					t.Errorf("%s: got %+v after %+v, %v", name, dir.get("ann"), r, err)
				}
				if open, err := d.Operations(t.Context(), OperationQuery{Open: true}); err != nil || len(open) > 0 {
					t.Errorf("%s: still open: %+v, %v", name, open, err)
				}
			}
		}
	}
}

// TestTwoProcesses contains and restores one user from two processes, 200 times in all.
// The writes of two calls never interleave, and in the end the user is restored.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := newDirectory(t)
	path := storePath(t)
	openStore(t, path) // so that both find a store
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			cmd := exec.CommandContext(t.Context(), self)
			cmd.Env = append(os.Environ(), childStore+"="+path, childAddress+"="+dir.URL, childWrites+"=100", childUser+"=ann")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out[max(0, len(out)-2000):])
			}
		})
	}
	running.Wait()
	d := newDesk(t, dir, path)
	if open, err := d.Operations(t.Context(), OperationQuery{Open: true}); err != nil || len(open) > 0 || dir.get("ann") != (account{}) {
		t.Errorf("got %+v, %d open, %v", dir.get("ann"), len(open), err)
	}
	// The two PATCH requests of a call are adjacent.
	writes := dir.written()
	if len(writes)%2 != 0 || len(writes) < 100 {
		t.Fatalf("%d writes", len(writes))
	}
	for i := 0; i < len(writes); i += 2 {
		if writes[i] != writes[i+1] {
			t.Fatalf("writes %d and %d are of two calls", i, i+1)
		}
	}
	t.Logf("%d writes", len(writes))
}

// TestSubjectIsLocked checks that a call waits a limited time for the lock of another call.
// Its error names the operation with the lock. Another subject is not locked.
func TestSubjectIsLocked(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	path := storePath(t)
	first, second := newDesk(t, dir, path), newDesk(t, dir, path)
	second.lockWait = 50 * time.Millisecond
	inside, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	dir.setHook(func(r *http.Request) func() {
		if r.Method == http.MethodPatch && r.URL.Path == "/ann" {
			once.Do(func() { close(inside); <-proceed })
		}
		return nil
	})
	ended := make(chan error, 1)
	go func() {
		_, err := first.do(context.Background(), "contain", "ann")
		ended <- err
	}()
	<-inside
	running, err := second.Operations(t.Context(), OperationQuery{Status: engine.Running})
	if err != nil || len(running) != 1 {
		t.Fatalf("got %+v, %v", running, err)
	}
	if _, err := second.do(t.Context(), "suspend", "ann"); codeOf(err) != sdk.Unavailable || !strings.Contains(err.Error(), running[0].ID) {
		t.Errorf("got %v", err)
	}
	if _, err := second.restore(t.Context(), "ann", UndoOptions{}); codeOf(err) != sdk.Unavailable || !strings.Contains(err.Error(), running[0].ID) {
		t.Errorf("got %v", err)
	}
	if _, err := second.do(t.Context(), "suspend", "bob"); err != nil {
		t.Error(err)
	}
	close(proceed)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := second.restore(t.Context(), "ann", UndoOptions{}); err != nil || dir.get("ann") != (account{}) {
		t.Errorf("got %+v, %v", dir.get("ann"), err)
	}
}

// TestAuditQuery selects entries of the audit trail.
func TestAuditQuery(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	d.caller.Case = "INC-1"
	first, err := d.do(t.Context(), "contain", "ann")
	if err != nil {
		t.Fatal(err)
	}
	d.caller.Case = "INC-2"
	middle := time.Now()
	if _, err := d.do(t.Context(), "suspend", "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.do(t.Context(), "suspend", "bob", `,"dry_run":true`); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		q    AuditQuery
		want string
	}{
		"all":        {AuditQuery{}, "suspend suspend contain"},
		"name":       {AuditQuery{Subject: "ANN@example.com"}, "suspend contain"},
		"id":         {AuditQuery{Subject: "ann"}, "suspend contain"},
		"in input":   {AuditQuery{Subject: "bob"}, "suspend"},
		"no subject": {AuditQuery{Subject: "a"}, ""},
		"case":       {AuditQuery{Case: "INC-1"}, "contain"},
		"action":     {AuditQuery{Action: "suspend"}, "suspend suspend"},
		"since":      {AuditQuery{Since: middle}, "suspend suspend"},
		"until":      {AuditQuery{Until: middle}, "contain"},
		"outcome":    {AuditQuery{Outcome: "unchanged"}, "suspend"},
		"operation":  {AuditQuery{Operation: first.Operation[:5]}, "contain"},
		"connection": {AuditQuery{Connection: "other"}, ""},
		"os user":    {AuditQuery{User: "nobody else"}, ""},
		"limit":      {AuditQuery{Limit: 1}, "suspend"},
	} {
		entries, err := d.AuditTrail(t.Context(), test.q)
		var got []string
		for _, e := range entries {
			got = append(got, e.Action)
		}
		if strings.Join(got, " ") != test.want || err != nil {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, test.want)
		}
	}
	all, err := d.AuditTrail(t.Context(), AuditQuery{})
	if err != nil || !slices.ContainsFunc(all, func(e AuditEntry) bool { return e.Operation == first.Operation && e.OSUser != "" }) {
		t.Errorf("no entry names the operation and its user: %+v, %v", all, err)
	}
}

// TestPruneOperations prunes an operation that is undone, and keeps an open one for 100
// days longer, so that it can be undone.
func TestPruneOperations(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d := newDesk(t, dir, storePath(t))
	for _, user := range []string{"ann", "bob"} {
		if _, err := d.do(t.Context(), "contain", user); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.restore(t.Context(), "bob", UndoOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		days, operations, calls int
	}{{1, 1, 2}, {99, 1, 0}, {101, 0, 1}} {
		before := time.Now().Add(time.Duration(test.days) * 24 * time.Hour)
		count, err := d.prunable(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		done, err := d.prune(t.Context(), before, before)
		if err != nil || done.Calls != test.calls || count.Calls != test.calls {
			t.Errorf("%d days: got %+v, counted %+v, %v", test.days, done, count, err)
		}
		ops, err := d.Operations(t.Context(), OperationQuery{})
		if err != nil || len(ops) != test.operations {
			t.Errorf("%d days: %d operations, %v", test.days, len(ops), err)
		}
	}
	var rows int
	err := d.read.QueryRow(`SELECT (SELECT count(*) FROM operations) + (SELECT count(*) FROM subjects)
		+ (SELECT count(*) FROM operation_undos)`).Scan(&rows)
	if err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}
