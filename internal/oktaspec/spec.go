// Package oktaspec holds what the connector sends, and what the embedded org answers,
// against Okta's own OpenAPI description. It is for tests.
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

// ErrMissing says that Okta's description is not on this machine.
var ErrMissing = errors.New("no ../shared beside the project: there is no OpenAPI description of Okta to compare with")

// A Spec is the calls that Okta describes, by their paths, and the schemas that these
// name.
type Spec struct {
	paths   map[string]*openapi3.PathItem
	schemas openapi3.Schemas
}

// Load reads the calls that have the form of one of the paths, and leaves out the
// others: reading all of them takes most of a minute.
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
		doc, err := openapi3.NewLoader().LoadFromData(cut(string(text), func(described string) bool {
			return slices.ContainsFunc(paths, func(path string) bool { return literals(described, path) >= 0 })
		}))
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

// Check says what is wrong with an exchange: with the request always, with the answer
// where it is the org's own.
func (s *Spec) Check(e oktasim.Exchange) []string {
	item := s.find(e.Method, e.Path)
	if item == nil {
		return []string{"Okta has no such call"}
	}
	op := item.GetOperation(e.Method)
	problems := checkQuery(append(slices.Clone(item.Parameters), op.Parameters...), e.Query)
	problems = append(problems, s.checkBody(op, e)...)
	if !e.Faulty {
		problems = append(problems, s.checkAnswer(op, e)...)
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

// literals counts the segments that a path has in common with a described one; -1 if
// it is not of that form.
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

// visit holds a value against a schema, and each object in it against the kind that a
// member of it names: the description of a network zone, say, is that of any, and that
// of an IP zone is known by the type alone.
func (s *Spec) visit(schema *openapi3.Schema, v any, as openapi3.SchemaValidationOption) []error {
	v = withoutNulls(v)
	found := hard(schema.VisitJSON(v, openapi3.MultiErrors(), as))
	if items, ok := v.([]any); ok && schema.Items != nil {
		for _, item := range items {
			if kind := s.kind(schema.Items.Value, item); kind != schema.Items.Value {
				found = append(found, hard(kind.VisitJSON(item, openapi3.MultiErrors(), as))...)
			}
		}
	}
	if kind := s.kind(schema, v); kind != schema {
		found = append(found, hard(kind.VisitJSON(v, openapi3.MultiErrors(), as))...)
	}
	return found
}

// kind is the schema that v's discriminator names, the given one if none does.
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

// withoutNulls removes members and elements that are null: the description leaves out
// of most fields that they may be.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			if e != nil {
				out[name] = withoutNulls(e)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if e != nil {
				out = append(out, withoutNulls(e))
			}
		}
		return out
	}
	return v
}

// hard returns the errors that are about neither enumerations nor formats, which the
// description does not keep up to date, nor about alternatives that overlap.
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

// say is what an error is about and where, without the schema and the value.
func say(err error) string {
	if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return "/" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	}
	return err.Error()
}

// overstrict tells whether an error is about what real traffic does otherwise than the
// description: of the user in an application it wants objects where Okta sends text, and
// of an application's own settings more than Okta sends.
func overstrict(e *openapi3.SchemaError) bool {
	at := "/" + strings.Join(e.JSONPointer(), "/")
	return e.SchemaField == "type" && userInApp.MatchString(at) || e.SchemaField == "required" && strings.Contains(at, "/settings/app/")
}

var userInApp = regexp.MustCompile(`/_embedded/user/[^/]+$`)
