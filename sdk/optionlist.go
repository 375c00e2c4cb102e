package sdk

import (
	"errors"
	"fmt"

	"soar.example/okta/schema"
)

// An OptionList says how the answer of an action that reads becomes the list of
// options of a parameter: of one whose schema names the action in x-options (see
// [schema.Options]). The fields are names of inputs and members. [ListOptions] does
// what it says.
type OptionList struct {
	Items       string `json:"items"`                 // Member of the answer that is the list.
	Value       string `json:"value"`                 // Member of an item that is what the parameter takes.
	Label       string `json:"label"`                 // Member of an item that people know it by.
	Description string `json:"description,omitempty"` // Member of an item that tells two of one label apart.
	Typed       bool   `json:"typed,omitempty"`       // Whether the parameter takes the label as well, where a person types it.
	// Input that takes what was typed so far. Without one, the host picks among the items.
	Search string `json:"search,omitempty"`
	Limit  string `json:"limit,omitempty"` // Input that takes how many options a page has.
	After  string `json:"after,omitempty"` // Input that takes the place where a page begins.
	// Member of the answer that is the place where the next page begins; absent or empty if there is none.
	Next string `json:"next,omitempty"`
}

// verify refuses what input and output of the action do not have.
func (o *OptionList) verify(a ActionInfo, input, output *schema.Schema) error {
	if o == nil {
		return nil
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("options: "+format, args...)) }
	if a.Effect != Reads {
		fail("it %s, and a list of options only reads", a.Effect)
	}
	for what, name := range map[string]string{"search": o.Search, "limit": o.Limit, "after": o.After} {
		if name != "" && input.Root().Property(name) == nil {
			fail("%s: there is no input %q", what, name)
		}
	}
	if (o.After == "") != (o.Next == "") {
		fail("after and next go together")
	}
	if o.Next != "" && output.Root().Property(o.Next) == nil {
		fail("next: the answer has no %q", o.Next)
	}
	items := output.Root().Property(o.Items)
	if items == nil || items.Items == nil {
		fail("items: the answer has no list %q", o.Items)
		return errors.Join(errs...)
	}
	if o.Value == "" || o.Label == "" {
		fail("need a value and a label")
	}
	for what, name := range map[string]string{"value": o.Value, "label": o.Label, "description": o.Description} {
		if name != "" && items.Items.Property(name) == nil {
			fail("%s: the items of %s have no %q", what, o.Items, name)
		}
	}
	return errors.Join(errs...)
}

// verifyOptions refuses, in the schema of some parameters, options that no action of
// the manifest can list.
func verifyOptions(params *schema.Schema, actions map[string]ActionInfo) error {
	return verifyOptionsIn(params.Root(), actions)
}

// verifyOptionsIn goes over the parameters of one object, and of those within it. What
// an option takes from a parameter, it takes from one of the same object.
func verifyOptionsIn(params *schema.Node, actions map[string]ActionInfo) error {
	if params == nil {
		return nil
	}
	var errs []error
	for _, p := range params.Properties {
		err := errors.Join(verifyOptionsIn(p.Node, actions), verifyOptionsIn(p.Node.Items, actions))
		if p.Node.Options != nil {
			if ref := verifyRef(p.Node.Options, params, actions); ref != nil {
				err = errors.Join(err, fmt.Errorf("x-options: %w", ref))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

func verifyRef(ref *schema.Options, params *schema.Node, actions map[string]ActionInfo) error {
	a, ok := actions[ref.Action]
	if !ok {
		return fmt.Errorf("there is no action %q", ref.Action)
	}
	if a.Options == nil {
		return fmt.Errorf("action %s does not say how it lists options", a.Name)
	}
	input, err := schema.Parse([]byte(a.Input))
	if err != nil {
		return err
	}
	var errs []error
	for name := range ref.Input {
		if input.Root().Property(name) == nil {
			errs = append(errs, fmt.Errorf("action %s has no input %q", a.Name, name))
		}
	}
	for name, param := range ref.From {
		if input.Root().Property(name) == nil {
			errs = append(errs, fmt.Errorf("action %s has no input %q", a.Name, name))
		}
		if params.Property(param) == nil {
			errs = append(errs, fmt.Errorf("there is no parameter %q to take %s from", param, name))
		}
	}
	for _, name := range input.Root().Required {
		if ref.Input[name] == "" && ref.From[name] == "" && name != a.Options.Search {
			errs = append(errs, fmt.Errorf("action %s needs the input %q", a.Name, name))
		}
	}
	return errors.Join(errs...)
}
