package ecs

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog"
)

// pageEvent returns an event of about 2 kB, the usual size of Okta's events: the example, with the
// debug data and geography of a sign-in.
func pageEvent(tb testing.TB) []byte {
	tb.Helper()
	var e map[string]any
	if err := json.Unmarshal(systemlog.Example, &e); err != nil {
		tb.Fatal(err)
	}
	client := e["client"].(map[string]any)
	client["userAgent"] = map[string]any{
		"os": "Windows 10", "browser": "CHROME",
		"rawUserAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
	}
	e["securityContext"].(map[string]any)["domain"] = "customers.isp.example.co.uk"
	e["debugContext"] = map[string]any{"debugData": map[string]any{
		"requestId": "ZQxv0n3kTtu2y1mYw5a7pAAAB3k", "dtHash": "c2b1c1c2a8f4d9a1d27aef3b5dfbc13e0d4a5d8b21c7a3a4b1a4fd40ab0aa9f1",
		"requestUri": "/idp/idx/identify", "url": "/idp/idx/identify?", "threatSuspected": "false",
		"risk":              "{reasons=Anomalous Location, level=MEDIUM}",
		"behaviors":         "{New Geo-Location=POSITIVE, New Device=NEGATIVE, New IP=POSITIVE, New State=POSITIVE, Velocity=NEGATIVE}",
		"deviceFingerprint": "d2d2f1a0b6d2be1e3dfb1e0d9b9c5b48",
	}}
	e["request"] = map[string]any{"ipChain": []any{map[string]any{
		"ip": "203.0.113.24", "version": "V4", "source": nil, "geographicalContext": client["geographicalContext"],
	}}}
	raw, err := json.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func per(b *testing.B, raw []byte) {
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	b.Cleanup(func() {
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		if used := cpuTime(b) - start; used > 0 {
			b.ReportMetric(float64(b.N)/used.Seconds(), "events/cpu-s")
		}
	})
}

// BenchmarkAppendRaw converts raw bytes to ECS documents, as a stream does.
func BenchmarkAppendRaw(b *testing.B) {
	for name, o := range profiles {
		b.Run(name, func(b *testing.B) {
			raw := pageEvent(b)
			dst, err := AppendRaw(nil, raw, o)
			if err != nil {
				b.Fatal(err)
			}
			per(b, raw)
			for b.Loop() {
				if dst, err = AppendRaw(dst[:0], raw, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead measures only the scanner, without ECS.
func BenchmarkRead(b *testing.B) {
	raw := pageEvent(b)
	e, text := new(event), string(raw)
	per(b, raw)
	for b.Loop() {
		if err := e.read(text); err != nil {
			b.Fatal(err)
		}
		e.reset()
	}
}

// BenchmarkEncodingJSON measures encoding/json for the same input and output: it decodes an event,
// and encodes a document without the conversion between them.
func BenchmarkEncodingJSON(b *testing.B) {
	raw := pageEvent(b)
	doc, err := AppendRaw(nil, raw, Options{})
	if err != nil {
		b.Fatal(err)
	}
	var d Document
	if err := json.Unmarshal(doc, &d); err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	per(b, raw)
	for b.Loop() {
		var e systemlog.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			b.Fatal(err)
		}
		out.Reset()
		if err := json.NewEncoder(&out).Encode(&d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewUserAgent measures ua-parser's expressions for a header that is not in the cache.
func BenchmarkNewUserAgent(b *testing.B) {
	rules, err := browsers()
	if err != nil {
		b.Fatal(err)
	}
	for name, header := range map[string]string{
		"chrome": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.",
		"junk":   strings.Repeat("Zq (x; y) ", maxAgentLength/10-1),
	} {
		b.Run(name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				i++
				rules.match(header + strconv.Itoa(i))
			}
		})
	}
}
