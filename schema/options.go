package schema

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// Options says which action lists the values that a parameter can take (keyword
// x-options): what a builder fills a drop-down with, and a shell completes.
//
// In a tag it is written in one line: the action's name, then what it is given.
// "x-options=list_network_zones usage=BLOCKLIST" fixes an input, and
// "x-options=get_user_factors user=$user" takes it from the parameter user beside
// this one.
type Options struct {
	Action string            `json:"action"`
	Input  map[string]string `json:"input,omitempty"` // inputs of the action that are always the same
	From   map[string]string `json:"from,omitempty"`  // inputs of the action, and the parameters that they come from
}

const optionsKeyword = "x-options"

var optionsWord = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parseOptions reads the form of a tag.
func parseOptions(tag string) (*Options, error) {
	words := strings.Fields(tag)
	if len(words) == 0 || !optionsWord.MatchString(words[0]) {
		return nil, fmt.Errorf("%s %q does not begin with the name of an action", optionsKeyword, tag)
	}
	o := &Options{Action: words[0]}
	for _, word := range words[1:] {
		input, value, ok := strings.Cut(word, "=")
		if !ok || !optionsWord.MatchString(input) || value == "" {
			return nil, fmt.Errorf("%s: %q is not of the form input=value or input=$parameter", optionsKeyword, word)
		}
		into := &o.Input
		if param, ok := strings.CutPrefix(value, "$"); ok {
			into, value = &o.From, param
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[input] = value
	}
	return o, nil
}

// expandOptions replaces the tag's form of x-options and x-truncate by the published
// form, everywhere in s.
func expandOptions(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if tag, ok := s.Extras[optionsKeyword].(string); ok {
		// One that cannot be read was refused by lint.
		s.Extras[optionsKeyword], _ = parseOptions(tag)
	}
	expandTruncation(s)
	expandOptions(s.Items)
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		expandOptions(p.Value)
	}
}
