package systemlog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// page returns a full page of Okta's size: 1,000 events of about 2.4 KB each.
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

// BenchmarkSplit measures Split, which validates each event as JSON and reads three members.
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

// BenchmarkEncodingJSON does the same work with encoding/json, for comparison.
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
