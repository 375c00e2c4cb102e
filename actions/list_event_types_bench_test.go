package actions_test

import (
	"encoding/json"
	"testing"
)

// BenchmarkListEventTypes measures whole calls: reading the input, the search and
// writing the output as JSON.
func BenchmarkListEventTypes(b *testing.B) {
	bench := newBench(b)
	for _, c := range []struct {
		name  string
		input json.RawMessage
	}{
		{"default", json.RawMessage(`{}`)},
		{"search", json.RawMessage(`{"search": "session start"}`)},
		{"family", json.RawMessage(`{"family": "user.session.*"}`)},
		{"category", json.RawMessage(`{"category": "iga-access-request"}`)},
		{"none", json.RawMessage(`{"search": "xyzzy"}`)},
		{"all", json.RawMessage(`{"limit": 2000}`)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.session.Run(b.Context(), "list_event_types", c.input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
