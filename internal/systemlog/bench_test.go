package systemlog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// page is as Okta sends one: 1,000 events of about 2.4 KB.
func page(tb testing.TB) []byte {
	tb.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, Example); err != nil {
		tb.Fatal(err)
	}
	debug := `"debugData":{"behaviors":"{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE}",` +
		`"threatSuspected":"false","url":"/api/v1/authn?","logOnlySecurityData":"` + strings.Repeat(`{\"risk\":{\"level\":\"LOW\"}},`, 20) + `",`
	event := strings.Replace(compact.String(), `"debugData":{`, debug, 1)
	return []byte("[" + strings.Repeat(event+",", 999) + event + "]")
}

// BenchmarkSplit is body to routed event: each is checked to be JSON, and its three
// fields are read.
func BenchmarkSplit(b *testing.B) {
	body := page(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		heads, err := Split(body)
		if err != nil || len(heads) != 1000 {
			b.Fatal(len(heads), err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEncodingJSON is the same work with encoding/json.
func BenchmarkEncodingJSON(b *testing.B) {
	body := page(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var raws []json.RawMessage
		if err := json.Unmarshal(body, &raws); err != nil {
			b.Fatal(err)
		}
		for _, raw := range raws {
			var h struct{ UUID, EventType, Published string }
			if err := json.Unmarshal(raw, &h); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
