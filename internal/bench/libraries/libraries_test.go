// Package libraries measures how a response of Okta becomes matched events. It compares this project's parser with
// libraries that could replace it. It is a separate module. Therefore the connector does not depend on the libraries.
package libraries

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bytedance/sonic"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	goccy "github.com/goccy/go-json"
	"github.com/okta/okta-sdk-golang/v4/okta"
	"github.com/tidwall/gjson"

	"soar.example/okta/internal/bench/pages"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// want reports whether an event matches. About a third of the events do.
func want(eventType string) bool {
	return sdk.MatchType("user.session.*", eventType) || sdk.MatchType("user.mfa.okta_verify.deny_push", eventType)
}

// three contains the members of an event that routing needs.
type three struct {
	UUID      string    `json:"uuid"`
	EventType string    `json:"eventType"`
	Published time.Time `json:"published"`
}

// readers return the number of events of a page that match. The benchmark table shows their names.
var readers = []struct {
	name string
	read func(page []byte) (int, error)
}{
	{"ours", func(page []byte) (int, error) {
		heads, err := systemlog.Split(page)
		return count(heads, func(h *systemlog.Head) string { return h.EventType }), err
	}},
	{"okta-sdk", func(page []byte) (int, error) {
		var all []okta.LogEvent
		err := json.Unmarshal(page, &all)
		return count(all, func(e *okta.LogEvent) string { return e.GetEventType() }), err
	}},
	{"encoding/json, all fields", typed(json.Unmarshal)},
	{"encoding/json, three fields", threeFields(json.Unmarshal)},
	{"go-json-experiment, all fields", typed(func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) })},
	{"go-json-experiment, three fields", threeFields(func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) })},
	{"jsontext, split", splitJSONText},
	{"sonic, all fields", typed(sonic.Unmarshal)},
	{"sonic with copies and checks, all fields", typed(sonic.ConfigStd.Unmarshal)},
	{"sonic, three fields", threeFields(sonic.Unmarshal)},
	{"goccy, all fields", typed(func(b []byte, v any) error { return goccy.Unmarshal(b, v) })},
	{"goccy, three fields", threeFields(func(b []byte, v any) error { return goccy.Unmarshal(b, v) })},
	{"gjson, three fields", func(page []byte) (int, error) {
		n := 0
		gjson.ParseBytes(page).ForEach(func(_, event gjson.Result) bool {
			found := gjson.GetMany(event.Raw, "uuid", "eventType", "published")
			if want(found[1].String()) {
				n++
			}
			return true
		})
		return n, nil
	}},
}

func typed(unmarshal func([]byte, any) error) func([]byte) (int, error) {
	return func(page []byte) (int, error) {
		var all []systemlog.Event
		err := unmarshal(page, &all)
		return count(all, func(e *systemlog.Event) string { return e.EventType }), err
	}
}

func threeFields(unmarshal func([]byte, any) error) func([]byte) (int, error) {
	return func(page []byte) (int, error) {
		var all []three
		err := unmarshal(page, &all)
		return count(all, func(e *three) string { return e.EventType }), err
	}
}

// splitJSONText finds the bounds of each event, and reads the members for routing in the same pass.
func splitJSONText(page []byte) (int, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(page))
	if _, err := d.ReadToken(); err != nil {
		return 0, err
	}
	var matched [][]byte
	for d.PeekKind() == '{' {
		from := d.InputOffset()
		if _, err := d.ReadToken(); err != nil {
			return 0, err
		}
		wanted := false
		for d.PeekKind() == '"' {
			name, err := d.ReadToken()
			if err != nil {
				return 0, err
			}
			if name.String() != "eventType" {
				if err := d.SkipValue(); err != nil {
					return 0, err
				}
				continue
			}
			value, err := d.ReadToken()
			if err != nil {
				return 0, err
			}
			wanted = want(value.String())
		}
		if _, err := d.ReadToken(); err != nil {
			return 0, err
		}
		if wanted {
			matched = append(matched, page[from:d.InputOffset()])
		}
	}
	return len(matched), nil
}

func count[E any](all []E, typeOf func(*E) string) int {
	n := 0
	for i := range all {
		if want(typeOf(&all[i])) {
			n++
		}
	}
	return n
}

// made returns a page of generated events.
func made() []byte { return pages.Page(0, pages.Full, pages.Long) }

// real returns a page of repeated real events, if the samples exist.
func real(tb testing.TB) []byte {
	tb.Helper()
	samples, err := filepath.Glob("../../../../shared/seeds/emm/events/*.json")
	if err != nil || len(samples) == 0 {
		tb.Skip("no real events here: ../shared is absent")
	}
	page := bytes.NewBufferString("[")
	for i := range pages.Full {
		if i > 0 {
			page.WriteByte(',')
		}
		event, err := os.ReadFile(samples[i%len(samples)])
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Compact(page, event); err != nil { // in Okta's format
			tb.Fatal(err)
		}
	}
	page.WriteByte(']')
	return page.Bytes()
}

// TestSameEvents checks that all readers find the same events. A comparison of different results is meaningless.
func TestSameEvents(t *testing.T) {
	t.Run("made", func(t *testing.T) { sameEvents(t, made(), false) })
	// Real events contain numbers where Okta documents strings. Readers of all fields lose the page then.
	t.Run("real", func(t *testing.T) { sameEvents(t, real(t), true) })
}

func sameEvents(t *testing.T, page []byte, odd bool) {
	t.Helper()
	all, err := readers[0].read(page)
	if err != nil || all == 0 {
		t.Fatalf("%d events, %v", all, err)
	}
	for _, r := range readers {
		n, err := r.read(page)
		if err != nil && odd {
			t.Logf("%s loses the page: %v", r.name, err)
		} else if err != nil || n != all {
			t.Errorf("%s finds %d events of %d, %v", r.name, n, all, err)
		}
	}
}

func BenchmarkRead(b *testing.B) { measure(b, made()) }

func BenchmarkReadReal(b *testing.B) { measure(b, real(b)) }

func measure(b *testing.B, page []byte) {
	b.Helper()
	for _, r := range readers {
		b.Run(r.name, func(b *testing.B) {
			if _, err := r.read(page); err != nil {
				b.Skip("loses the page")
			}
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = r.read(page) // result known from the run before
			}
			b.ReportMetric(float64(pages.Full*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
