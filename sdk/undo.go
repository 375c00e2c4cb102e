package sdk

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// An Undo is the call that takes a change back, and when a host is to make it. An
// action that writes may answer one, in a member "undo" of its output:
//
//   - With the outcome changed, it takes back what this very call added, and
//     nothing that stood there before.
//   - With the outcome unchanged, it takes back what the state rests on. A host
//     makes it only if a call on its own record made that change.
//
// Calls that name the same Action and Input rest on the same change: a host takes
// it back once, at the latest At of them all, and never if one of them has none.
// Action must be the Undo of the action that answers. Input holds no secret,
// since hosts store it, and is spelled alike whenever it means the same.
type Undo struct {
	Action string     `json:"action"`       // Name of the action to run.
	Input  JSON       `json:"input"`        // What to give it.
	At     *time.Time `json:"at,omitempty"` // When the host is to run it; absent: never by itself.
}

// UndoOf returns the undo that an answer asks for, nil if it asks for none. A
// member "undo" that is something else fails.
func UndoOf(output json.RawMessage) (*Undo, error) {
	var answer struct {
		Undo json.RawMessage `json:"undo"`
	}
	// An answer that is no object has no members, and null is none.
	if json.Unmarshal(output, &answer) != nil || answer.Undo == nil || string(answer.Undo) == "null" {
		return nil, nil
	}
	var u Undo
	if err := json.Unmarshal(answer.Undo, &u); err != nil {
		return nil, Errorf(Internal, "the answer's undo cannot be read: %w", err)
	}
	return &u, nil
}

// AnswersUndo reports whether the action's answers can carry an [Undo].
func (a *ActionInfo) AnswersUndo() bool {
	var output struct {
		Properties struct {
			Undo json.RawMessage `json:"undo"`
		} `json:"properties"`
	}
	return a.Undo != "" && json.Unmarshal(a.Output, &output) == nil && output.Properties.Undo != nil
}

// undoMember returns the type of the output's member "undo", nil if it has none.
func undoMember[Out any]() reflect.Type {
	t := reflect.TypeFor[Out]()
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "undo" {
			return f.Type
		}
	}
	return nil
}
