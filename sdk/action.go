package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
)

// Effect says what an action does to the service it runs on.
type Effect string

// The effects. A host may run what reads at any time, asks before what destroys.
const (
	Reads    Effect = "reads"    // changes nothing
	Writes   Effect = "writes"   // changes something that another action can put back
	Destroys Effect = "destroys" // changes something for good
)

// An Action is one thing that a playbook can do with a client of type C: its
// catalogue entry, and the function behind it. In and Out are structs; their
// tags are the action's parameters and answer, declared nowhere else.
type Action[C, In, Out any] struct {
	Name    string           // snake_case verb, never changed once published
	Title   string           // what builders show
	Summary string           // one sentence
	Docs    string           // https address of the vendor's documentation
	Effect  Effect           // what it does to the service
	Undo    string           // name of the action that takes this one back; "" if nothing does
	Scopes  []string         // OAuth scopes it needs
	Example Example[In, Out] // a call and its answer, for documentation and tests
	Run     func(ctx context.Context, client C, in In) (Out, error)
}

// An Example is a call of an action and the answer that it gets.
type Example[In, Out any] struct {
	Input  In
	Output Out
}

// An Operation is an Action of any input and output. Only Action implements it.
type Operation[C any] interface {
	compile() (operation[C], error)
}

// A Validator is an input with rules across its fields, which a schema cannot
// say. Validate runs after the schema's check, before the action.
type Validator interface {
	Validate() error
}

type operation[C any] struct {
	info  ActionInfo
	input *schema.Schema
	run   func(ctx context.Context, client C, input json.RawMessage) (json.RawMessage, error)
}

func (a Action[C, In, Out]) compile() (operation[C], error) {
	fail := func(format string, args ...any) (operation[C], error) {
		return operation[C]{}, fmt.Errorf("action %q: %w", a.Name, fmt.Errorf(format, args...))
	}
	if err := checkTexts(a.Name, a.Title, a.Summary, a.Docs); err != nil {
		return fail("%w", err)
	}
	if a.Effect != Reads && a.Effect != Writes && a.Effect != Destroys {
		return fail("unknown effect %q", a.Effect)
	}
	if a.Run == nil {
		return fail("has no Run")
	}
	input, err := schema.Input[In]()
	if err != nil {
		return fail("input: %w", err)
	}
	output, err := schema.Output[Out]()
	if err != nil {
		return fail("output: %w", err)
	}
	if a.Effect != Reads {
		for _, name := range []string{"outcome", "before", "after"} {
			if output.Root().Property(name) == nil {
				return fail("it %s, so its output must have %q", a.Effect, name)
			}
		}
	}
	in, err := example(input, a.Example.Input)
	if err != nil {
		return fail("example input: %w", err)
	}
	out, err := example(output, a.Example.Output)
	if err != nil {
		return fail("example output: %w", err)
	}
	return operation[C]{
		info: ActionInfo{
			Name: a.Name, Title: a.Title, Summary: a.Summary, Docs: a.Docs,
			Effect: a.Effect, Undo: a.Undo, Scopes: a.Scopes,
			Input: JSON(input.JSON()), Output: JSON(output.JSON()),
			Example: ExampleInfo{Input: in, Output: out},
		},
		input: input,
		run: func(ctx context.Context, client C, raw json.RawMessage) (out json.RawMessage, err error) {
			in, err := decodeInput[In](input, raw, "the input of "+a.Name)
			if err != nil {
				return nil, err
			}
			defer recovered(ctx, "action "+a.Name, &err)
			answer, err := a.Run(ctx, client, in)
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		},
	}, nil
}

// decodeInput checks raw against s, fills in defaults, decodes it and applies
// the rules across fields.
func decodeInput[In any](s *schema.Schema, raw json.RawMessage, what string) (In, error) {
	var in In
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	if violations := s.Check(raw); violations != nil {
		return in, Invalid(what+" is not valid", violations...)
	}
	full, err := s.WithDefaults(raw)
	if err != nil {
		return in, err
	}
	if err := json.Unmarshal(full, &in); err != nil {
		return in, Invalid(what + " does not fit: " + err.Error())
	}
	if v, ok := any(in).(Validator); ok {
		if err := v.Validate(); err != nil {
			return in, AsError(err)
		}
	}
	return in, nil
}

// recovered turns a panic into an error, so that one bad answer of the service
// does not take every other call down with the process.
func recovered(ctx context.Context, what string, err *error) {
	if r := recover(); r != nil {
		hclog.FromContext(ctx).Error("panic", "in", what, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		*err = &Error{Code: Internal, Message: what + " broke down half-way; whatever it had done by then stands"}
	}
}

func example(s *schema.Schema, v any) (JSON, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if violations := s.Check(raw); violations != nil {
		return nil, Invalid("does not follow its own schema", violations...)
	}
	return JSON(raw), nil
}
