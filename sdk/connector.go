// Package sdk is the contract between a connector, which knows one service, and
// a host, which runs playbooks on it.
//
// An author declares [Action]s and [Trigger]s as values, gathers them in a
// [Connector], and compiles that into a [Backend]. A host sees only the Backend
// and the [Session]s it opens; whether they live in its own process or behind
// go-plugin, it cannot tell.
//
// The life of a connection: Compile, then Open, then any number of Check, Run and
// Poll, from any goroutine, then Close.
package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
)

//go:generate go run soar.example/okta/schema/describe

// A Connector is everything that one plugin serves. S are a connection's
// settings, C is the client that they open; a C with a Close method is closed
// with its session.
type Connector[S, C any] struct {
	Name    string // snake_case, never changed once published
	Title   string // what builders show
	Summary string // one sentence
	Docs    string // https address of the service's documentation
	Version string // semantic version
	// Editions are the editions of the service that the connector supports, such as the
	// engines of Okta. Empty means that the service has only one.
	Editions []string
	// Open makes a client. It must not reach the service: that is Check's.
	Open     func(ctx context.Context, settings S) (C, error)
	Check    func(ctx context.Context, client C) (Health, error)
	Actions  []AnyAction[C]
	Triggers []AnyTrigger[C]
}

// Compile converts the connector to a Backend. The error lists all mistakes that are
// quickly detected: missing texts, invalid or repeated names, tags that would be dropped,
// examples that violate rules across fields, and a missing Undo. [Verify] detects
// the mistakes that need a validator.
func (c Connector[S, C]) Compile() (Backend, error) {
	b := &backend[S, C]{
		open: c.Open, check: c.Check,
		actions: map[string]compiledAction[C]{}, triggers: map[string]compiledTrigger[C]{},
	}
	var errs []error
	errs = append(errs, checkTexts(c.Name, c.Title, c.Summary, c.Docs)...)
	if !semver.MatchString(c.Version) {
		errs = append(errs, fmt.Errorf("version %q is not a semantic version", c.Version))
	}
	if c.Open == nil || c.Check == nil {
		errs = append(errs, errors.New("needs both Open and Check"))
	}
	settings, err := schema.Input[S]()
	if err != nil {
		errs = append(errs, fmt.Errorf("settings: %w", err))
	}
	body, err := schema.Output[ErrorBody]()
	if err != nil {
		errs = append(errs, err)
	}
	b.settings = settings
	b.manifest = Manifest{
		SchemaVersion: SchemaVersion, Name: c.Name, Title: c.Title, Summary: c.Summary, Docs: c.Docs, Version: c.Version,
		Actions: make([]ActionInfo, 0, len(c.Actions)), Triggers: make([]TriggerInfo, 0, len(c.Triggers)),
	}
	errs = append(errs, b.addActions(c.Actions)...)
	for i := range b.manifest.Actions {
		if a := &b.manifest.Actions[i]; len(a.Editions) == 0 {
			a.Editions = c.Editions
		}
	}
	errs = append(errs, b.addTriggers(c.Triggers)...)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("connector %q: %w", c.Name, err)
	}
	b.manifest.Settings, b.manifest.ErrorInfo = JSON(settings.JSON()), JSON(body.JSON())
	return b, nil
}

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	// The form that https://semver.org asks for.
	semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?` +
		`(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$`)
)

func checkTexts(name, title, summary, docs string) []error {
	var errs []error
	if !nameForm.MatchString(name) || len(name) > 64 {
		errs = append(errs, fmt.Errorf("name %q is not snake_case of at most 64 letters", name))
	}
	if strings.TrimSpace(title) == "" || strings.TrimSpace(summary) == "" {
		errs = append(errs, errors.New("needs a title and a summary"))
	}
	if u, err := url.Parse(docs); err != nil || u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("documentation link %q is not an https address", docs))
	}
	return errs
}

type backend[S, C any] struct {
	manifest Manifest
	settings *schema.Schema
	open     func(context.Context, S) (C, error)
	check    func(context.Context, C) (Health, error)
	actions  map[string]compiledAction[C]
	triggers map[string]compiledTrigger[C]
}

// addActions compiles the actions into b, side by side, since every start of a plugin
// waits for it.
func (b *backend[S, C]) addActions(all []AnyAction[C]) (errs []error) {
	compiled := make([]compiledAction[C], len(all))
	failures := make([]error, len(all))
	var compiling sync.WaitGroup
	for i, a := range all {
		if a == nil {
			errs = append(errs, fmt.Errorf("action %d is nil", i))
			continue
		}
		compiling.Go(func() { compiled[i], failures[i] = a.compile() })
	}
	compiling.Wait()
	for i, a := range all {
		if a == nil {
			continue
		}
		op := compiled[i]
		errs = append(errs, failures[i])
		if _, double := b.actions[op.info.Name]; double {
			errs = append(errs, fmt.Errorf("action %q is there twice", op.info.Name))
		}
		b.actions[op.info.Name] = op
		b.manifest.Actions = append(b.manifest.Actions, op.info)
	}
	for _, a := range b.manifest.Actions {
		undo, ok := b.actions[a.Undo]
		if a.Undo != "" && (!ok || undo.info.Effect == Reads) {
			errs = append(errs, fmt.Errorf("action %q: undo %q is not an action that writes", a.Name, a.Undo))
		}
	}
	return errs
}

func (b *backend[S, C]) addTriggers(all []AnyTrigger[C]) (errs []error) {
	for i, t := range all {
		if t == nil {
			errs = append(errs, fmt.Errorf("trigger %d is nil", i))
			continue
		}
		src, err := t.compile()
		errs = append(errs, err)
		if _, double := b.triggers[src.info.Name]; double {
			errs = append(errs, fmt.Errorf("trigger %q is there twice", src.info.Name))
		}
		b.triggers[src.info.Name] = src
		b.manifest.Triggers = append(b.manifest.Triggers, src.info)
	}
	return errs
}

// Manifest returns a copy: what one host does to its lists, no other sees.
func (b *backend[S, C]) Manifest(context.Context) (*Manifest, error) {
	m := b.manifest
	m.Actions, m.Triggers = slices.Clone(m.Actions), slices.Clone(m.Triggers)
	return &m, nil
}

func (b *backend[S, C]) Open(ctx context.Context, raw json.RawMessage) (Session, error) {
	client, err := b.connect(ctx, raw)
	if err := asError(err); err != nil {
		return nil, err
	}
	return newSession(ctx, b, client), nil
}

func (b *backend[S, C]) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	src, err := b.trigger(trigger)
	if err != nil {
		return err
	}
	return asError(src.check(ctx, params))
}

func (b *backend[S, C]) trigger(name string) (compiledTrigger[C], error) {
	src, ok := b.triggers[name]
	if !ok {
		return src, Invalid("there is no trigger " + quote(name) + nearest.Hint(name, b.manifest.TriggerNames()))
	}
	return src, nil
}

func (b *backend[S, C]) connect(ctx context.Context, raw json.RawMessage) (client C, err error) {
	defer Recover(ctx, "opening "+b.manifest.Name, &err)
	const what = "the connection's settings are"
	settings, err := decodeInput[S](b.settings, raw, what)
	if err != nil {
		return client, err
	}
	client, err = b.open(ctx, settings)
	var e *Error
	if errors.As(err, &e) && e != nil {
		err = e.named(what)
	}
	return client, err
}
