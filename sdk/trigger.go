package sdk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"soar.example/okta/schema"
)

// A Trigger polls a service for events that start workflows. P are its parameters. K is
// its checkpoint, from which the next poll continues.
//
// Poll has no state: its result depends on params and from alone. The zero K means that
// nothing was read before. Poll returns at once, also if there are no events. The host
// waits between polls.
type Trigger[C, P, K, E any] struct {
	Name    string        // snake_case, never changed once published
	Title   string        // name that people see; "" is the Name in words
	Summary string        // one sentence
	Docs    string        // https address of the vendor's documentation
	Every   time.Duration // default wait of the host after the last page
	Scopes  []string      // OAuth scopes that the trigger needs
	Example E             // data of one event
	// Shapes are other schemas of an event's data, by the value of the parameter "format"
	// that selects one, or of "also" that adds some; see [FormatParam] and [AlsoParam].
	// nil if E is the only one.
	Shapes map[string]Shape
	Poll   func(ctx context.Context, client C, params P, from K) (Page[K, E], error)
}

// An Event is an event of the service. The ID is unique in the service. A trigger may
// return an event again, with the same ID.
type Event[E any] struct {
	ID   string
	Type string
	Time time.Time // time of the event, by the clock of the service
	Data E
	// Shapes has the data in the shapes that [AlsoParam] names, by name.
	Shapes map[string]E
	// MatchedSelectors lists the selectors of [AnyParam] that match the event, by their
	// indices. It is nil if the parameter was not given.
	MatchedSelectors []int
	// Indeterminate is a sentence that says why it is unknown whether the event matches,
	// such as a field that cannot be parsed. It is "" if the event matches. A host shows
	// an indeterminate event and runs no step on it.
	Indeterminate string
}

// AnyParam is the parameter with which a host reads the events of several playbooks in one
// poll. It is a list of selections, and an event must match at least one. The members of a
// selection are the parameters that may differ between the playbooks.
// [Event].MatchedSelectors lists the selections that match.
const AnyParam = "any"

// ReadingParams are the parameters that say how events are read and delivered, and not
// which events: they are no part of what a host keeps a checkpoint under. A trigger that
// has one of them must be able to go on from a checkpoint of any value.
var ReadingParams = []string{"look_back", "page_size", FormatParam, AlsoParam}

// A Page is what one poll found. Next is safe to store once Events are handled,
// and not before: the page cannot be had again from it.
type Page[K, E any] struct {
	Events  []Event[E]
	Next    K
	More    bool     // there may be more to read: poll again, after Pause
	Seen    int      // how many events were read, the ones that did not match included
	Notices []string // what an operator should know, such as a place that was lost
	// SelfGenerated is the number of events that were left out of Events because this
	// connection caused them, and the parameters did not include such events.
	SelfGenerated int
	// Newest is when the latest event that was read happened, matching or not; zero
	// if none was read.
	Newest time.Time
	// CheckpointReset reports that the checkpoint was lost. Reading began again before
	// it, and older events may be missing. A notice says why.
	CheckpointReset bool
	// Pause is how long a host waits before it polls again where there is more, unless its
	// interval is shorter. Zero means at once.
	Pause time.Duration
	// Budget is what the service still allows of such polls, nil if that is not
	// known. It is kept next to an error too.
	Budget *Budget
}

// An AnyTrigger is a Trigger of any parameters, checkpoint and event. Only Trigger
// implements it.
type AnyTrigger[C any] interface {
	compile() (compiledTrigger[C], error)
}

type compiledTrigger[C any] struct {
	info   TriggerInfo
	params *schema.Schema
	check  func(ctx context.Context, params json.RawMessage) error
	poll   func(ctx context.Context, client C, params, from json.RawMessage) (RawPage, error)
	verify func() error // see [Verify]
}

func (t Trigger[C, P, K, E]) compile() (compiledTrigger[C], error) {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("trigger %q: %w", t.Name, fmt.Errorf(format, args...)))
	}
	t.Title = cmp.Or(t.Title, schema.TitleCase(t.Name))
	for _, err := range checkTexts(t.Name, t.Title, t.Summary, t.Docs) {
		fail("%w", err)
	}
	if t.Every <= 0 {
		fail("has no interval")
	}
	if t.Poll == nil {
		fail("has no Poll")
	}
	src := compiledTrigger[C]{info: TriggerInfo{
		Name: t.Name, Title: t.Title, Summary: t.Summary, Docs: t.Docs,
		Every: Duration(t.Every), Scopes: append([]string{}, t.Scopes...),
	}}
	params, err := schema.Input[P]()
	if err != nil {
		fail("params: %w", err)
	} else {
		src.params, src.info.Params = params, JSON(params.JSON())
	}
	event, err := schema.Output[E]()
	if err != nil {
		fail("event: %w", err)
	} else {
		src.info.Event = JSON(event.JSON())
		if src.info.Example, err = json.Marshal(t.Example); err != nil {
			fail("example: %w", err)
		}
		if src.info.Shapes, err = compileShapes(t.Shapes, src.params, event); err != nil {
			fail("%w", err)
		} else if err := checkAlso(src.info.Shapes, src.params); err != nil {
			fail("%w", err)
		}
	}
	src.verify = func() error { return src.info.verify(params, event) }
	src.check = func(ctx context.Context, rawParams json.RawMessage) (err error) {
		defer Recover(ctx, "trigger "+t.Name, &err)
		_, err = decodeInput[P](src.params, rawParams, "the parameters of "+t.Name+" are")
		return err
	}
	src.poll = func(ctx context.Context, client C, rawParams, rawFrom json.RawMessage) (page RawPage, err error) {
		defer Recover(ctx, "trigger "+t.Name, &err)
		p, err := decodeInput[P](src.params, rawParams, "the parameters of "+t.Name+" are")
		if err != nil {
			return RawPage{}, err
		}
		var from K
		if len(rawFrom) > 0 {
			if err := json.Unmarshal(rawFrom, &from); err != nil {
				// Starting without the checkpoint would lose events silently.
				return RawPage{}, &Error{Code: InvalidInput, Message: "the checkpoint of " + t.Name + " cannot be read", Err: err}
			}
		}
		found, err := t.Poll(ctx, client, p, from)
		if !empty(err) {
			return RawPage{Budget: found.Budget}, err
		}
		return found.raw()
	}
	return src, errors.Join(errs...)
}

func (p Page[K, E]) raw() (RawPage, error) {
	next, err := json.Marshal(p.Next)
	if err != nil {
		return RawPage{}, fmt.Errorf("encode checkpoint: %w", err)
	}
	raw := RawPage{Next: next, More: p.More, Seen: p.Seen, Notices: p.Notices, Events: make([]RawEvent, len(p.Events))}
	raw.Newest, raw.Budget, raw.SelfGenerated, raw.CheckpointReset, raw.Pause = p.Newest, p.Budget, p.SelfGenerated, p.CheckpointReset, p.Pause
	for i, e := range p.Events {
		data, err := encodeData(e.Data)
		if err != nil {
			return RawPage{}, fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		raw.Events[i] = RawEvent{ID: e.ID, Type: e.Type, Time: e.Time, Data: data, MatchedSelectors: e.MatchedSelectors, Indeterminate: e.Indeterminate}
		if raw.Events[i].Shapes, err = encodeShapes(e.Shapes); err != nil {
			return RawPage{}, fmt.Errorf("encode event %s: %w", e.ID, err)
		}
	}
	return raw, nil
}

func encodeShapes[E any](shapes map[string]E) (map[string]json.RawMessage, error) {
	if len(shapes) == 0 {
		return nil, nil
	}
	encoded := make(map[string]json.RawMessage, len(shapes))
	for name, shape := range shapes {
		var err error
		if encoded[name], err = encodeData(shape); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

// encodeData lets an event or output that encodes itself pass as it is:
// json.Marshal would copy, check and escape them once more.
func encodeData(data any) (json.RawMessage, error) {
	if m, ok := data.(json.Marshaler); ok {
		return m.MarshalJSON()
	}
	return json.Marshal(data)
}

var typePattern = regexp.MustCompile(`^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*$`)

// CheckTypePattern returns an error unless pattern is an event type ("user.session.start"), a
// family of event types ("user.session.*"), "*" for all, or another name in which a * matches
// one or more characters ("system.*.rate_limit.*").
func CheckTypePattern(pattern string) error {
	if len(pattern) > 200 || !typePattern.MatchString(pattern) || strings.Contains(pattern, "**") {
		return fmt.Errorf(`must be an event type such as user.session.start, a family such as user.session.*, or *`)
	}
	return nil
}

// MatchType reports whether eventType is, or belongs to, pattern. "user.session.*" has
// user.session.start and user.session.a.b, but not user.session itself.
func MatchType(pattern, eventType string) bool {
	if pattern == "*" {
		return true
	}
	first, rest, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == eventType
	}
	left, ok := strings.CutPrefix(eventType, first)
	if !ok {
		return false
	}
	for parts := strings.Split(rest, "*"); ; parts = parts[1:] {
		if left == "" {
			return false // a * matches at least one character
		}
		if len(parts) == 1 {
			return strings.HasSuffix(left[1:], parts[0])
		}
		at := strings.Index(left[1:], parts[0])
		if at < 0 {
			return false
		}
		left = left[1+at+len(parts[0]):]
	}
}
