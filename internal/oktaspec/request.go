package oktaspec

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"soar.example/okta/internal/oktasim"
)

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
	for name, values := range query {
		switch {
		case !known[name]:
			problems = append(problems, "has the parameter "+name+", which Okta does not know")
		case len(values) > 1:
			problems = append(problems, "has the parameter "+name+" more than once")
		}
	}
	return problems
}

func checkParameter(p *openapi3.Parameter, text string) string {
	if p.Schema == nil {
		return ""
	}
	var value any = text
	var err error
	switch kind := p.Schema.Value.Type; {
	case kind.Is("integer"), kind.Is("number"):
		value, err = strconv.ParseFloat(text, 64)
	case kind.Is("boolean"):
		value, err = strconv.ParseBool(text)
	case kind.Is("array"):
		return ""
	}
	if err != nil {
		return p.Name + " has the wrong type: " + text
	}
	if err := p.Schema.Value.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
		return p.Name + ": " + say(err)
	}
	return ""
}

const form = "application/x-www-form-urlencoded"

func (s *Spec) checkBody(op *openapi3.Operation, e oktasim.Exchange) []string {
	switch {
	case op.RequestBody == nil && len(e.Body) > 0:
		return []string{"has a body, and Okta takes none"}
	case op.RequestBody == nil || len(e.Body) == 0 && !op.RequestBody.Value.Required:
		return nil
	case len(e.Body) == 0:
		return []string{"has no body, and Okta requires one"}
	case !slices.Contains([]string{"application/json", form}, e.ContentType):
		return []string{"has a body of type " + e.ContentType}
	}
	media := op.RequestBody.Value.Content.Get(e.ContentType)
	if media == nil || media.Schema == nil {
		return []string{"has a body of type " + e.ContentType + ", and Okta takes another"}
	}
	body, err := decode(e)
	if err != nil {
		return []string{"the body cannot be read: " + err.Error()}
	}
	problems := unknownMembers("", s.kind(media.Schema.Value, body), body)
	for _, err := range s.visit(media.Schema.Value, body, openapi3.VisitAsRequest()) {
		problems = append(problems, say(err))
	}
	return problems
}

func decode(e oktasim.Exchange) (any, error) {
	if e.ContentType != form {
		var body any
		err := json.Unmarshal(e.Body, &body)
		return body, err
	}
	values, err := url.ParseQuery(string(e.Body))
	// How an app logs in is described apart from the bodies.
	values.Del("client_assertion")
	values.Del("client_assertion_type")
	body := map[string]any{}
	for name := range values {
		body[name] = values.Get(name)
	}
	return body, err
}

// unknownMembers are the members of a request's body that Okta does not describe. The
// description seldom forbids them, and Okta drops them without a word: a misspelt one
// would do nothing.
func unknownMembers(at string, s *openapi3.Schema, v any) []string {
	object, ok := v.(map[string]any)
	if !ok || open(s) {
		return nil
	}
	known := openapi3.Schemas{}
	gather(s, known)
	if len(known) == 0 {
		return nil // an object of any members
	}
	var problems []string
	for name, value := range object {
		member, ok := known[name]
		if !ok {
			problems = append(problems, "has the member "+at+"/"+name+", which Okta does not know")
			continue
		}
		problems = append(problems, unknownMembers(at+"/"+name, member.Value, value)...)
	}
	return problems
}

// open reports whether a schema says that it takes other members than it names.
func open(s *openapi3.Schema) bool {
	if s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has {
		return true
	}
	return slices.ContainsFunc(parts(s), func(r *openapi3.SchemaRef) bool { return open(r.Value) })
}

func gather(s *openapi3.Schema, known openapi3.Schemas) {
	for name, member := range s.Properties {
		known[name] = member
	}
	for _, part := range parts(s) {
		gather(part.Value, known)
	}
}

// parts are what a schema is made of: all of these, or one of those.
func parts(s *openapi3.Schema) openapi3.SchemaRefs { return slices.Concat(s.AllOf, s.OneOf, s.AnyOf) }
