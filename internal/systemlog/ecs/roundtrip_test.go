package ecs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/bench/pages"
	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/internal/systemlog"
)

// lost returns the leaves of an event that are missing in its document: texts, numbers and
// booleans. It ignores null and empty texts.
func lost(raw, doc []byte) (all []string) {
	have, want := leaves(string(doc), true), leaves(string(raw), false)
	for leaf := range want {
		if !have[leaf] && !deepIn(leaf, have) {
			all = append(all, leaf)
		}
	}
	slices.Sort(all)
	return all
}

// deepIn reports whether a leaf is in the JSON text of a deeply nested value.
func deepIn(leaf string, have map[string]bool) bool {
	for text := range have {
		if (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && leaves(text, true)[leaf] {
			return true
		}
	}
	return false
}

// leaves returns the leaves of a JSON text. If several members have one name, only the last
// counts, unless all is true.
func leaves(text string, all bool) map[string]bool {
	found := map[string]bool{}
	var visit func(raw string)
	visit = func(raw string) {
		p := jsonscan.New(raw)
		switch p.Peek() {
		case '{':
			members := map[string]string{}
			p.Enter('{')
			for name, ok := p.Key(); ok; name, ok = p.Key() {
				inner := p.Raw()
				if _, replaced := members[name]; replaced && all {
					visit(inner)
					continue
				}
				members[name] = inner
			}
			for _, inner := range members {
				visit(inner)
			}
		case '[':
			for p.Enter('['); p.Element(); {
				visit(p.Raw())
			}
		case '"':
			if s := p.Text(); s != "" {
				found[s] = true
			}
		default:
			if raw = strings.TrimSpace(raw); raw != "" && raw != "null" {
				found[raw] = true
			}
		}
	}
	if json.Valid([]byte(text)) {
		visit(text)
	}
	return found
}

// TestLostFindsLoss checks that lost detects a missing leaf.
func TestLostFindsLoss(t *testing.T) {
	for _, c := range []struct{ raw, doc, want string }{
		{`{"a":"x","b":[1,{"c":true}]}`, `{"q":["x",{"r":1,"s":true}]}`, ""},
		{`{"a":"x"}`, `{"q":"y"}`, "x"},
		{`{"a":{"b":7}}`, `{"q":"z"}`, "7"},
		{`{"a":null,"b":"","c":{},"d":[]}`, `{}`, ""},
		{`{"a":"old","a":"new"}`, `{"a":"new"}`, ""},
		{`{"a":{"b":"deep"}}`, `{"a":"{\"b\":\"deep\"}"}`, ""},
	} {
		if got := strings.Join(lost([]byte(c.raw), []byte(c.doc)), " "); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.raw, c.doc, got, c.want)
		}
	}
}

// TestNoLeafIsLost checks that the full profile keeps every value of real, generated and test
// events.
func TestNoLeafIsLost(t *testing.T) {
	all := map[string][]byte{"example": systemlog.Example, "page event": pageEvent(t)}
	for _, size := range []pages.Size{pages.Usual, pages.Long} {
		for i := range 200 {
			all["generated "+pages.UUID(i)] = pages.Append(nil, i, size)
		}
	}
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, path := range paths {
		if all[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, raw := range all {
		t.Run(name, func(t *testing.T) { checkAnyBytes(t, raw) })
	}
}

// TestNoLeafOfARealEventIsLost checks the same for the real events in the shared test data.
func TestNoLeafOfARealEventIsLost(t *testing.T) {
	for name, raw := range realEvents(t) {
		t.Run(name, func(t *testing.T) { checkAnyBytes(t, raw) })
	}
}

// TestNoUnknownMemberIsLost checks that an unknown member is kept in every object, for any name
// and value.
func TestNoUnknownMemberIsLost(t *testing.T) {
	raw, err := os.ReadFile("testdata/events/everything_that_okta_documents.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat(`{"a":[`, 40) + `"very deep"` + strings.Repeat(`]}`, 40)
	for name, value := range map[string]string{
		"newMember": `"new value"`, "new.with.dots": `"dotted"`, "": `"nameless"`, " ": `"blank"`, ".": `"dot"`, "a\x00b\n\"\\": `"control"`, "é日本": `7.25`,
		"nested": `{"x":{"y":["z",{"":1,"a.b":2,"a":{"b":3}}]}}`, "list": `[1,[2,[]],null,{},{"q":[null]},"s"]`, "flag": `true`, "deep": deep,
		strings.Repeat("long", 300): `"long name"`, "id": `{"x":"object in place of a text"}`,
		"0": `"index"`, "other": `"other"`, "__proto__": `1`, "target": `"a text in place of a list"`,
	} {
		eachObject(whole, func(object map[string]any) {
			old, there := object[name]
			object[name] = json.RawMessage(value)
			mutant, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			checkAnyBytes(t, mutant)
			if delete(object, name); there {
				object[name] = old
			}
		})
	}
}

func eachObject(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, inner := range v {
			eachObject(inner, visit)
		}
	case []any:
		for _, inner := range v {
			eachObject(inner, visit)
		}
	}
}

// TestHostileNames checks that names with a special meaning in Elasticsearch or JSON are
// rewritten, and that their values are kept.
func TestHostileNames(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a.b":1,"a":2}`:                `{"a_b":1,"a":2}`,
		`{"":1," ":2}`:                   `{"__2":1,"_":2}`,
		`{"a":1,"a":2,"a":3}`:            `{"a_3":1,"a_2":2,"a":3}`,
		`{"a":1,"a_2":2,"a":3}`:          `{"a_3":1,"a_2":2,"a":3}`,
		`{"a.b":1,"a_b":2}`:              `{"a_b_2":1,"a_b":2}`,
		`{"a":null,"b":{},"c":[[],""]}`:  ``,
		`{"a":[{"b.c":null},{"b.c":1}]}`: `{"a":[{"b_c":1}]}`,
		`{"a\u0000b":"x","q\"":"y"}`:     `{"a_b":"x","q_":"y"}`,
		`{"New IP":"POSITIVE"}`:          `{"New IP":"POSITIVE"}`,
	} {
		doc, err := AppendRaw(nil, []byte(`{"debugContext":{"debugData":`+raw+`}}`), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Okta struct {
				DebugContext struct {
					DebugData struct{ Flattened json.RawMessage } `json:"debug_data"`
				} `json:"debug_context"`
			}
		}
		if err := json.Unmarshal(doc, &d); err != nil {
			t.Fatal(err)
		}
		if got := string(d.Okta.DebugContext.DebugData.Flattened); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// TestManyNames checks that the time for many members with one name does not grow quadratically.
func TestManyNames(t *testing.T) {
	checkAnyBytes(t, []byte(`{"debugContext":{"debugData":{`+strings.Repeat(`"a":"x",`, 50_000)+`"b":"y"}},"target":[`+
		strings.Repeat(`{"id":"x","type":"User"},`, 20_000)+`null]}`))
}
