package systemlog

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/schema"
)

type output struct {
	Event Raw `json:"event" jsonschema_description:"An event."`
}

func eventSchema(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Output[Raw]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestExample(t *testing.T) {
	if v := eventSchema(t).Check(json.RawMessage(Example)); v != nil {
		t.Error(v)
	}
	heads, err := Split([]byte("[" + string(Example) + "]"))
	if err != nil || len(heads) != 1 || heads[0].Unreadable != nil {
		t.Errorf("got %+v, %v", heads, err)
	}
	dec := json.NewDecoder(bytes.NewReader(Example))
	dec.DisallowUnknownFields()
	var e Event
	if err := dec.Decode(&e); err != nil || e.Actor.AlternateID != "alice.moreau@corp.example" {
		t.Errorf("decode as Event: %v", err)
	}
}

func TestSchemaInsideAnOutput(t *testing.T) {
	s, err := schema.Output[output]()
	if err != nil {
		t.Fatal(err)
	}
	n := s.Root().Property("event")
	if !n.Is("object") || n.Is("null") || n.IsRequired("actor") || !n.IsRequired("uuid") {
		t.Errorf("type %v, required %v", n.Type, n.Required)
	}
	if ip := n.Property("client").Property("ipAddress"); !ip.Is("string") || !ip.Is("null") || ip.Description == "" {
		t.Errorf("ipAddress is %+v", ip)
	}
	if ip := n.Property("request").Property("ipChain").Items.Property("ip"); !ip.Is("null") {
		t.Errorf("an address in ipChain is %+v", ip)
	}
}

func TestSchemaAcceptsUnusualEvents(t *testing.T) {
	s := eventSchema(t)
	head := `"uuid":"u","eventType":"a","published":"2026-03-14T02:41:07.512Z"`
	for _, event := range []string{
		`{` + head + `}`,
		`{` + head + `,"actor":null,"target":null,"client":{"zone":null,"new":1},"request":{"ipChain":[null]},"new":{"x":[1]}}`,
		`{` + head + `,"version":0}`,
		`{` + head + `,"version":"0"}`,
		`{` + head + `,"securityContext":{"asNumber":4200000000,"isProxy":null,"risk":{}}}`,
		`{` + head + `,"debugContext":{"debugData":{"originalPrincipal":{"id":"x"},"zoneData":[1],"n":null}}}`,
		`{` + head + `,"outcome":{"result":"DEFERRED"},"severity":"FATAL"}`,
		`{` + head + `,"target":[{"changeDetails":{"from":{"a":1},"to":null},"detailEntry":{"x":["y"]}}]}`,
	} {
		if v := s.Check(json.RawMessage(event)); v != nil {
			t.Errorf("%s: %v", event, v)
		}
	}
	for _, event := range []string{`{}`, `null`, `[]`, `{` + head + `,"actor":"alice"}`} {
		if s.Check(json.RawMessage(event)) == nil {
			t.Errorf("%s was accepted", event)
		}
	}
}

func TestRawKeepsBytes(t *testing.T) {
	const event = `{ "b":1.0, "a":"<\u003c>" }`
	var r Raw
	if err := json.Unmarshal([]byte(event), &r); err != nil || string(r) != event {
		t.Errorf("got %s, %v", r, err)
	}
	if b, err := r.MarshalJSON(); err != nil || string(b) != event {
		t.Errorf("got %s, %v", b, err)
	}
	if b, err := json.Marshal(Raw(nil)); err != nil || string(b) != "null" {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestRealEvents checks that the schema accepts events that Okta and others published.
func TestRealEvents(t *testing.T) {
	shared := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(shared); err != nil {
		t.Skip("no ../shared beside the project: the published events are not available")
	}
	s := eventSchema(t)
	check := func(t *testing.T, name string, raw json.RawMessage) {
		t.Helper()
		if v := s.Check(raw); v != nil {
			t.Errorf("%s: %v", name, v)
		}
		heads, err := Split([]byte("[" + string(raw) + "]"))
		if err != nil || heads[0].Unreadable != nil {
			t.Errorf("%s: got %+v, %v", name, heads, err)
		}
	}
	t.Run("sekoia", func(t *testing.T) {
		for name, raw := range files(t, filepath.Join(shared, "seeds", "sekoia", "*.json")) {
			var doc struct {
				Input json.RawMessage `json:"input"`
			}
			if err := json.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			var text string
			if json.Unmarshal(doc.Input, &text) == nil {
				doc.Input = json.RawMessage(text)
			}
			check(t, name, doc.Input)
		}
	})
	t.Run("emm", func(t *testing.T) {
		for name, raw := range files(t, filepath.Join(shared, "seeds", "emm", "events", "*.json")) {
			check(t, name, raw)
		}
	})
	t.Run("okta", func(t *testing.T) {
		for name, raw := range examples(t, filepath.Join(shared, "okta", "openapi", "examples-2026.06.3.tar.gz")) {
			var events []json.RawMessage
			if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
				if err := json.Unmarshal(raw, &events); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			} else { // only the changeDetails of a target
				event := `{"uuid":"u","eventType":"a","published":"2026-03-14T02:41:07Z","target":[{"changeDetails":` + string(raw) + `}]}`
				events = []json.RawMessage{json.RawMessage(event)}
			}
			for _, e := range events {
				check(t, name, e)
			}
		}
	})
}

func files(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func examples(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Base(path.Dir(h.Name)) == "listLogEvents" && strings.HasPrefix(path.Base(h.Name), "200__") {
			if all[path.Base(h.Name)], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("no examples in the archive")
	}
	return all
}
