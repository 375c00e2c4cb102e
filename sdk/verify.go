package sdk

import (
	"encoding/json"
	"errors"
	"fmt"

	"soar.example/okta/schema"
)

// Verify returns the mistakes of a connector's author that [Connector.Compile] does not
// check, since every start of a plugin waits for Compile and these checks take longer:
// tags that make no schema, defaults and examples that break their schema, a write whose
// output has no outcome. The conformance suite calls Verify. It returns nil for a backend
// in another process.
func Verify(b Backend) error {
	if own, ok := b.(interface{ verify() error }); ok {
		return own.verify()
	}
	return nil
}

func (b *backend[S, C]) verify() error {
	var errs []error
	check := func(name string, params *schema.Schema, err error) {
		if err := errors.Join(err, verifyOptions(params.Root(), &b.manifest)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	check("settings", b.settings, b.settings.Verify())
	for _, a := range b.manifest.Actions {
		check(fmt.Sprintf("action %q", a.Name), b.actions[a.Name].input, b.actions[a.Name].verify())
	}
	for _, t := range b.manifest.Triggers {
		check(fmt.Sprintf("trigger %q", t.Name), b.triggers[t.Name].params, b.triggers[t.Name].verify())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("connector %q: %w", b.manifest.Name, err)
	}
	return nil
}

func (a ActionInfo) verify(input, output *schema.Schema) error {
	errs := []error{
		verified("input", input, a.Example.Input),
		verified("output", output, a.Example.Output),
		verifyShapes(a.Shapes),
	}
	members := []string{"outcome", "before", "after", "subjects"}
	if a.Undo != "" {
		members = append(members, "undo")
	}
	for _, name := range members {
		if a.Effect != Reads && output.Root().Property(name) == nil {
			errs = append(errs, fmt.Errorf("it %s, so its output must have %q", a.Effect, name))
		}
	}
	errs = append(errs, a.Options.verify(a, input, output))
	return errors.Join(errs...)
}

func (t TriggerInfo) verify(params, event *schema.Schema) error {
	err := params.Verify()
	if err != nil {
		err = fmt.Errorf("params: %w", err)
	}
	return errors.Join(err, verified("event", event, t.Example), verifyShapes(t.Shapes))
}

// verified verifies a schema and an example of it.
func verified(what string, s *schema.Schema, example JSON) error {
	if err := s.Verify(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if violations := s.Check(json.RawMessage(example)); violations != nil {
		return fmt.Errorf("example %s: %w", what, Invalid("does not follow its own schema", violations...))
	}
	return nil
}

func verifyShapes(shapes map[string]JSON) error {
	var errs []error
	for name, raw := range shapes {
		if _, err := schema.Parse(json.RawMessage(raw)); err != nil {
			errs = append(errs, fmt.Errorf("shape %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
