package schema_test

import (
	"encoding/json"
	"testing"
)

func TestWithDefaults(t *testing.T) {
	s := input[everything](t)
	for doc, want := range map[string]string{
		`{"zulu":"z"}`:                            `{"alpha":5,"deep":true,"mode":"slow","zulu":"z"}`,
		`{"zulu":"z","deep":false,"mode":""}`:     `{"alpha":5,"deep":false,"mode":"","zulu":"z"}`,
		`{"zulu":"z","home":{}}`:                  `{"alpha":5,"deep":true,"home":{"city":"Lyon"},"mode":"slow","zulu":"z"}`,
		`{"zulu":"z","places":[{},{"city":"X"}]}`: `{"alpha":5,"deep":true,"mode":"slow","places":[{"city":"Lyon"},{"city":"X"}],"zulu":"z"}`,
		`{"zulu":"z","by_name":{"a":{}}}`:         `{"alpha":5,"by_name":{"a":{"city":"Lyon"}},"deep":true,"mode":"slow","zulu":"z"}`,
		`{"zulu":"z","alpha":1e1}`:                `{"alpha":10,"deep":true,"mode":"slow","zulu":"z"}`,
		`{"zulu":"z","alpha":3.0,"ratio":2.0}`:    `{"alpha":3,"deep":true,"mode":"slow","ratio":2.0,"zulu":"z"}`,
		`{"zulu":"z","any":12345678901234567890}`: `{"alpha":5,"any":12345678901234567890,"deep":true,"mode":"slow","zulu":"z"}`,
		`{"zulu":"z","any":{"alpha":1.0}}`:        `{"alpha":5,"any":{"alpha":1.0},"deep":true,"mode":"slow","zulu":"z"}`,
	} {
		got, err := s.WithDefaults(json.RawMessage(doc))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", doc, got, err, want)
		}
		if v := s.Check(got); v != nil && doc != `{"zulu":"z","deep":false,"mode":""}` {
			t.Errorf("%s: the result does not match the schema: %v", doc, v)
		}
		again, err := s.WithDefaults(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: a second call returns %s, %v", doc, again, err)
		}
	}
	if _, err := s.WithDefaults(json.RawMessage(`{`)); err == nil {
		t.Error("an incomplete document was accepted")
	}
}

// TestDefaultsAreNotShared checks that a change to one document does not change the default of the
// next.
func TestDefaultsAreNotShared(t *testing.T) {
	s := parse(t, `{"properties":{"a":{"default":{"b":{}},"properties":{"b":{"properties":{"c":{"default":1}}}}}}}`)
	for range 2 {
		got, err := s.WithDefaults(json.RawMessage(`{}`))
		if err != nil || string(got) != `{"a":{"b":{}}}` {
			t.Fatalf("got %s, %v", got, err)
		}
	}
}
