package selection

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"soar.example/okta/internal/systemlog"
)

// expected reads the fields of an event with encoding/json.
func expected(raw []byte) *fields {
	f := new(fields)
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if !json.Valid(raw) || d.Decode(&doc) != nil {
		return f
	}
	f.outcome, f.severity = at(doc, "outcome.result", "outcome", "result"), at(doc, "severity", "severity")
	f.ip = at(doc, "client.ipAddress", "client", "ipAddress")
	f.country = at(doc, "client.geographicalContext.country", "client", "geographicalContext", "country")
	expect(&f.actor, "actor", doc["actor"])
	switch list := doc["target"].(type) {
	case nil:
	case []any:
		for _, t := range list {
			expect(&f.target, "target", t)
		}
	default:
		f.target.unreadable = "target"
	}
	return f
}

func expect(l *entities, name string, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		l.all = append(l.all, entity{at(v, name+".id", "id"), at(v, name+".alternateId", "alternateId")})
	default:
		l.unreadable = name
	}
}

func at(doc map[string]any, name string, path ...string) text {
	switch v := doc[path[0]].(type) {
	case nil:
		return text{}
	case string:
		if len(path) == 1 {
			return text{value: v, present: true}
		}
	case map[string]any:
		if len(path) > 1 {
			return at(v, name, path[1:]...)
		}
	}
	return text{unreadable: name}
}

var unusualEvents = []string{
	"", "{", "null", "[]", `{}`, ` { } `, `{"actor":{"id":"1"}`, `{"severity":"INFO"}x`, `{"Severity":"INFO","OUTCOME":{"result":"DENY"}}`,
	`{"severity":null,"outcome":null,"client":null,"actor":null,"target":null}`,
	`{"severity":7,"outcome":7,"client":7,"actor":7,"target":7}`, `{"severity":1e999,"outcome":[],"client":"","actor":[{}],"target":{}}`,
	`{"outcome":{"result":{}},"client":{"ipAddress":[],"geographicalContext":"France"},"actor":{"id":1,"alternateId":[]},"target":[7,null,{},{"id":true},"x"]}`,
	`{"client":{"geographicalContext":{"country":7}}}`, `{"client":{"geographicalContext":null,"ipAddress":"::1"}}`,
	`{"severity":"A","severity":"B","outcome":{"result":"A"},"outcome":{},"actor":{"id":"1"},"actor":null,"target":[{"id":"1"}],"target":[]}`,
	`{"actor":7,"actor":{"id":"1"},"target":[7],"target":[{"id":"2"}],"client":{"ipAddress":"a"},"client":{}}`,
	`{"actor":{"id":"a","id":"b","alternateId":"\u0041\ud800"},"target":[{"alternateId":"a"},{"\u0069d":"c"}]}`, "{\"severity\":\"\xff\"}",
}

func TestParse(t *testing.T) {
	for _, raw := range append(unusualEvents, string(systemlog.Example)) {
		if got, want := parse(raw), expected([]byte(raw)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", raw, *got, *want)
		}
	}
}

// FuzzParse checks that parse and encoding/json read the same fields of any event.
func FuzzParse(f *testing.F) {
	for _, raw := range append(unusualEvents, string(systemlog.Example)) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, want := parse(string(raw)), expected(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want\n%+v", *got, *want)
		}
	})
}
