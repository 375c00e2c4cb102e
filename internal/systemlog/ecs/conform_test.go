package ecs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"soar.example/okta/schema"
)

// conform returns what is wrong with a document by the rules of ECS: unknown
// fields, values of the wrong type, categorisation that ECS does not foresee.
func conform(doc []byte) []string {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return []string{"not JSON in UTF-8"}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var value map[string]any
	if err := dec.Decode(&value); err != nil {
		return []string{err.Error()}
	}
	wrong := walk(fieldTypes(), "", value)
	event, _ := value["event"].(map[string]any)
	return append(wrong, categorised(event)...)
}

// fieldTypes are the types of all fields by name.
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
		ok = isObject && len(object) > 0
		for name, v := range object {
			text, isText := v.(string)
			ok = ok && isText && text != "" && name != ""
		}
	}
	if !ok {
		wrong = append(wrong, fmt.Sprintf("%s: %v is no %s", at, value, typ))
	}
	return wrong
}

func within(value any, most float64) bool {
	n, ok := value.(json.Number)
	f, err := n.Float64()
	return ok && err == nil && f >= -most && f <= most
}

func categorised(event map[string]any) (wrong []string) {
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
		if !slices.Contains(allowed, t) {
			wrong = append(wrong, fmt.Sprintf("event.type: %s within %v", t, categories))
		}
	}
	if event["kind"] != "event" {
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
	"full":     {},
	"sekoia":   {Profile: Sekoia},
	"original": {Original: true},
}

// Every document of a real event is valid ECS and valid by the published schema.
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
			for _, wrong := range conform(doc) {
				t.Errorf("%s (%s): %s", name, profile, wrong)
			}
			for _, v := range published.Check(doc) {
				t.Errorf("%s (%s): schema: %s", name, profile, v)
			}
		}
	}
}

// The checker itself must notice what it is there to notice.
func TestConformNotices(t *testing.T) {
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
		`{"event":{"kind":"event"},"okta":{"system":{"transaction":{"detail":{"a":1}}}}}`,
	} {
		if conform([]byte(doc)) == nil {
			t.Errorf("not noticed: %s", doc)
		}
	}
}
