package sdk

import (
	"cmp"
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
	Value       string `json:"value"`                 // value of the parameter
	Label       string `json:"label"`                 // name for people
	Description string `json:"description,omitempty"` // distinguishes options with the same label
	// Typed reports that the parameter also accepts the label.
	Typed bool `json:"typed,omitempty"`
}

// An OptionPage is a part of a parameter's options.
type OptionPage struct {
	Options []Option `json:"options"`
	Next    string   `json:"next,omitempty"` // After of the next page; "" if there is none
}

// An OptionQuery selects options of a parameter. The zero query is the first page of all
// options.
type OptionQuery struct {
	Search string          // text that the user has typed
	After  string          // Next of the previous page with the same Search
	Limit  int             // options per page; 0: the default of the action
	Given  json.RawMessage // other parameters of the input that are known, as a JSON object
}

// ListOptions returns options of a parameter, from the action that its schema names
// in x-options. params is the schema that declares the parameter: an action's input, a
// trigger's params, the settings, or an object within them. The parameter may also take
// other values, because the service may change.
//
// The error is an *[Error]: invalid_input if the parameter does not exist or has no
// options, or if they depend on a parameter that Given does not contain; otherwise the
// error of the action.
func ListOptions(ctx context.Context, s Session, m *Manifest, params JSON, param string, q OptionQuery) (OptionPage, error) {
	ref, err := optionsOf(params, param)
	if err != nil {
		return OptionPage{}, err
	}
	action := m.Action(ref.Action)
	if action == nil || action.Options == nil || action.Effect != Reads {
		return OptionPage{}, Errorf(InvalidInput, "cannot list the options of %s: this connector has no action %s that lists options", param, ref.Action)
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
		return nil, Invalid("there is no parameter " + quote(param) + nearest.Hint(param, s.Root().Names()))
	}
	if n.Options == nil {
		return nil, Invalid("the parameter " + param + " has no list of options")
	}
	return n.Options, nil
}

// input returns the input of the action.
func (q OptionQuery) input(ref *schema.Options, action *ActionInfo, param string) (json.RawMessage, error) {
	in := map[string]any{}
	for name, value := range ref.Input {
		in[name] = value
	}
	given := map[string]json.RawMessage{}
	if len(q.Given) > 0 && json.Unmarshal(q.Given, &given) != nil {
		return nil, Invalid("the parameters that are given are not a JSON object")
	}
	for name, from := range ref.From {
		value, ok := given[from]
		if !ok {
			return nil, InvalidField("/"+from, "is needed first: the options of %s depend on it", param)
		}
		in[name] = value
	}
	if q.Search != "" {
		in[action.Options.Search] = q.Search
	}
	if q.After != "" {
		in[action.Options.After] = q.After
	}
	if q.Limit > 0 {
		in[action.Options.Limit] = q.Limit
	}
	delete(in, "") // the action has no such input
	return json.Marshal(in)
}

// page reads the options from the action's output. It leaves out those without a value.
func (q OptionQuery) page(action *ActionInfo, output json.RawMessage) (OptionPage, error) {
	names := action.Options
	var members map[string]json.RawMessage
	var items []map[string]json.RawMessage
	err := json.Unmarshal(output, &members)
	if err == nil {
		err = json.Unmarshal(members[names.Items], &items)
	}
	if err != nil {
		return OptionPage{}, Errorf(Internal, "cannot read the list %q in the output of %s: %w", names.Items, action.Name, err)
	}
	page := OptionPage{Options: []Option{}, Next: plain(members[names.Next])}
	for _, item := range items {
		o := Option{Value: plain(item[names.Value]), Description: plain(item[names.Description]), Typed: names.Typed}
		o.Label = cmp.Or(plain(item[names.Label]), o.Value)
		text := strings.ToLower(o.Value + "\n" + o.Label + "\n" + o.Description)
		if o.Value != "" && (names.Search != "" || strings.Contains(text, strings.ToLower(q.Search))) {
			page.Options = append(page.Options, o)
		}
	}
	return page, nil
}

// plain returns a text, number or boolean as people write it, "" for other values.
func plain(raw json.RawMessage) string {
	var v any
	_ = json.Unmarshal(raw, &v) // absent: nil
	switch v := v.(type) {
	case string:
		return v
	case float64, bool:
		return string(raw)
	}
	return ""
}

// An OptionList maps the output of an action that reads to the options of a parameter.
// The schema of the parameter names the action in x-options (see [schema.Options]). The
// fields are names of inputs and of members of the output. [ListOptions] applies it.
type OptionList struct {
	Items       string `json:"items"`                 // Member of the output that has the list.
	Value       string `json:"value"`                 // Member of an item that has the value of the parameter.
	Label       string `json:"label"`                 // Member of an item that has its name for people.
	Description string `json:"description,omitempty"` // Member of an item that distinguishes items with the same label.
	Typed       bool   `json:"typed,omitempty"`       // A person can also enter the label instead of the value.
	// Name of the parameter that takes the search text. Without it, the host searches the items itself.
	Search string `json:"search,omitempty"`
	Limit  string `json:"limit,omitempty"` // Name of the parameter that takes the page size.
	After  string `json:"after,omitempty"` // Name of the parameter that takes the cursor of the page.
	// Member of the output that has the cursor of the next page; absent or empty on the last page.
	Next string `json:"next,omitempty"`
}

// verify returns an error for names that input and output of the action do not have.
func (o *OptionList) verify(a ActionInfo, input, output *schema.Schema) error {
	if o == nil {
		return nil
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("options: "+format, args...)) }
	if a.Effect != Reads {
		fail("it %s, and a list of options only reads", a.Effect)
	}
	items := new(schema.Node)
	if n := output.Root().Property(o.Items); n != nil && n.Items != nil {
		items = n.Items
	} else {
		fail("items: the answer has no list %q", o.Items)
	}
	for _, member := range []struct {
		what, name, missing string
		of                  *schema.Node
	}{
		{"search", o.Search, "there is no input", input.Root()},
		{"limit", o.Limit, "there is no input", input.Root()},
		{"after", o.After, "there is no input", input.Root()},
		{"next", o.Next, "the answer has no", output.Root()},
		{"value", o.Value, "the items of " + o.Items + " have no", items},
		{"label", o.Label, "the items of " + o.Items + " have no", items},
		{"description", o.Description, "the items of " + o.Items + " have no", items},
	} {
		if member.name != "" && member.of.Property(member.name) == nil {
			fail("%s: %s %q", member.what, member.missing, member.name)
		}
	}
	if (o.After == "") != (o.Next == "") {
		fail("after and next go together")
	}
	if o.Value == "" || o.Label == "" {
		fail("need a value and a label")
	}
	return errors.Join(errs...)
}

// verifyOptions returns an error for options in the schema of an object's parameters, or
// of objects within it, that no action of the manifest can list. The parameters from which
// an option takes values are members of the same object.
func verifyOptions(params *schema.Node, actions *Manifest) error {
	if params == nil {
		return nil
	}
	var errs []error
	for _, p := range params.Properties {
		err := errors.Join(verifyOptions(p.Node, actions), verifyOptions(p.Node.Items, actions))
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

func verifyRef(ref *schema.Options, params *schema.Node, actions *Manifest) error {
	a := actions.Action(ref.Action)
	if a == nil {
		return fmt.Errorf("there is no action %q", ref.Action)
	}
	if a.Options == nil {
		return fmt.Errorf("action %s does not say how it lists options", a.Name)
	}
	input := node(a.Input)
	var errs []error
	for name := range ref.Input {
		if input.Property(name) == nil {
			errs = append(errs, fmt.Errorf("action %s has no input %q", a.Name, name))
		}
	}
	for name, param := range ref.From {
		if input.Property(name) == nil {
			errs = append(errs, fmt.Errorf("action %s has no input %q", a.Name, name))
		}
		if params.Property(param) == nil {
			errs = append(errs, fmt.Errorf("there is no parameter %q to take %s from", param, name))
		}
	}
	for _, name := range input.Required {
		if ref.Input[name] == "" && ref.From[name] == "" && name != a.Options.Search {
			errs = append(errs, fmt.Errorf("action %s needs the input %q", a.Name, name))
		}
	}
	return errors.Join(errs...)
}
