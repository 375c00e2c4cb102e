package shape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/schema"
)

func schemas(t testing.TB) map[shape.Format]*schema.Schema {
	t.Helper()
	all := map[shape.Format]*schema.Schema{}
	for f, output := range map[shape.Format]func() (*schema.Schema, error){
		shape.Okta: schema.Output[systemlog.Raw], shape.ECS: schema.Output[ecs.Document], shape.EMM: schema.Output[emm.Row],
	} {
		s, err := output()
		if err != nil {
			t.Fatal(err)
		}
		all[f] = s
	}
	return all
}

// TestEventSchema checks that the schema of an event is the schema of the default format.
func TestEventSchema(t *testing.T) {
	got, err := schema.Output[shape.Event]()
	if err != nil || !bytes.Equal(got.JSON(), schemas(t)[shape.Okta].JSON()) {
		t.Errorf("the schema of an event differs from the schema of Okta's format (%v)", err)
	}
}

// TestEveryFormatMatchesItsSchema checks converted events, and events with only a head,
// against the schema of their format.
func TestEveryFormatMatchesItsSchema(t *testing.T) {
	at := time.Date(2026, 3, 14, 2, 41, 7, 512e6, time.UTC)
	for name, h := range map[string]systemlog.Head{
		"example":      {UUID: "u-1", EventType: "user.session.start", Published: at, Raw: systemlog.Example},
		"empty":        {UUID: "sha256-0", Raw: systemlog.Raw(`{}`)},
		"wrong types":  {UUID: "sha256-1", Raw: systemlog.Raw(`{"uuid":7,"eventType":["x"],"published":"","actor":[],"target":{}}`)},
		"HTML":         {UUID: "u-2", Raw: systemlog.Raw(`{"uuid":"u-2","eventType":"a.b","displayMessage":"<b>&","actor":{"alternateId":"<b>&"}}`)},
		"not an event": {UUID: "u-3", EventType: "user.session.start", Published: at, Raw: systemlog.Raw(`[1]`)},
		"cut off":      {UUID: "u-4", EventType: "no.such.type", Published: at, Raw: systemlog.Raw(`{"uuid":"u-4","actor":{"id`)},
		"nothing":      {},
		"not UTF-8":    {UUID: "u-\xff", EventType: "a.\xff", Raw: systemlog.Raw("\xff")},
	} {
		converted := json.Valid(h.Raw) && bytes.HasPrefix(h.Raw, []byte("{"))
		for f, s := range schemas(t) {
			got, err := new(shape.Shaper).Of(h, f)
			if f == shape.Okta {
				if err != nil || !bytes.Equal(got, h.Raw) {
					t.Errorf("%s: the bytes of Okta changed to %s (%v)", name, got, err)
				}
				continue
			}
			if (err == nil) != converted {
				t.Errorf("%s as %s: error %v", name, f, err)
			}
			for _, v := range s.Check(json.RawMessage(got)) {
				t.Errorf("%s as %s: %s in %s", name, f, v, got)
			}
			if strings.Contains(string(got), `\u003c`) {
				t.Errorf("%s as %s is escaped for HTML: %s", name, f, got)
			}
			for _, fact := range []string{h.UUID, h.EventType} {
				has := func(replacement string) bool {
					return strings.Contains(string(got), strings.ToValidUTF8(fact, replacement))
				}
				if !converted && !has("\ufffd") && !has(`\ufffd`) {
					t.Errorf("%s as %s lost %q: %s", name, f, fact, got)
				}
			}
		}
	}
}

func TestAppend(t *testing.T) {
	got, err := shape.Append([]byte("kept "), systemlog.Example, shape.ECS, true)
	if err != nil || !bytes.HasPrefix(got, []byte(`kept {"@timestamp":`)) || !bytes.Contains(got, []byte(`"original":`)) {
		t.Errorf("got %s, %v", got, err)
	}
	got, err = shape.Append([]byte("kept "), systemlog.Example, shape.EMM, false)
	if err != nil || !bytes.HasPrefix(got, []byte(`kept {"category":`)) || !json.Valid(got[5:]) {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err = shape.Append([]byte("kept"), []byte("[]"), shape.EMM, false); !errors.Is(err, emm.ErrNotAnEvent) || string(got) != "kept" {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err = shape.Append([]byte("kept"), []byte("[]"), shape.ECS, false); !errors.Is(err, ecs.ErrNotEvent) || string(got) != "kept" {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err = shape.Append([]byte("kept"), systemlog.Example, "xml", false); err == nil || string(got) != "kept" {
		t.Errorf("got %s, %v", got, err)
	}
}

// FuzzAppend checks that all formats accept the same bytes as an event.
func FuzzAppend(f *testing.F) {
	for _, seed := range []string{string(systemlog.Example), "{}", "[]", "", "{\"a\":", "{} {}", "null", "{\"uuid\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		isEvent := json.Valid(raw) && bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
		for _, format := range []shape.Format{shape.ECS, shape.EMM} {
			got, err := shape.Append(nil, raw, format, false)
			if (err == nil) != isEvent {
				t.Fatalf("%s: %v of %q", format, err, raw)
			}
			if err == nil && (!json.Valid(got) || bytes.ContainsAny(got, "\n\r")) {
				t.Fatalf("%s: %q became %q", format, raw, got)
			}
		}
	})
}

// TestShaperKeepsEventsApart checks that events in one buffer do not overlap, and that an event
// can be larger than a buffer.
func TestShaperKeepsEventsApart(t *testing.T) {
	var shaper shape.Shaper
	var got []shape.Event
	var want []string
	for i := range 300 {
		long := strings.Repeat("x", i*20)
		if i%100 == 50 {
			long = strings.Repeat("\\\\", 600_000)
		}
		h := systemlog.Head{Raw: systemlog.Raw(`{"uuid":"` + strconv.Itoa(i) + `","debugContext":{"debugData":{"pad":"` + long + `"}}}`)}
		e, err := shaper.Of(h, shape.ECS)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := new(shape.Shaper).Of(h, shape.ECS)
		if err != nil {
			t.Fatal(err)
		}
		got, want = append(got, e), append(want, string(alone))
		if i%3 == 0 {
			_ = append(e, "appended after an event"...)
		}
	}
	for i, e := range got {
		if string(e) != want[i] {
			t.Errorf("event %d was overwritten", i)
		}
	}
}
