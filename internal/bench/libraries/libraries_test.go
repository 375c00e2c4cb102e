// Package libraries measures how an answer of Okta's becomes matched events, by this
// project's own reader and by the libraries that could be used instead. It is a
// module of its own, so that none of them is a dependency of the connector.
package libraries

import (
	"bytes"
	"encoding/json"
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

// want reports whether an event is one to match: about a third of them are.
func want(eventType string) bool {
	return sdk.MatchType("user.session.*", eventType) || sdk.MatchType("user.mfa.okta_verify.deny_push", eventType)
}

// three are the members that routing needs of an event.
type three struct {
	UUID      string    `json:"uuid"`
	EventType string    `json:"eventType"`
	Published time.Time `json:"published"`
}

// readers turn a page into the number of events that match.
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
	{"encoding-json-typed", typed(json.Unmarshal)},
	{"encoding-json-three", threeFields(json.Unmarshal)},
	{"jsonv2-typed", typed(func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) })},
	{"jsonv2-three", threeFields(func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) })},
	{"jsontext-split", splitJSONText},
	{"sonic-typed", typed(sonic.Unmarshal)},
	{"sonic-std-typed", typed(sonic.ConfigStd.Unmarshal)},
	{"sonic-three", threeFields(sonic.Unmarshal)},
	{"goccy-typed", typed(func(b []byte, v any) error { return goccy.Unmarshal(b, v) })},
	{"goccy-three", threeFields(func(b []byte, v any) error { return goccy.Unmarshal(b, v) })},
	{"gjson-three", func(page []byte) (int, error) {
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

// splitJSONText finds where each event begins and ends, and reads the three members
// while passing over it.
func splitJSONText(page []byte) (int, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(page))
	if _, err := d.ReadToken(); err != nil {
		return 0, err
	}
	n := 0
	for d.PeekKind() == '{' {
		raw, err := d.ReadValue()
		if err != nil {
			return n, err
		}
		event := jsontext.NewDecoder(bytes.NewBuffer(raw))
		if _, err := event.ReadToken(); err != nil {
			return n, err
		}
		for event.PeekKind() == '"' {
			name, err := event.ReadToken()
			if err != nil {
				return n, err
			}
			if name.String() != "eventType" {
				if err := event.SkipValue(); err != nil {
					return n, err
				}
				continue
			}
			value, err := event.ReadToken()
			if err != nil {
				return n, err
			}
			if want(value.String()) {
				n++
			}
		}
	}
	return n, nil
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

// TestSameEvents holds the readers against each other: who finds other events than
// the rest is not measured.
func TestSameEvents(t *testing.T) {
	page := pages.Page(0, pages.Full, pages.Long)
	all, err := readers[0].read(page)
	if err != nil || all == 0 {
		t.Fatalf("%d events, %v", all, err)
	}
	for _, r := range readers {
		if n, err := r.read(page); err != nil || n != all {
			t.Errorf("%s finds %d events of %d, %v", r.name, n, all, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	page := pages.Page(0, pages.Full, pages.Long)
	for _, r := range readers {
		b.Run(r.name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.read(page); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(pages.Full*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
