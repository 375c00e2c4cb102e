package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"soar.example/okta/schema"
)

// A Connector is everything that one plugin serves. S are a connection's
// settings, C is the client that they open; a C with a Close method is closed
// with its session.
type Connector[S, C any] struct {
	Name    string // snake_case, never changed once published
	Title   string // what builders show
	Summary string // one sentence
	Docs    string // https address of the service's documentation
	Version string // semantic version
	// Open makes a client. It must not reach the service: that is Check's.
	Open     func(ctx context.Context, settings S) (C, error)
	Check    func(ctx context.Context, client C) (Health, error)
	Actions  []Operation[C]
	Triggers []Source[C]
}

// Compile turns the connector into a Backend. It refuses every mistake of its
// author that can be seen without running it, all at once: missing texts, bad or
// doubled names, tags that would be dropped, examples that break their own
// schema, an Undo that is not there.
func (c Connector[S, C]) Compile() (Backend, error) {
	b := &backend[S, C]{
		open: c.Open, check: c.Check,
		actions: map[string]operation[C]{}, triggers: map[string]source[C]{},
	}
	var errs []error
	if err := checkTexts(c.Name, c.Title, c.Summary, c.Docs); err != nil {
		errs = append(errs, err)
	}
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
	if len(errs) > 0 {
		return nil, fmt.Errorf("connector %q: %w", c.Name, errors.Join(errs...))
	}
	b.settings = settings
	b.manifest = Manifest{
		Version: ManifestVersion, Name: c.Name, Title: c.Title, Summary: c.Summary, Docs: c.Docs,
		Release: c.Version, Settings: JSON(settings.JSON()), ErrorInfo: JSON(body.JSON()),
		Actions: []ActionInfo{}, Triggers: []TriggerInfo{},
	}
	for _, a := range c.Actions {
		op, err := a.compile()
		if _, double := b.actions[op.info.Name]; err == nil && double {
			err = fmt.Errorf("action %q is there twice", op.info.Name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.actions[op.info.Name] = op
		b.manifest.Actions = append(b.manifest.Actions, op.info)
	}
	for _, t := range c.Triggers {
		src, err := t.compile()
		if _, double := b.triggers[src.info.Name]; err == nil && double {
			err = fmt.Errorf("trigger %q is there twice", src.info.Name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.triggers[src.info.Name] = src
		b.manifest.Triggers = append(b.manifest.Triggers, src.info)
	}
	for _, a := range b.manifest.Actions {
		undo, ok := b.actions[a.Undo]
		if a.Undo != "" && (!ok || undo.info.Effect == Reads) {
			errs = append(errs, fmt.Errorf("action %q: undo %q is not an action that writes", a.Name, a.Undo))
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("connector %q: %w", c.Name, errors.Join(errs...))
	}
	return b, nil
}

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	semver   = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
)

func checkTexts(name, title, summary, docs string) error {
	if !nameForm.MatchString(name) || len(name) > 64 {
		return fmt.Errorf("name %q is not snake_case of at most 64 letters", name)
	}
	if title == "" || summary == "" {
		return errors.New("needs a title and a summary")
	}
	if u, err := url.Parse(docs); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("documentation link %q is not an https address", docs)
	}
	return nil
}

type backend[S, C any] struct {
	manifest Manifest
	settings *schema.Schema
	open     func(context.Context, S) (C, error)
	check    func(context.Context, C) (Health, error)
	actions  map[string]operation[C]
	triggers map[string]source[C]
}

func (b *backend[S, C]) Manifest(context.Context) (*Manifest, error) { return &b.manifest, nil }

func (b *backend[S, C]) Open(ctx context.Context, raw json.RawMessage) (_ Session, err error) {
	settings, err := decodeInput[S](b.settings, raw, "the connection's settings")
	if err != nil {
		return nil, err
	}
	defer recovered(ctx, "opening "+b.manifest.Name, &err)
	client, err := b.open(ctx, settings)
	if err != nil {
		return nil, AsError(err)
	}
	return &session[S, C]{backend: b, client: client}, nil
}
