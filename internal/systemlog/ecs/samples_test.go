package ecs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared is the directory of test data beside the repository.
const shared = "../../../../shared"

// sample is an event and its document in Sekoia.io's intake.
type sample struct {
	Input    json.RawMessage `json:"input"`
	Expected json.RawMessage `json:"expected"`
}

// files returns the files of a shared directory by name.
func files(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(shared, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("no shared test data (%s)", pattern)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = b
	}
	return all
}

func samples(t testing.TB) map[string]sample {
	t.Helper()
	all := map[string]sample{}
	for name, b := range files(t, "seeds/sekoia/*.json") {
		var s sample
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = s
	}
	return all
}

// realEvents returns every real event of the shared test data: events of Sekoia.io, of the Event
// Maturity Matrix, and of Okta's official examples.
func realEvents(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, s := range samples(t) {
		all["sekoia/"+name] = s.Input
	}
	for name, b := range files(t, "seeds/emm/events/*.json") {
		all["emm/"+name] = b
	}
	for name, b := range examples(t) {
		var events []json.RawMessage
		if err := json.Unmarshal(b, &events); err != nil {
			var one struct{ Value []json.RawMessage }
			if err := json.Unmarshal(b, &one); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			events = one.Value
		}
		for i, e := range events {
			all[name+"#"+string(rune('0'+i))] = e
		}
	}
	return all
}

// examples returns the pages of events in Okta's official examples.
func examples(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, archive := range files(t, "okta/openapi/examples-*.tar.gz") {
		plain, err := gzip.NewReader(bytes.NewReader(archive))
		if err != nil {
			t.Fatal(err)
		}
		r := tar.NewReader(plain)
		for {
			head, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(head.Name, "listLogEvents/200") {
				continue
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			all[head.Name] = b
		}
	}
	return all
}
