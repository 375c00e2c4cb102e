package connector

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"soar.example/okta/internal/oktatest"
)

const specFolder = "../../../shared/okta/openapi"

// sent gathers what was sent to all the orgs of a suite.
type sent struct {
	mu  sync.Mutex
	all []oktatest.Request
}

func (s *sent) add(requests []oktatest.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, requests...)
}

// follow checks every request against Okta's own description: that there is such
// a call, that it takes these parameters, and that it takes this body.
func (s *sent) follow(t *testing.T) {
	described := descriptions(t, s.all)
	seen := map[string]bool{}
	for _, r := range s.all {
		key := r.Method + " " + r.Path + "?" + r.Query + " " + r.Body
		if seen[key] {
			continue
		}
		seen[key] = true
		for _, problem := range described.check(r) {
			t.Errorf("%s %s?%s %s: %s", r.Method, r.Path, r.Query, r.Body, problem)
		}
	}
	t.Logf("checked %d requests, %d of them unlike", len(s.all), len(seen))
}

// catalogue is the calls that Okta describes, by their paths.
type catalogue map[string]*openapi3.PathItem

func descriptions(t *testing.T, requests []oktatest.Request) catalogue {
	t.Helper()
	described := catalogue{}
	for _, name := range []string{"management.yaml", "oauth.yaml"} {
		text, err := os.ReadFile(filepath.Join(specFolder, name))
		if err != nil {
			t.Skipf("no OpenAPI description to check requests against: %v", err)
		}
		cut := cutSpec(string(text), func(path string) bool {
			return slices.ContainsFunc(requests, func(r oktatest.Request) bool { return literals(path, r.Path) >= 0 })
		})
		doc, err := openapi3.NewLoader().LoadFromData(cut)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for path, item := range doc.Paths.Map() {
			described[path] = item
		}
	}
	return described
}

// literals counts the segments that a path has in common with a described one; -1
// if it is not of that form.
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
		case !variable.MatchString(w) || got[i] == "":
			return -1
		}
	}
	return n
}

// check says what is wrong with a request.
func (c catalogue) check(r oktatest.Request) []string {
	var item *openapi3.PathItem
	best := -1
	for path, i := range c {
		if n := literals(path, r.Path); n > best && i.GetOperation(r.Method) != nil {
			item, best = i, n
		}
	}
	if item == nil {
		return []string{"Okta has no such call"}
	}
	op := item.GetOperation(r.Method)
	problems := checkQuery(append(slices.Clone(item.Parameters), op.Parameters...), r.Query)
	return append(problems, checkBody(op, r)...)
}

func checkQuery(described openapi3.Parameters, raw string) []string {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return []string{"the query cannot be read: " + err.Error()}
	}
	var problems []string
	known := map[string]bool{}
	for _, p := range described {
		if p.Value.In != openapi3.ParameterInQuery {
			continue
		}
		known[p.Value.Name] = true
		if p.Value.Required && !query.Has(p.Value.Name) {
			problems = append(problems, "lacks the parameter "+p.Value.Name)
		}
		for _, value := range query[p.Value.Name] {
			if problem := checkParameter(p.Value, value); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	for name := range query {
		if !known[name] {
			problems = append(problems, "has the parameter "+name+", which Okta does not know")
		}
	}
	return problems
}

func checkParameter(p *openapi3.Parameter, text string) string {
	if p.Schema == nil {
		return ""
	}
	var value any = text
	switch {
	case p.Schema.Value.Type.Is("integer"), p.Schema.Value.Type.Is("number"):
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return p.Name + " is no number: " + text
		}
		value = n
	case p.Schema.Value.Type.Is("boolean"):
		b, err := strconv.ParseBool(text)
		if err != nil {
			return p.Name + " is neither true nor false: " + text
		}
		value = b
	case p.Schema.Value.Type.Is("array"):
		return ""
	}
	if err := p.Schema.Value.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
		return p.Name + ": " + err.Error()
	}
	return ""
}

func checkBody(op *openapi3.Operation, r oktatest.Request) []string {
	if op.RequestBody == nil {
		if r.Body != "" {
			return []string{"has a body, and Okta takes none"}
		}
		return nil
	}
	if r.Body == "" {
		if op.RequestBody.Value.Required && r.Method != http.MethodGet {
			return []string{"has no body, and Okta wants one"}
		}
		return nil
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return []string{"has a body of type " + r.Header.Get("Content-Type")}
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return []string{"has a JSON body, and Okta takes another kind"}
	}
	var body any
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		return []string{"the body cannot be read: " + err.Error()}
	}
	var problems []string
	for _, err := range hard(media.Schema.Value.VisitJSON(withoutNulls(body), openapi3.MultiErrors(), openapi3.VisitAsRequest())) {
		problems = append(problems, err.Error())
	}
	return problems
}

// withoutNulls removes members that are null: they clear an attribute, which the
// description does not tell.
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
			out = append(out, withoutNulls(e))
		}
		return out
	}
	return v
}

// hard returns the errors that are about neither enumerations nor formats, which
// the description does not keep up to date, nor about alternatives that overlap.
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
		if slices.Contains([]string{"enum", "format"}, e.SchemaField) || errors.Is(e, openapi3.ErrOneOfConflict) {
			return nil
		}
	}
	return []error{err}
}

// Guards against a check that passes because it sees nothing.
func TestMisshapenRequestsAreSeen(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	requests := []oktatest.Request{
		{Method: "GET", Path: "/api/v1/policies", Query: "limit=20"},
		{Method: "GET", Path: "/api/v1/users/00u1/groups", Query: "limit=20"},
		{Method: "GET", Path: "/api/v1/devices", Query: "limit=many"},
		{Method: "GET", Path: "/api/v1/devices", Query: "limit=201"},
		{Method: "PATCH", Path: "/api/v1/users/00u1"},
		{Method: "POST", Path: "/api/v1/users/00u1/lifecycle/suspend", Body: "{}", Header: json},
		{Method: "POST", Path: "/api/v1/groups", Body: `{"profile":"x"}`, Header: json},
		{Method: "POST", Path: "/api/v1/groups", Body: `{"profile":{"name":"x"}}`},
	}
	described := descriptions(t, requests)
	for _, r := range requests {
		if len(described.check(r)) == 0 {
			t.Errorf("%s %s?%s %s passes", r.Method, r.Path, r.Query, r.Body)
		}
	}
}
