package ecs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/schema"
)

// conform returns the violations of ECS in a document: unknown fields, values of a wrong type, and
// categories or types that ECS does not allow.
func conform(profile string, doc []byte) []string {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return []string{"not JSON in UTF-8"}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var value map[string]any
	if err := dec.Decode(&value); err != nil {
		return []string{err.Error()}
	}
	wrong := append(walk(types[profile](), "", value), repeated(doc)...)
	event, _ := value["event"].(map[string]any)
	return append(wrong, categorized(profile, event)...)
}

// types maps each profile to the types of its fields.
var types = map[string]func() map[string]string{"full": fieldTypes, "original": fieldTypes, "sekoia": sekoiaTypes, "sekoia 2023-07": sekoiaTypes}

// sekoiaTypes returns the types of the fields of both intakes of Sekoia.io, and of those that only
// the current intake has.
var sekoiaTypes = sync.OnceValue(func() map[string]string {
	types := maps.Clone(fieldTypes())
	maps.DeleteFunc(types, func(name, _ string) bool { return strings.HasPrefix(name, "okta.") })
	for typ, names := range map[string]string{
		"keyword": `severity actor.id actor.type actor.alternate_id actor.display_name transaction.id transaction.type outcome.result outcome.reason
			authentication_context.interface authentication_context.authentication.provider authentication_context.credential.provider
			authentication_context.credential.type authentication_context.external_session_id authentication_context.issuer.id
			authentication_context.issuer.type target.id target.type target.alternateId target.displayName debug.dtHash`,
		"boolean": "debug.threatSuspected", "flattened": "debug.risk debug.behaviors",
	} {
		for name := range strings.FieldsSeq(names) {
			types["okta.system."+name] = typ
		}
	}
	return types
})

// repeated returns the names that occur twice in one object of the document.
func repeated(doc []byte) (wrong []string) {
	p := jsonscan.New(string(doc))
	var visit func()
	visit = func() {
		switch p.Peek() {
		case '{':
			seen := map[string]bool{}
			p.Enter('{')
			for name, ok := p.Key(); ok; name, ok = p.Key() {
				if seen[name] {
					wrong = append(wrong, name+": twice in one object")
				}
				seen[name] = true
				visit()
			}
		case '[':
			for p.Enter('['); p.Element(); {
				visit()
			}
		default:
			p.Skip()
		}
	}
	visit()
	return wrong
}

// fieldTypes returns the types of all fields by name.
var fieldTypes = sync.OnceValue(func() map[string]string {
	types := map[string]string{}
	for _, f := range Fields() {
		types[f.Name] = f.Type
	}
	return types
})

func walk(types map[string]string, at string, value any) (wrong []string) {
	if typ, ok := types[at]; ok {
		return leaf(typ, at, value)
	}
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 0 {
			return []string{at + ": empty object"}
		}
		for name, v := range value {
			path := name
			if at != "" {
				path = at + "." + name
			}
			wrong = append(wrong, walk(types, path, v)...)
		}
		return wrong
	case []any:
		for _, v := range value {
			wrong = append(wrong, walk(types, at, v)...)
		}
		return wrong
	}
	return []string{at + ": no such field"}
}

func leaf(typ, at string, value any) (wrong []string) {
	if list, ok := value.([]any); ok && typ != "geo_point" {
		if len(list) == 0 {
			return []string{at + ": empty list"}
		}
		for _, v := range list {
			wrong = append(wrong, leaf(typ, at, v)...)
		}
		return wrong
	}
	text, isText := value.(string)
	ok := false
	switch typ {
	case "keyword":
		ok = isText && text != ""
	case "date":
		_, err := time.Parse(time.RFC3339Nano, text)
		ok = isText && err == nil
	case "ip":
		ip, err := netip.ParseAddr(text)
		ok = isText && err == nil && ip.Zone() == ""
	case "long":
		n, isNumber := value.(json.Number)
		_, err := n.Int64()
		ok = isNumber && err == nil
	case "boolean":
		_, ok = value.(bool)
	case "geo_point":
		point, isPoint := value.(map[string]any)
		ok = isPoint && len(point) == 2 && within(point["lat"], 90) && within(point["lon"], 180)
	case "flattened":
		object, isObject := value.(map[string]any)
		ok = isObject && flat(object, 1)
	}
	if !ok {
		wrong = append(wrong, fmt.Sprintf("%s: %v is not of the type %s", at, value, typ))
	}
	return wrong
}

// flat reports whether a flattened field can have the value.
func flat(value any, depth int) bool {
	switch value := value.(type) {
	case nil:
		return false
	case string:
		return value != ""
	case map[string]any:
		for name, v := range value {
			if strings.Trim(name, " ") == "" || strings.ContainsAny(name, ".\x00\n") || !flat(v, depth+1) {
				return false
			}
		}
		return len(value) > 0 && depth <= 20
	case []any:
		return len(value) > 0 && !slices.ContainsFunc(value, func(v any) bool { return !flat(v, depth+1) })
	}
	return true
}

func within(value any, most float64) bool {
	n, ok := value.(json.Number)
	f, err := n.Float64()
	return ok && err == nil && f >= -most && f <= most
}

func categorized(profile string, event map[string]any) (wrong []string) {
	categories, types := list(event["category"]), list(event["type"])
	for _, field := range []string{"category", "type"} {
		if _, isList := event[field].([]any); event[field] != nil && !isList {
			wrong = append(wrong, "event."+field+": not a list")
		}
	}
	var allowed []string
	for _, c := range categories {
		if expected[c] == nil {
			wrong = append(wrong, "event.category: "+c)
		}
		allowed = append(allowed, expected[c]...)
	}
	for _, t := range types {
		// ECS does not allow some types of Sekoia.io for the category.
		if !slices.Contains(allowed, t) && !strings.HasPrefix(profile, "sekoia") {
			wrong = append(wrong, fmt.Sprintf("event.type: %s within %v", t, categories))
		}
	}
	if event["kind"] != "event" && profile != "sekoia" {
		wrong = append(wrong, fmt.Sprintf("event.kind: %v", event["kind"]))
	}
	if o := event["outcome"]; o != nil && !slices.Contains([]any{"success", "failure", "unknown"}, o) {
		wrong = append(wrong, fmt.Sprintf("event.outcome: %v", o))
	}
	return wrong
}

func list(value any) (texts []string) {
	values, _ := value.([]any)
	for _, v := range values {
		text, _ := v.(string)
		texts = append(texts, text)
	}
	return texts
}

var profiles = map[string]Options{
	"full":           {},
	"sekoia":         {Profile: Sekoia},
	"original":       {Original: true},
	"sekoia 2023-07": {Profile: Sekoia202307},
}

// TestConform checks that every document of a real event is valid ECS and matches the published
// schema.
func TestConform(t *testing.T) {
	published, err := schema.Output[Document]()
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range realEvents(t) {
		for profile, o := range profiles {
			doc, err := AppendRaw(nil, raw, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, wrong := range conform(profile, doc) {
				t.Errorf("%s (%s): %s", name, profile, wrong)
			}
			if strings.HasPrefix(profile, "sekoia") {
				continue // the schema describes only the full profile
			}
			for _, v := range published.Check(doc) {
				t.Errorf("%s (%s): schema: %s", name, profile, v)
			}
			dec := json.NewDecoder(bytes.NewReader(doc))
			dec.DisallowUnknownFields()
			if err := dec.Decode(new(Document)); err != nil {
				t.Errorf("%s (%s): %v", name, profile, err)
			}
		}
	}
}

// TestConformFindsViolations checks that conform detects each kind of violation.
func TestConformFindsViolations(t *testing.T) {
	for _, doc := range []string{
		``,
		`{"event":{"kind":"alert"}}`,
		`{"event":{"kind":"event","category":["party"]}}`,
		`{"event":{"kind":"event","category":["session"],"type":["creation"]}}`,
		`{"event":{"kind":"event","category":"session"}}`,
		`{"event":{"kind":"event","outcome":"fine"}}`,
		`{"event":{"kind":"event"},"@timestamp":"yesterday"}`,
		`{"event":{"kind":"event"},"source":{"ip":"1.2.3"}}`,
		`{"event":{"kind":"event"},"source":{"ip":"fe80::1%eth0"}}`,
		`{"event":{"kind":"event"},"source":{"as":{"number":"7"}}}`,
		`{"event":{"kind":"event"},"source":{"as":{"number":7.5}}}`,
		`{"event":{"kind":"event"},"source":{"geo":{"location":{"lat":91,"lon":0}}}}`,
		`{"event":{"kind":"event"},"source":{}}`,
		`{"event":{"kind":"event"},"user":{"name":7}}`,
		`{"event":{"kind":"event"},"surprise":"x"}`,
		`{"event":{"kind":"event"},"okta":{"system":{"severity":"INFO"}}}`,
		`{"event":{"kind":"event"},"okta":{"other":{"a":null}}}`,
		`{"event":{"kind":"event"},"okta":{"other":{"a.b":1}}}`,
		`{"event":{"kind":"event"},"okta":{"other":{"":1}}}`,
		`{"event":{"kind":"event"},"okta":{"other":{"a":1,"a":2}}}`,
		`{"event":{"kind":"event"},"okta":{"device":{"managed":"true"}}}`,
	} {
		if conform("full", []byte(doc)) == nil {
			t.Errorf("not detected: %s", doc)
		}
	}
}
