package sdk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
)

// Effect says what an action does to the service it runs on.
type Effect string

// The effects. A host can run actions that read at any time. It asks before an action that destroys.
const (
	Reads    Effect = "reads"    // changes nothing
	Writes   Effect = "writes"   // makes changes that another action can undo
	Destroys Effect = "destroys" // makes changes that cannot be undone
)

// An Action declares one action on a client of type C: its description and its function.
// In and Out are structs. Their fields and tags declare the parameters and the output.
type Action[C, In, Out any] struct {
	Name    string // snake_case verb, never changed once published
	Title   string // name that people see; "" is the Name in words
	Summary string // one sentence
	Docs    string // https address of the vendor's documentation
	Effect  Effect // effect on the service
	Undo    string // name of the action that undoes this action; "" if there is none
	// Contains reports that the action removes access of its subjects. A host can limit the
	// number of accounts that lose access in an hour.
	Contains bool
	// Once reports that a second call repeats the effect, such as a second push. If the
	// result of the first call is unknown, a host does not repeat the call.
	Once bool
	// Offline reports that the action sends no request to the service.
	Offline bool
	Scopes  []string // OAuth scopes that the action needs
	// Editions are the editions of the service in which the action works; empty means all
	// editions of the connector.
	Editions []string
	Example  Example[In, Out] // input and output, for documentation and tests
	// Options maps the output to options of parameters; nil if it is no list of options.
	Options *OptionList
	// Shapes are other schemas of the output, by the value of the parameter "format" that
	// selects them; see [FormatParam]. nil if Out is the only one.
	Shapes map[string]Shape
	Run    func(ctx context.Context, client C, in In) (Out, error)
}

// An Example is an input of an action, and its output.
type Example[In, Out any] struct {
	Input  In
	Output Out
}

// An AnyAction is an Action of any input and output. Only Action implements it.
type AnyAction[C any] interface {
	compile() (compiledAction[C], error)
}

// An Authorizer is a client whose settings can forbid actions.
type Authorizer interface {
	// Authorize returns an error that names the rule if the settings forbid the action.
	Authorize(action string) error
}

type compiledAction[C any] struct {
	info  ActionInfo
	input *schema.Schema
	run   func(ctx context.Context, client C, input json.RawMessage) (json.RawMessage, error)
	// verify is for what Compile takes on trust; see [Verify].
	verify func() error
}

func (a Action[C, In, Out]) compile() (compiledAction[C], error) {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("action %q: %w", a.Name, fmt.Errorf(format, args...)))
	}
	a.Title = cmp.Or(a.Title, schema.TitleCase(a.Name))
	for _, err := range checkTexts(a.Name, a.Title, a.Summary, a.Docs) {
		fail("%w", err)
	}
	if a.Effect != Reads && a.Effect != Writes && a.Effect != Destroys {
		fail("unknown effect %q", a.Effect)
	}
	if a.Run == nil {
		fail("has no Run")
	}
	op := compiledAction[C]{info: ActionInfo{
		Name: a.Name, Title: a.Title, Summary: a.Summary, Docs: a.Docs,
		Effect: a.Effect, Undo: a.Undo, Contains: a.Contains, Once: a.Once, Offline: a.Offline,
		Scopes: append([]string{}, a.Scopes...), Editions: a.Editions, Options: a.Options,
	}}
	input, err := schema.Input[In]()
	if err != nil {
		fail("input: %w", err)
	} else {
		op.input, op.info.Input = input, JSON(input.JSON())
		if op.info.Example.Input, err = json.Marshal(a.Example.Input); err != nil {
			fail("example input: %w", err)
		} else if err := validate(&a.Example.Input, "it is"); err != nil {
			fail("example input: %w", err)
		}
	}
	if _, ok := any(a.Example.Input).(DryRunner); !ok && a.Effect != Reads {
		fail("it %s, so its input must be able to ask for a dry run", a.Effect)
	}
	output, err := schema.Output[Out]()
	if err != nil {
		fail("output: %w", err)
	} else {
		if err := checkMembers(reflect.TypeFor[Out]()); err != nil {
			fail("output: %w", err)
		}
		op.info.Output = JSON(output.JSON())
		if op.info.Example.Output, err = json.Marshal(a.Example.Output); err != nil {
			fail("example output: %w", err)
		}
		if op.info.Shapes, err = compileShapes(a.Shapes, op.input, output); err != nil {
			fail("%w", err)
		}
	}
	op.verify = func() error { return op.info.verify(input, output) }
	op.run = func(ctx context.Context, client C, raw json.RawMessage) (out json.RawMessage, err error) {
		defer Recover(ctx, "action "+a.Name, &err)
		in, err := decodeInput[In](op.input, raw, "the input of "+a.Name+" is")
		if err != nil {
			return nil, err
		}
		if r, ok := any(in).(DryRunner); ok && r.IsDryRun() {
			ctx = WithDryRun(ctx)
		}
		if e, ok := any(in).(StateExpecter); ok {
			ctx = WithExpectedBefore(ctx, e.ExpectedState())
		}
		answer, err := a.Run(WithEffect(ctx, a.Effect), client, in)
		if !empty(err) {
			return nil, err
		}
		if out, err = encodeData(answer); err != nil {
			return nil, err
		}
		if IsDryRun(ctx) {
			return out, op.info.checkPlanned(out)
		}
		return out, op.info.CheckDryRun(raw, out)
	}
	return op, errors.Join(errs...)
}

// Recover turns a panic into an error, so that a panic in one call does not end the
// process and with it all other calls. Defer it; what names the call.
func Recover(ctx context.Context, what string, err *error) {
	if r := recover(); r != nil {
		hclog.FromContext(ctx).Error("panic", "in", what, "panic", schema.MaskText(fmt.Sprint(r)), "stack", string(debug.Stack()))
		*err = &Error{Code: Internal, Message: what + " panicked; changes made before that were not rolled back"}
	}
}

type effectKey struct{}

// WithEffect returns a context for what an action of that effect does. The
// connector's transport can tell by it what must not be kept waiting.
func WithEffect(ctx context.Context, e Effect) context.Context {
	return context.WithValue(ctx, effectKey{}, e)
}

// EffectOf returns the effect of the action that ctx belongs to; Reads where there
// is none, as for a trigger.
func EffectOf(ctx context.Context) Effect {
	if e, ok := ctx.Value(effectKey{}).(Effect); ok {
		return e
	}
	return Reads
}

// An Outcome is the result of a write. It is based on the verified state, not only on
// the service's response.
type Outcome string

// The outcomes.
const (
	Changed       Outcome = "changed"        // the write produced the requested state
	Unchanged     Outcome = "unchanged"      // the requested state existed before
	NotApplicable Outcome = "not_applicable" // the action cannot produce the requested state of this object
	Partial       Outcome = "partial"        // of several objects, some are as requested and others are not
	Accepted      Outcome = "accepted"       // the service accepted the write, and its effect cannot be verified
	Planned       Outcome = "planned"        // a dry run: nothing was written
)
