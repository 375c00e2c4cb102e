package sdk

import (
	"context"
	"encoding/json"
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
