package sdk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// A Subject is an object that an action writes to. The output of an action that writes
// lists its subjects in the member "subjects", also after a dry run. A host locks the
// subjects of a write, so that no two writes to one object overlap, and finds earlier
// writes by the ID or the name of a subject.
type Subject struct {
	Type string `json:"type"` // Kind of object, such as user, group or session.
	// ID of the object in the service. If the object has no ID, the IDs that identify it, such as group and user.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // Name that people know, such as a login.
}

// An Undo is a call that reverts a change. The output of an action that writes lists
// its undos in the member "undo", also after a dry run, for the planned change:
//
//   - With the outcome changed, partial or accepted, an undo reverts the changes of this
//     call, and nothing that existed before. So it does with the outcome not_applicable,
//     if the call made a part of the change.
//   - With the outcome unchanged, an undo reverts the change on which the state depends.
//     A host makes the call at the time At, and only if an earlier call that it has
//     recorded made that change.
//
// Undos with the same Action and Input revert the same change. A host reverts it once,
// at the latest At of them all, and never by itself if one of them has no At.
//
// Undos with the same Action and Subject revert one state. A host undoes them together,
// newest first, back to the state before the first. So Subject must identify the state
// precisely: the ID of the user for a containment, the IDs of group and user together for
// a membership.
//
// Action must be the Undo of the action that returns it. Input contains no secret, since
// hosts store it, and is spelled alike whenever its meaning is the same.
type Undo struct {
	// ID of the object whose state the call restores.
	Subject string `json:"subject,omitempty"`
	Action  string `json:"action"` // Name of the action to run.
	Input   JSON   `json:"input"`  // Input of the action.
	// Time at which the host makes the call. Absent if a person must request it.
	At *time.Time `json:"at,omitempty"`
}

// SubjectsOf returns the subjects of an output, nil if it has none.
func SubjectsOf(output json.RawMessage) ([]Subject, error) {
	return listOf[Subject](output, "subjects")
}

// UndosOf returns the undos of an output, nil if it has none.
func UndosOf(output json.RawMessage) ([]Undo, error) { return listOf[Undo](output, "undo") }

// listOf returns a list that is a member of an output. A member of another type fails.
func listOf[T any](output json.RawMessage, member string) (all []T, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(output, &members) != nil || members[member] == nil {
		return nil, nil // an output that is no object has no members
	}
	if err := json.Unmarshal(members[member], &all); err != nil {
		return nil, Errorf(Internal, "cannot read the member %q of the output: %w", member, err)
	}
	return all, nil
}

// ReturnsUndos reports whether the outputs of the action can list an [Undo].
func (a *ActionInfo) ReturnsUndos() bool {
	return a.Undo != "" && node(a.Output).Property("undo") != nil
}

// checkMembers rejects an output whose members "subjects" and "undo" have another type
// than hosts read.
func checkMembers(output reflect.Type) error {
	if output.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(output) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		want, ok := map[string]reflect.Type{"subjects": reflect.TypeFor[[]Subject](), "undo": reflect.TypeFor[[]Undo]()}[name]
		if ok && f.Type != want {
			return fmt.Errorf("the member %q must be a %s", name, want)
		}
	}
	return nil
}
