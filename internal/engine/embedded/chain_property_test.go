package embedded

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"soar.example/okta/sdk"
)

// A modelOperation is an operation in the model of TestChains.
type modelOperation struct {
	id, user      string
	note          bool // its undo reverts the note, and that of other operations the containment
	before, after account
	undone        bool
}

// TestChains compares random sequences of operations, undos and foreign changes with a model
// that keeps every state. An undo reverts all open operations on the same state, newest
// first, and stops at the first whose state has changed since.
func TestChains(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, dir, storePath(t))
		state, all := map[string]account{}, []*modelOperation{}
		for _, user := range []string{"ann", "bob"} {
			dir.set(user, account{})
		}
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			user := rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "user")
			switch action := rapid.SampledFrom([]string{"contain", "suspend", "note", "change", "undo", "undo"}).Draw(rt, "action"); action {
			case "change":
				a := state[user]
				a.Suspended = !a.Suspended
				state[user] = a
				dir.set(user, a)
			case "undo":
				if len(all) == 0 {
					continue
				}
				op := all[rapid.IntRange(0, len(all)-1).Draw(rt, "operation")]
				want := op.undo(all, state)
				r, err := d.undoLast(t.Context(), op.id, UndoOptions{})
				if got := codeOf(err); got != want || (want == "" && len(r.Steps) == 0) != (r.UndoneBy != "") {
					rt.Fatalf("step %d: undo of %+v: got %+v, %v, want %q", i, op, r, err, want)
				}
			default:
				op := &modelOperation{user: user, note: action == "note", before: state[user], after: state[user]}
				more := ""
				switch action {
				case "contain":
					op.after.Suspended, op.after.Quarantined = true, true
				case "suspend":
					op.after.Suspended = true
				case "note":
					op.after.Note = fmt.Sprint(i)
					more = fmt.Sprintf(`,"note":%q`, op.after.Note)
				}
				result, err := d.do(t.Context(), action, user, more)
				if err != nil {
					rt.Fatal(err)
				}
				op.id, state[user] = result.Operation, op.after
				all = append(all, op)
			}
			for user := range state {
				if got := dir.get(user); got != state[user] {
					rt.Fatalf("step %d: %s is %+v, want %+v", i, user, got, state[user])
				}
			}
		}
	})
}

// undo undoes the operation in the model, and returns the code of the error.
func (op *modelOperation) undo(all []*modelOperation, state map[string]account) sdk.Code {
	switch {
	case op.before == op.after:
		return sdk.InvalidInput
	case op.undone:
		return "" // later operations stay
	}
	for i := len(all) - 1; i >= 0; i-- {
		o := all[i]
		if o.user != op.user || o.note != op.note || o.undone || o.before == o.after {
			continue
		}
		now := state[op.user]
		if now != o.after {
			return sdk.Conflict
		}
		if op.note {
			now.Note = o.before.Note
		} else {
			now.Suspended, now.Quarantined = o.before.Suspended, o.before.Quarantined
		}
		state[op.user], o.undone = now, true
	}
	return ""
}
