package sdk

import (
	"encoding/json"
	"errors"
	"fmt"

	"soar.example/okta/schema"
)

// Verify refuses the mistakes of a connector's author that [Connector.Compile]
// takes on trust, since every start of a plugin waits for Compile and these take a
// validator to see: tags that make no schema, defaults and examples that break
// their own, a write whose answer does not say what it did. The conformance suite
// calls it. Of a backend that is in another process it knows nothing.
func Verify(b Backend) error {
	if own, ok := b.(interface{ verify() error }); ok {
		return own.verify()
	}
	return nil
}

func (b *backend[S, C]) verify() error {
	var errs []error
	actions := map[string]ActionInfo{}
	for _, a := range b.manifest.Actions {
		actions[a.Name] = a
	}
	if err := errors.Join(b.settings.Verify(), verifyOptions(b.settings, actions)); err != nil {
		errs = append(errs, fmt.Errorf("settings: %w", err))
	}
	for _, a := range b.manifest.Actions {
		if err := errors.Join(b.actions[a.Name].verify(), verifyOptions(b.actions[a.Name].input, actions)); err != nil {
			errs = append(errs, fmt.Errorf("action %q: %w", a.Name, err))
		}
	}
	for _, t := range b.manifest.Triggers {
		if err := errors.Join(b.triggers[t.Name].verify(), verifyOptions(b.triggers[t.Name].params, actions)); err != nil {
			errs = append(errs, fmt.Errorf("trigger %q: %w", t.Name, err))
		}
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
	for _, name := range []string{"outcome", "before", "after"} {
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
