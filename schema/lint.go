package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// lint returns every mistake in the tags of t's fields, and of the structs that
// they lead to: a missing json tag or description, a name that two fields have, a
// keyword that would be dropped, a schema hook that would not be called, a type
// that has no JSON form or no end. Of inputs (open false) it asks for a title on
// every field besides.
func lint(t reflect.Type, open bool) error {
	return errors.Join(lintType(t, open, nil)...)
}

// hooks are the methods by which a type takes part in making its schema.
var hooks = map[string]reflect.Type{
	"JSONSchema":       reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }](),
	"JSONSchemaExtend": reflect.TypeFor[interface{ JSONSchemaExtend(*jsonschema.Schema) }](),
}

func lintType(t reflect.Type, open bool, path []reflect.Type) []error {
	if slices.Contains(path, t) {
		return []error{fmt.Errorf("%s contains itself: its schema would have no end", t)}
	}
	path = append(slices.Clip(path), t)
	if t.Kind() == reflect.Pointer {
		return lintType(t.Elem(), open, path)
	}
	if errs := lintHooks(t); errs != nil {
		return errs
	}
	if hasSchemaMethod(t) || ready(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return lintType(t.Elem(), open, path)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return []error{fmt.Errorf("%s: only strings can be names in a JSON object", t)}
		}
		return lintType(t.Elem(), open, path)
	case reflect.Struct:
		return lintStruct(t, open, path, map[string]bool{})
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		return []error{fmt.Errorf("%s has no JSON form", t)}
	default:
		return nil
	}
}

func lintHooks(t reflect.Type) []error {
	if t.Kind() == reflect.Interface {
		return nil
	}
	var errs []error
	for _, name := range []string{"JSONSchema", "JSONSchemaExtend"} {
		_, there := reflect.PointerTo(t).MethodByName(name)
		switch {
		case !there || t.Implements(hooks[name]):
		case reflect.PointerTo(t).Implements(hooks[name]):
			errs = append(errs, fmt.Errorf("%s: %s has a pointer receiver and would never be called", t, name))
		default:
			errs = append(errs, fmt.Errorf("%s: %s is not of the form %s and would never be called", t, name, hooks[name].Method(0).Type))
		}
	}
	return errs
}

// lintStruct gathers the names of t's members in names, those of the structs that
// it embeds too.
func lintStruct(t reflect.Type, open bool, path []reflect.Type, names map[string]bool) []error {
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if inner := indirect(f.Type); f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			if slices.Contains(path, inner) {
				errs = append(errs, fmt.Errorf("%s contains itself: its schema would have no end", inner))
				continue
			}
			errs = append(errs, lintStruct(inner, open, append(slices.Clip(path), inner), names)...)
			continue
		}
		if !f.IsExported() {
			continue
		}
		problems := lintField(t, f, open)
		if name != "" && names[name] {
			problems = append(problems, fmt.Sprintf("has the name %q, which another field has", name))
		}
		names[name] = true
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("%s.%s: %s", t, f.Name, problem))
		}
		errs = append(errs, lintType(f.Type, open, path)...)
	}
	return errs
}

func indirect(t reflect.Type) reflect.Type {
	for seen := 0; t.Kind() == reflect.Pointer && seen < 10; seen++ {
		t = t.Elem()
	}
	return t
}

func hasSchemaMethod(t reflect.Type) bool { return t.Implements(hooks["JSONSchema"]) }

// ready reports whether t's schema is known without looking inside.
func ready(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[net.IP]() || t == reflect.TypeFor[json.RawMessage]()
}

// shape returns the JSON type that the schema of t names, and that of its items
// if it is an array; "any" if it names none.
func shape(t reflect.Type) (of, items string) {
	t = indirect(t)
	if hasSchemaMethod(t) {
		s := hook(t)
		return named(s), named(s.Items)
	}
	if of = typeOf(t); of == "array" {
		items = typeOf(indirect(t.Elem()))
	}
	return of, items
}

func hook(t reflect.Type) *jsonschema.Schema {
	return reflect.New(t).Interface().(interface{ JSONSchema() *jsonschema.Schema }).JSONSchema()
}

// typeOf is the JSON type that the schema of t names.
func typeOf(t reflect.Type) string {
	switch {
	case hasSchemaMethod(t):
		return named(hook(t))
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[net.IP]():
		return "string"
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]() {
			return "string" // base64
		}
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.String:
		return "string"
	default:
		return "any"
	}
}

func named(s *jsonschema.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == "":
		return "any"
	case s.Type == "integer":
		return "number"
	default:
		return s.Type
	}
}

// keywords are those that invopop/jsonschema acts on, by the type of schema the
// field has. It drops any other without a word, which is why lint exists. An
// array passes what is not its own on to its items.
var keywords = map[string][]string{
	"string":  {"title", "minLength", "maxLength", "pattern", "format", "writeOnly", "default", "example", "enum"},
	"number":  {"title", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "default", "example", "enum"},
	"boolean": {"title", "default"},
	"array":   {"title", "minItems", "maxItems", "uniqueItems", "default"},
	"object":  {"title"},
	"any":     {"title"},
}

// repeatable are the keywords of which a field may have several.
var repeatable = []string{"enum", "example"}

func lintField(t reflect.Type, f reflect.StructField, open bool) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	options := strings.Split(f.Tag.Get("json"), ",")
	optional := false
	if options[0] == "" {
		add("has no json name")
	}
	for _, option := range options[1:] {
		if option != "omitempty" && option != "omitzero" {
			add("json option %q would not be in the schema", option)
		}
		optional = true
	}
	tag, comment := f.Tag.Get("jsonschema_description"), description(t, f.Name)
	switch {
	case tag == "" && comment == "":
		add("has no description: give it a comment and run go generate, or a jsonschema_description tag")
	case tag != "" && comment != "":
		add("has a jsonschema_description and a comment that describes it: keep the comment")
	}
	of, items := shape(f.Type)
	seen := map[string]bool{}
	for _, tag := range splitTag(f.Tag.Get("jsonschema")) {
		keyword, value, ok := strings.Cut(tag, "=")
		if !ok {
			add("keyword %q has no value and would be dropped", tag)
			continue
		}
		if problem := lintKeyword(of, items, keyword, value); problem != "" {
			add("%s", problem)
		} else if seen[keyword] && !slices.Contains(repeatable, keyword) && (of != "array" || keyword != "default") {
			add("keyword %q is given twice", keyword)
		}
		if keyword == "default" && !optional {
			add("has a default, but must be given: it has no omitempty or omitzero")
		}
		seen[keyword] = true
	}
	problems = append(problems, lintExtras(f, open)...)
	if strings.Contains(f.Tag.Get("jsonschema_extras"), truncateKeyword) {
		problems = append(problems, lintInformational(of, seen)...)
	}
	return problems
}

// lintInformational refuses a rule beside x-truncate that could reject the text.
func lintInformational(of string, seen map[string]bool) []string {
	if of != "string" {
		return []string{truncateKeyword + " applies only to a text"}
	}
	var problems []string
	for _, keyword := range []string{"minLength", "maxLength", "pattern", "format", "enum", "writeOnly"} {
		if seen[keyword] {
			problems = append(problems, fmt.Sprintf("keyword %q must not stand beside %s: an informational text is never rejected", keyword, truncateKeyword))
		}
	}
	return problems
}

func lintExtras(f reflect.StructField, open bool) []string {
	var problems []string
	seen := map[string]bool{}
	for _, extra := range splitTag(f.Tag.Get("jsonschema_extras")) {
		keyword, value, _ := strings.Cut(extra, "=")
		switch {
		case seen[keyword]:
			problems = append(problems, "has more than one "+keyword)
		case keyword == "x-group" && (value == "advanced" || value == "basic"):
		case keyword == truncateKeyword && !open:
			if truncation(value) == 0 {
				problems = append(problems, fmt.Sprintf("%s %q is not a number of at least %d", truncateKeyword, value, leastTruncation))
			}
		case keyword == languageKeyword && !open:
			if !slices.Contains(languages, value) || typeOf(indirect(f.Type)) != "string" {
				problems = append(problems, fmt.Sprintf("%s %q is not one of %s on a text", languageKeyword, value, strings.Join(languages, ", ")))
			}
		case keyword == optionsKeyword && !open:
			if _, err := parseOptions(value); err != nil {
				problems = append(problems, err.Error())
			}
		default:
			problems = append(problems, fmt.Sprintf("unknown extra %q", extra))
		}
		seen[keyword] = true
	}
	return problems
}

// lintKeyword says why a keyword would be dropped, or would not be what was
// meant; "" if all is well.
func lintKeyword(of, items, keyword, value string) string {
	target := of
	if of == "array" && !slices.Contains(keywords["array"], keyword) && items != "array" && items != "object" {
		target = items
	}
	if !slices.Contains(keywords[target], keyword) || target != of && keyword == "default" {
		if of == "array" {
			of = "an array of " + items
		}
		return fmt.Sprintf("keyword %q does not apply to %s and would be dropped", keyword, of)
	}
	dropped := fmt.Sprintf("%s %q", keyword, value)
	if of != "string" && keyword != "title" && strings.Contains(value, "=") {
		return dropped + " has an equals sign and would be dropped"
	}
	switch keyword {
	case "minLength", "maxLength", "minItems", "maxItems":
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return dropped + " is not a whole number and would be dropped"
		}
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		if !numeric(value) {
			return dropped + " is not a number and would be dropped"
		}
	case "writeOnly", "uniqueItems":
		if value != "true" {
			return dropped + " is not true and would not mean what it says"
		}
	case "default", "example", "enum":
		if target == "number" && !numeric(value) {
			return dropped + " is not a number and would be dropped"
		}
		if target == "boolean" && value != "true" && value != "false" {
			return dropped + " is not a boolean and would be dropped"
		}
	}
	return ""
}

func numeric(s string) bool {
	return json.Valid([]byte(s)) && bounded(json.Number(s))
}

// splitTag splits a tag's value at the commas that no backslash precedes, as
// invopop/jsonschema does.
func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	var parts []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			part.WriteByte(',')
			i++
		case s[i] == ',':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	return append(parts, part.String())
}
