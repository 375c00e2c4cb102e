package systemlog

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const validEvent = `{"uuid":"u-1","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z"}`

func TestSplitMalformedMembers(t *testing.T) {
	at := time.Date(2026, 3, 14, 2, 41, 7, 512e6, time.UTC)
	for name, c := range map[string]struct {
		event      string
		want       Head // without Raw; the UUID "sha256-" matches any derived ID
		unreadable []string
	}{
		"valid": {validEvent, Head{UUID: "u-1", EventType: "user.session.start", Published: at}, nil},
		"numeric uuid": {`{"uuid":7,"eventType":"a","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "sha256-", EventType: "a", Published: at}, []string{"uuid"}},
		"null uuid": {`{"uuid":null,"eventType":"a","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "sha256-", EventType: "a", Published: at}, []string{"uuid"}},
		"empty uuid": {`{"uuid":"","eventType":"a","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "sha256-", EventType: "a", Published: at}, []string{"uuid"}},
		"no uuid": {`{"eventType":"a","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "sha256-", EventType: "a", Published: at}, []string{"uuid"}},
		"empty event":           {`{}`, Head{UUID: "sha256-"}, []string{"uuid", "eventType", "published"}},
		"no eventType":          {`{"uuid":"u","published":"2026-03-14T02:41:07.512Z"}`, Head{UUID: "u", Published: at}, []string{"eventType"}},
		"null eventType":        {`{"uuid":"u","eventType":null,"published":"2026-03-14T02:41:07.512Z"}`, Head{UUID: "u", Published: at}, []string{"eventType"}},
		"array eventType":       {`{"uuid":"u","eventType":["a"],"published":"2026-03-14T02:41:07.512Z"}`, Head{UUID: "u", Published: at}, []string{"eventType"}},
		"no published":          {`{"uuid":"u","eventType":"a"}`, Head{UUID: "u", EventType: "a"}, []string{"published"}},
		"null published":        {`{"uuid":"u","eventType":"a","published":null}`, Head{UUID: "u", EventType: "a"}, []string{"published"}},
		"published empty":       {`{"uuid":"u","eventType":"a","published":""}`, Head{UUID: "u", EventType: "a"}, []string{"published"}},
		"published +0000":       {`{"uuid":"u","eventType":"a","published":"2026-03-14T02:41:07.512+0000"}`, Head{UUID: "u", EventType: "a"}, []string{"published"}},
		"published as a number": {`{"uuid":"u","eventType":"a","published":1773456067}`, Head{UUID: "u", EventType: "a"}, []string{"published"}},
		"number version, 4-byte ASN": {`{"version":0,"securityContext":{"asNumber":4200000000,"isProxy":"no"},` +
			`"uuid":"u-1","eventType":"a","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "u-1", EventType: "a", Published: at}, nil},
		"repeated members": {`{"uuid":"u-0","uuid":"u-1","eventType":"a","published":"","published":"2026-03-14T02:41:07.512Z"}`,
			Head{UUID: "u-1", EventType: "a", Published: at}, []string{}},
		"members in nested objects": {`{"uuid":"u-1","eventType":"a","published":"2026-03-14T02:41:07.512Z",` +
			`"debugContext":{"debugData":{"uuid":9,"eventType":[` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `]}}}`,
			Head{UUID: "u-1", EventType: "a", Published: at}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			heads, err := Split([]byte("[" + validEvent + ", " + c.event + " ,\n" + validEvent + "]"))
			if err != nil {
				t.Fatal(err)
			}
			if len(heads) != 3 || heads[0].UUID != "u-1" || heads[2].UUID != "u-1" {
				t.Fatalf("the valid events around the malformed event are lost: %+v", heads)
			}
			got := heads[1]
			if string(got.Raw) != c.event {
				t.Errorf("the bytes of the event are changed: %.200s", got.Raw)
			}
			if len(c.unreadable) > 0 && !slices.Equal(got.Unreadable, c.unreadable) || len(c.unreadable) == 0 && len(got.Unreadable) > 0 {
				t.Errorf("unreadable: got %v, want %v", got.Unreadable, c.unreadable)
			}
			if c.want.UUID == "sha256-" && len(got.UUID) == len("sha256-")+32 && strings.HasPrefix(got.UUID, "sha256-") {
				c.want.UUID = got.UUID
			}
			got.Raw, got.Unreadable = nil, nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitRejectsInvalidPages(t *testing.T) {
	for name, page := range map[string]string{
		"empty":                    "",
		"white space":              " \r\n",
		"null":                     "null",
		"an Okta error":            `{"errorCode":"E0000011","errorSummary":"Invalid token provided"}`,
		"HTML":                     "<html><body>Bad gateway</body></html>",
		"a string":                 `"[]"`,
		"truncated in an event":    "[" + validEvent + `,{"uuid":"u-2","eve`,
		"truncated between events": "[" + validEvent + ",",
		"truncated before the end": "[" + validEvent,
		"text after the array":     "[" + validEvent + "] x",
		"two pages":                "[][]",
		"null among events":        "[" + validEvent + ",null]",
		"number among events":      "[" + validEvent + ",7]",
		"array among events":       "[[" + validEvent + "]]",
		"string among events":      `["event"]`,
		"too deep":                 "[" + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "]",
		"byte order mark":          "\xef\xbb\xbf[]",
	} {
		if heads, err := Split([]byte(page)); err == nil {
			t.Errorf("%s was accepted as %d events", name, len(heads))
		} else if heads != nil {
			t.Errorf("%s returned events and an error", name)
		}
	}
}

func TestSplitEmptyPage(t *testing.T) {
	for _, page := range []string{"[]", " [ \n ] "} {
		heads, err := Split([]byte(page))
		if err != nil || len(heads) != 0 {
			t.Errorf("%q: got %v, %v", page, heads, err)
		}
	}
}

func TestDerivedIDs(t *testing.T) {
	id := func(event, before string) string {
		heads, err := Split([]byte("[" + before + event + "]"))
		if err != nil {
			t.Fatal(err)
		}
		return heads[len(heads)-1].UUID
	}
	one := id(`{"uuid":7,"eventType":"a"}`, "")
	if again := id(`{"uuid":7,"eventType":"a"}`, validEvent+",\n  "); again != one {
		t.Errorf("the same event on another page has the ID %s, want %s", again, one)
	}
	if other := id(`{"uuid":7,"eventType":"b"}`, ""); other == one {
		t.Error("a different event has the same ID")
	}
}

func TestSplitHuge(t *testing.T) {
	event := `{"uuid":"u-1","eventType":"a","published":"2026-03-14T02:41:07.512Z",` +
		`"debugContext":{"debugData":{"x":"` + strings.Repeat("<é\\u0000>", 5<<20/10) + `"}}}`
	start := time.Now()
	heads, err := Split([]byte("[" + event + "," + validEvent + "]"))
	if err != nil || len(heads) != 2 || len(heads[0].Raw) != len(event) || heads[0].UUID != "u-1" || heads[0].Unreadable != nil {
		t.Fatalf("%d events, %v", len(heads), err)
	}
	page := "[" + strings.Repeat(validEvent+",", 20_000) + validEvent + "]"
	if heads, err = Split([]byte(page)); err != nil || len(heads) != 20_001 {
		t.Fatalf("%d events, %v", len(heads), err)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("Split took %s", d)
	}
}

// FuzzSplit checks for any page that Split does not panic, loses and changes no event, gives every
// event an ID, and is deterministic.
func FuzzSplit(f *testing.F) {
	for _, page := range []string{
		"[]", "[" + validEvent + "]", `[{"uuid":1},{"published":""}]`, `[null]`, `[{"uuid":"a","UUID":"b"}]`, "[{}", "[{}]x", string(Example),
		"[" + string(Example) + "]", "[{\"uuid\":\"\xff\"}]", `[{"published":"9999-99-99"}]`,
	} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		heads, err := Split(page)
		var raws []json.RawMessage
		if valid := json.Unmarshal(page, &raws); err != nil {
			if heads != nil {
				t.Fatal("Split returned events and an error")
			}
			return
		} else if valid != nil {
			t.Fatalf("Split accepted a page that is not an array: %v", valid)
		}
		again, err := Split(page)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(heads, again); diff != "" {
			t.Fatal(diff)
		}
		if len(heads) != len(raws) {
			t.Fatalf("got %d events, want %d", len(heads), len(raws))
		}
		for i, h := range heads {
			if string(h.Raw) != string(raws[i]) {
				t.Fatalf("event %d is changed", i)
			}
			if h.UUID == "" {
				t.Fatalf("event %d has no ID", i)
			}
			if (h.EventType == "") != slices.Contains(h.Unreadable, "eventType") || h.Published.IsZero() != slices.Contains(h.Unreadable, "published") {
				t.Fatalf("event %d: %+v", i, h)
			}
		}
	})
}
