// Package oktaspec checks the requests of the connector and the responses of the embedded org against Okta's OpenAPI
// description. It is for tests.
package oktaspec

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"soar.example/okta/internal/oktasim"
)

// ErrMissing is the error if Okta's description is not on this machine.
var ErrMissing = errors.New("no ../shared beside the project: there is no OpenAPI description of Okta to compare with")

// A Spec contains the described calls by path, and their schemas.
type Spec struct {
	paths   map[string]*openapi3.PathItem
	schemas openapi3.Schemas
}

// Load reads the described calls that match one of the paths. Loading all calls takes most of a minute.
func Load(paths []string) (*Spec, error) {
	_, here, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(here), "../../../shared/okta/openapi")
	spec := &Spec{map[string]*openapi3.PathItem{}, openapi3.Schemas{}}
	for _, name := range []string{"management.yaml", "oauth.yaml"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrMissing
		} else if err != nil {
			return nil, err
		}
		reduced, err := cut(text, func(described string) bool {
			return slices.ContainsFunc(paths, func(path string) bool { return literals(described, path) >= 0 })
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		doc, err := openapi3.NewLoader().LoadFromData(reduced)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		maps.Copy(spec.paths, doc.Paths.Map())
		if doc.Components != nil {
			maps.Copy(spec.schemas, doc.Components.Schemas)
		}
	}
	return spec, nil
}

// Check returns the problems of an exchange. It skips a response that a fault of a test produced.
func (s *Spec) Check(e oktasim.Exchange) []string {
	item := s.find(e.Method, e.Path)
	if item == nil {
		return []string{"Okta has no such endpoint"}
	}
	op := item.GetOperation(e.Method)
	problems := checkQuery(append(slices.Clone(item.Parameters), op.Parameters...), e.Query)
	problems = append(problems, s.checkBody(op, e)...)
	if !e.Faulty {
		problems = append(problems, s.checkResponse(op, e)...)
	}
	return problems
}

// find returns the described call with the most segments in common.
func (s *Spec) find(method, path string) *openapi3.PathItem {
	var found *openapi3.PathItem
	best := -1
	for described, item := range s.paths {
		if n := literals(described, path); n > best && item.GetOperation(method) != nil {
			found, best = item, n
		}
	}
	return found
}

// literals counts the common segments of a path and a described path. It returns -1 if the path does not match.
func literals(described, path string) int {
	want, got := strings.Split(described, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return -1
	}
	n := 0
	for i, w := range want {
		switch {
		case w == got[i]:
			n++
		case !strings.HasPrefix(w, "{") || got[i] == "":
			return -1
		}
	}
	return n
}

// visit checks a value against a schema. It checks each object in it against the schema of its discriminator. An IP
// zone, for example, is recognized only by its type.
func (s *Spec) visit(schema *openapi3.Schema, v any, as openapi3.SchemaValidationOption) []error {
	v = withoutNulls(v)
	found := hard(schema.VisitJSON(v, openapi3.MultiErrors(), as))
	check := func(schema *openapi3.Schema, v any) {
		if kind := s.kind(schema, v); kind != schema {
			found = append(found, hard(kind.VisitJSON(v, openapi3.MultiErrors(), as))...)
		}
	}
	if items, ok := v.([]any); ok && schema.Items != nil {
		for _, item := range items {
			check(schema.Items.Value, item)
		}
	}
	check(schema, v)
	return found
}

// kind returns the schema of v's discriminator, or the given schema.
func (s *Spec) kind(schema *openapi3.Schema, v any) *openapi3.Schema {
	object, _ := v.(map[string]any)
	if schema.Discriminator == nil || object == nil {
		return schema
	}
	name, _ := object[schema.Discriminator.PropertyName].(string)
	ref := schema.Discriminator.Mapping[name]
	if kind := s.schemas[strings.TrimPrefix(ref.Ref, "#/components/schemas/")]; kind != nil {
		return kind.Value
	}
	return schema
}

// withoutNulls removes null members and elements. Most fields may be null, although the description seldom says
// so.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, e any) bool { return e == nil })
		for name, e := range v {
			v[name] = withoutNulls(e)
		}
	case []any:
		v = slices.DeleteFunc(v, func(e any) bool { return e == nil })
		for i, e := range v {
			v[i] = withoutNulls(e)
		}
		return v
	}
	return v
}

// hard returns the relevant errors. It drops errors about enumerations and formats, which are outdated in the
// description, and about overlapping alternatives.
func hard(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		var all []error
		for _, one := range e {
			all = append(all, hard(one)...)
		}
		return all
	case *openapi3.SchemaError:
		if slices.Contains([]string{"enum", "format"}, e.SchemaField) || errors.Is(e, openapi3.ErrOneOfConflict) || overstrict(e) {
			return nil
		}
		if e.SchemaField == "allOf" && e.Origin != nil {
			return hard(e.Origin)
		}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			return hard(inner)
		}
	}
	return []error{err}
}

// describe returns the text of an error with its location, without the schema and the value.
func describe(err error) string {
	if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return "/" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	}
	return err.Error()
}

// overstrict reports whether real responses deviate from the description in this way. In an application's user, the
// description requires objects where Okta sends text. It also requires more of an application's own settings than
// Okta sends.
func overstrict(e *openapi3.SchemaError) bool {
	at := "/" + strings.Join(e.JSONPointer(), "/")
	return e.SchemaField == "type" && userInApp.MatchString(at) || e.SchemaField == "required" && strings.Contains(at, "/settings/app/")
}

var userInApp = regexp.MustCompile(`/_embedded/user/[^/]+$`)
