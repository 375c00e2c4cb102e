package oktaspec

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"soar.example/okta/internal/oktasim"
)

func checkQuery(described openapi3.Parameters, raw string) []string {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return []string{"the query cannot be parsed: " + err.Error()}
	}
	input := &openapi3filter.RequestValidationInput{Request: &http.Request{URL: &url.URL{RawQuery: raw}}, QueryParams: query}
	var problems []string
	known := map[string]bool{}
	for _, p := range described {
		if p.Value.In != openapi3.ParameterInQuery {
			continue
		}
		known[p.Value.Name] = true
		if err := openapi3filter.ValidateParameter(input.Request.Context(), input, p.Value); err != nil {
			problems = append(problems, p.Value.Name+": "+describe(err))
		}
	}
	for name, values := range query {
		switch {
		case !known[name]:
			problems = append(problems, "unknown query parameter: "+name)
		case len(values) > 1:
			problems = append(problems, "repeated query parameter: "+name)
		}
	}
	return problems
}

const form = "application/x-www-form-urlencoded"

func (s *Spec) checkBody(op *openapi3.Operation, e oktasim.Exchange) []string {
	switch {
	case op.RequestBody == nil && len(e.Body) > 0:
		return []string{"the request must not have a body"}
	case op.RequestBody == nil || len(e.Body) == 0 && !op.RequestBody.Value.Required:
		return nil
	case len(e.Body) == 0:
		return []string{"the request needs a body"}
	case !slices.Contains([]string{"application/json", form}, e.ContentType):
		return []string{"the content type is not supported: " + e.ContentType}
	}
	media := op.RequestBody.Value.Content.Get(e.ContentType)
	if media == nil || media.Schema == nil {
		return []string{"the endpoint does not accept the content type " + e.ContentType}
	}
	body, err := decode(e)
	if err != nil {
		return []string{"the request body cannot be parsed: " + err.Error()}
	}
	problems := unknownMembers("", s.kind(media.Schema.Value, body), body)
	for _, err := range s.visit(media.Schema.Value, body, openapi3.VisitAsRequest()) {
		problems = append(problems, describe(err))
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
	// The description defines client assertions separately from the bodies.
	values.Del("client_assertion")
	values.Del("client_assertion_type")
	body := map[string]any{}
	for name := range values {
		body[name] = values.Get(name)
	}
	return body, err
}

// unknownMembers lists the members of a request's body that the description does not contain. The description seldom
// forbids them, but Okta silently ignores them. A misspelled member would therefore have no effect.
func unknownMembers(at string, s *openapi3.Schema, v any) []string {
	object, ok := v.(map[string]any)
	if !ok || open(s) {
		return nil
	}
	known := openapi3.Schemas{}
	gather(s, known)
	if len(known) == 0 {
		return nil // an object with any members
	}
	var problems []string
	for name, value := range object {
		member, ok := known[name]
		if !ok {
			problems = append(problems, "unknown member in the request body: "+at+"/"+name)
			continue
		}
		problems = append(problems, unknownMembers(at+"/"+name, member.Value, value)...)
	}
	return problems
}

// open reports whether a schema accepts unknown members.
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

// parts returns the alternatives and components of a schema.
func parts(s *openapi3.Schema) openapi3.SchemaRefs { return slices.Concat(s.AllOf, s.OneOf, s.AnyOf) }
