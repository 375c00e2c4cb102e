package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/invopop/jsonschema"
	compiled "github.com/santhosh-tekuri/jsonschema/v6"
)

// Input returns the schema of T as an input. The schema rejects members that T does not name. It
// marks each parameter "basic" or "advanced" (keyword x-group); builders group parameters by it.
// The keyword x-options has the form of [Options].
func Input[T any]() (*Schema, error) {
	return reflected[T](false, func(s *jsonschema.Schema) {
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			if p.Value.Extras["x-group"] == nil {
				if p.Value.Extras == nil {
					p.Value.Extras = map[string]any{}
				}
				p.Value.Extras["x-group"] = "basic"
			}
		}
		expandOptions(s)
	})
}

// Output returns the schema of T as an output. The schema allows members that T does not name, so
// that an older reader accepts a newer output.
func Output[T any]() (*Schema, error) {
	return reflected[T](true, expandOptions)
}

func reflected[T any](open bool, finish func(*jsonschema.Schema)) (*Schema, error) {
	t := reflect.TypeFor[T]()
	if err := lint(t, open); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	s := reflector(open).ReflectFromType(t)
	s.Version = jsonschema.Version
	if s.Type != "object" {
		return nil, fmt.Errorf("schema of %s: is of type %q; use a struct, so that members can be added later", t, s.Type)
	}
	if s.Properties == nil {
		s.Properties = jsonschema.NewProperties()
	}
	if !open {
		addTitles(s)
	}
	finish(s)
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	return lazy(raw), nil
}

func reflector(open bool) *jsonschema.Reflector {
	return &jsonschema.Reflector{
		Anonymous:                 true, // no $id from the import path
		DoNotReference:            true, // one tree without references, for form builders
		AllowAdditionalProperties: open,
		LookupComment:             description,
	}
}

// Of returns the schema of T as a part of another schema, for the JSONSchema method of a type with
// documents of the same form. It allows members that T does not name.
func Of[T any]() *jsonschema.Schema {
	s := reflector(true).ReflectFromType(reflect.TypeFor[T]())
	s.Version = ""
	expandOptions(s)
	return s
}

// addTitles adds a title to each member of an input that declares none.
func addTitles(s *jsonschema.Schema) {
	if s.Items != nil {
		addTitles(s.Items)
	}
	if s.AdditionalProperties != nil {
		addTitles(s.AdditionalProperties)
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Title == "" {
			p.Value.Title = title(p.Key)
		}
		addTitles(p.Value)
	}
}

// Verify checks the schema itself, which [Input] and [Output] do not, since the check is slow. It
// rejects a document that is not a schema, and a default or an example that does not match its own
// schema.
func (s *Schema) Verify() error {
	if _, err := Parse(s.raw); err != nil {
		return err
	}
	compiled, err := s.compiled()
	if err != nil {
		return err
	}
	return errors.Join(annotations(compiled, "")...)
}

func annotations(s *compiled.Schema, at string) []error {
	var errs []error
	check := func(what string, value any) {
		own := Schema{
			doc:      func() *Node { return new(Node) },
			compiled: func() (*compiled.Schema, error) { return s, nil },
		}
		for _, v := range own.violations(value) {
			errs = append(errs, fmt.Errorf("%s: the %s does not match the schema: %s", at, what, v))
		}
	}
	if s.Default != nil {
		check("default", *s.Default)
	}
	for _, e := range s.Examples {
		check("example", e)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		errs = append(errs, annotations(s.Properties[name], at+pointer([]string{name}))...)
	}
	for _, next := range append(schemasIn(s.AdditionalProperties), s.Items2020) {
		if next != nil {
			errs = append(errs, annotations(next, at)...)
		}
	}
	return errs
}

var (
	descriptionsMu sync.RWMutex
	descriptions   = map[string]string{} // by import path + "." + type + "." + field
)

// Describe registers the comments of a package's struct fields, by "Type.Field", as the
// descriptions of these fields in schemas. Only code that the command schema/describe generates
// calls it.
func Describe(importPath string, comments map[string]string) {
	descriptionsMu.Lock()
	defer descriptionsMu.Unlock()
	for field, text := range comments {
		descriptions[importPath+"."+field] = text
	}
}

// description returns the registered comment of a field. All instances of a generic
// type share the comments of its declaration.
func description(t reflect.Type, field string) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	descriptionsMu.RLock()
	defer descriptionsMu.RUnlock()
	return descriptions[t.PkgPath()+"."+name+"."+field]
}

// initialisms are words with special capitals in titles.
var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "ip": "IP", "ips": "IPs", "url": "URL", "uri": "URI", "api": "API", "mfa": "MFA", "sms": "SMS",
	"okta": "Okta", "oauth": "OAuth", "dpop": "DPoP", "uuid": "UUID", "json": "JSON", "ecs": "ECS", "emm": "EMM", "idp": "IdP",
}

// title returns the title of a member that declares none: the words of its name in snake_case or
// camelCase.
func title(member string) string {
	var spaced strings.Builder
	for i, r := range member {
		if i > 0 && unicode.IsUpper(r) {
			spaced.WriteByte('_')
		}
		spaced.WriteRune(unicode.ToLower(r))
	}
	return inWords(spaced.String(), false)
}

// TitleCase returns a name in snake_case as a title: "Block IP" for block_ip.
func TitleCase(name string) string { return inWords(name, true) }

func inWords(name string, allCapitals bool) string {
	words := strings.Split(name, "_")
	for i, word := range words {
		if known, ok := initialisms[word]; ok {
			words[i] = known
		} else if (i == 0 || allCapitals) && word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}
