package emm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/emm"
)

// BenchmarkNormalize converts the example events of the matrix to rows. For comparison, it also
// decodes the same events with encoding/json, which does not classify them.
func BenchmarkNormalize(b *testing.B) {
	var events [][]byte
	bytes := 0
	for _, raw := range samples(b) {
		// The examples have a number in a member that Okta documents and sends as a string.
		compacted := []byte(strings.Replace(compact(raw), `"version":0`, `"version":"0"`, 1))
		events = append(events, compacted)
		bytes += len(compacted)
	}
	run := func(name string, read func(raw []byte) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(bytes / len(events)))
			i := 0
			for b.Loop() {
				if err := read(events[i%len(events)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	run("emm", func(raw []byte) error {
		_, err := emm.Normalize(raw)
		return err
	})
	run("emm-to-json", func(raw []byte) error {
		row, err := emm.Normalize(raw)
		if err != nil {
			return err
		}
		_, err = json.Marshal(row)
		return err
	})
	run("encoding-json", func(raw []byte) error {
		var e systemlog.Event
		return json.Unmarshal(raw, &e)
	})
}

func BenchmarkClassify(b *testing.B) {
	for b.Loop() {
		emm.Classify("system.log_stream.lifecycle.update")
	}
}
