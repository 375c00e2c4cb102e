package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
)

// An Option is one value that a parameter can take.
type Option struct {
	Value       string `json:"value"`                 // what the parameter takes
	Label       string `json:"label"`                 // what people know it by
	Description string `json:"description,omitempty"` // tells two of one label apart
	// Typed says that the parameter takes the label as well.
	Typed bool `json:"typed,omitempty"`
}

// An OptionPage is a part of a parameter's options.
type OptionPage struct {
	Options []Option `json:"options"`
	Next    string   `json:"next,omitempty"` // the next page's After; "" if there is none
}

// An OptionQuery says which of a parameter's options are asked for. The zero query is
// the first page of all.
type OptionQuery struct {
	Search string          // what was typed so far
	After  string          // the Next of the page before; for the same Search
	Limit  int             // options a page; 0 leaves it to the action
	Given  json.RawMessage // the parameters beside it that are known, a JSON object
}

// ListOptions returns options of a parameter, from the action that its schema names
// in x-options. params is the schema that holds the parameter: an action's input, a
// trigger's params, the settings, or that of an object within them. The options are
// those of now; a value that is not among them may be one all the same.
//
// The error is an *[Error]: invalid_input if the parameter is not there or lists no
// options, or if it takes a parameter beside it that Given does not hold; otherwise
// what the action answered.
func ListOptions(ctx context.Context, s Session, m *Manifest, params JSON, param string, q OptionQuery) (OptionPage, error) {
	ref, err := optionsOf(params, param)
	if err != nil {
		return OptionPage{}, err
	}
	action := m.Action(ref.Action)
	if action == nil || action.Options == nil || action.Effect != Reads {
		return OptionPage{}, Invalid(fmt.Sprintf("the options of %s are listed by %s, which this connector cannot", param, ref.Action))
	}
	input, err := q.input(ref, action, param)
	if err != nil {
		return OptionPage{}, err
	}
	result, err := s.Run(ctx, action.Name, input)
	if err != nil {
		return OptionPage{}, err
	}
	return q.page(action, result.Output)
}

func optionsOf(params JSON, param string) (*schema.Options, error) {
	s, err := schema.Parse(json.RawMessage(params))
	if err != nil {
		return nil, &Error{Code: Internal, Message: "the schema of the parameters cannot be read", Err: err}
	}
	n := s.Root().Property(param)
	if n == nil {
		var names []string
		for _, p := range s.Root().Properties {
			names = append(names, p.Name)
		}
		return nil, Invalid("there is no parameter " + quote(param) + nearest.Hint(param, names))
	}
	if n.Options == nil {
		return nil, Invalid("the parameter " + param + " has no list of options")
	}
	return n.Options, nil
}

// input is what the action is given.
func (q OptionQuery) input(ref *schema.Options, action *ActionInfo, param string) (json.RawMessage, error) {
	in := map[string]any{}
	for name, value := range ref.Input {
		in[name] = value
	}
	given := map[string]json.RawMessage{}
	if len(q.Given) > 0 {
		if err := json.Unmarshal(q.Given, &given); err != nil {
			return nil, Invalid("the parameters that are given are not a JSON object")
		}
	}
	for name, from := range ref.From {
		value, ok := given[from]
		if !ok {
			return nil, InvalidField("/"+from, "is needed first: the options of %s depend on it", param)
		}
		in[name] = value
	}
	for name, value := range map[string]string{action.Options.Search: q.Search, action.Options.After: q.After} {
		if name != "" && value != "" {
			in[name] = value
		}
	}
	if q.Limit > 0 && action.Options.Limit != "" {
		in[action.Options.Limit] = q.Limit
	}
	return json.Marshal(in)
}

// page reads the options from the action's answer. One without a value is none.
func (q OptionQuery) page(action *ActionInfo, output json.RawMessage) (OptionPage, error) {
	list := action.Options
	answer := map[string]json.RawMessage{}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(output, &answer); err != nil {
		return OptionPage{}, &Error{Code: Internal, Message: "the answer of " + action.Name + " cannot be read", Err: err}
	}
	if err := json.Unmarshal(answer[list.Items], &items); err != nil {
		return OptionPage{}, &Error{Code: Internal, Message: "the answer of " + action.Name + " holds no list " + list.Items, Err: err}
	}
	page := OptionPage{Options: []Option{}, Next: plain(answer[list.Next])}
	for _, item := range items {
		o := Option{Value: plain(item[list.Value]), Label: plain(item[list.Label]), Description: plain(item[list.Description]), Typed: list.Typed}
		if o.Value == "" || list.Search == "" && !o.matches(q.Search) {
			continue
		}
		if o.Label == "" {
			o.Label = o.Value
		}
		page.Options = append(page.Options, o)
	}
	return page, nil
}

// matches reports whether what was typed stands anywhere in the option.
func (o Option) matches(typed string) bool {
	typed = strings.ToLower(typed)
	for _, s := range []string{o.Value, o.Label, o.Description} {
		if strings.Contains(strings.ToLower(s), typed) {
			return true
		}
	}
	return false
}

// plain is a text, number or boolean as people write it, "" for anything else.
func plain(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case float64, bool:
		return string(raw)
	}
	return ""
}

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
