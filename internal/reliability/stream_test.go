//go:build linux

package reliability

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// corruptBodies corrupts the bodies of the log's responses.
func corruptBodies(times int, corrupt func(w http.ResponseWriter, body []byte)) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(5)
		s.deny(5)
		w := s.watch()
		s.waitForRuns(w, 5)
		left := times
		s.interceptWith(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != logPath || left == 0 {
				return false
			}
			left--
			r.Header.Del("Accept-Encoding")
			rec := httptest.NewRecorder()
			s.org.ServeHTTP(rec, r)
			for name, values := range rec.Header() {
				rw.Header()[name] = values
			}
			rw.Header().Del("Content-Length")
			corrupt(rw, rec.Body.Bytes())
			return true
		})
		s.deny(12)
		w.waitForLines(times, "poll_failed")
		most := peakMemory(w.plugin())
		out := s.settle(w)
		if most > 640<<20 {
			t.Errorf("the plugin took %d MiB", most>>20)
		}
		return "the whole page is discarded, the checkpoint is kept; " + out
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // never fails in memory
	_ = z.Close()
	return out.Bytes()
}

func cutGzip(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	z := zipped(body)
	_, _ = w.Write(z[:len(z)*2/3])
}

func cutJSONInGzip(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(zipped(body[:len(body)*2/3]))
}

func wrongLength(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1000))
	_, _ = w.Write(body)
	panic(http.ErrAbortHandler)
}

// gzipBomb writes 4 GiB of spaces in gzip, in 64 members of 64 MiB.
func gzipBomb(w http.ResponseWriter, _ []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	member := zipped(bytes.Repeat([]byte(" "), 64<<20))
	for range 64 {
		if _, err := w.Write(member); err != nil {
			return // the client closed the connection
		}
	}
}

func deepJSON(w http.ResponseWriter, _ []byte) {
	_, _ = io.WriteString(w, `[{"uuid":"deep","x":`+strings.Repeat("[", 1_000_000))
}

// peakMemory returns the maximum memory of a process so far, in bytes.
func peakMemory(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb << 10
		}
	}
	return 0
}

// appendEvents appends events to the org's log in the order of their arrival.
func appendEvents(fill func(s *fixture)) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(50)
		s.deny(5)
		w := s.watch()
		s.waitForRuns(w, 5)
		fill(s)
		return s.settle(w)
	}
}

func lateEvents(s *fixture) {
	for i := range 20 {
		at := time.Now().Add(-time.Duration(i%11) * time.Minute).UTC().Format(time.RFC3339Nano)
		s.deny(1, oktasim.Event{"published": at})
	}
}

// repeatedEvents appends each event several times: in one page and in later pages.
func repeatedEvents(s *fixture) {
	first := s.deny(10)
	u := s.user()
	for range 3 {
		for _, id := range first {
			s.org.Append(oktasim.Event{"eventType": trigger, "uuid": id, "actor": map[string]any{"id": u.ID, "type": "User"}})
		}
	}
	s.users-- // the user is never suspended, because the events are repetitions
}

func malformedEvents(s *fixture) {
	for _, bad := range []oktasim.Event{
		{"version": 0},
		{"securityContext": map[string]any{"asNumber": 4200000000, "isProxy": "perhaps"}},
		{"severity": []any{1, 2}, "outcome": "broken", "target": "nobody"},
		{"client": 7, "transaction": "x", "debugContext": []any{}},
		{"debugContext": map[string]any{"debugData": map[string]any{"x": strings.Repeat("y", 5<<20)}}},
		{"displayMessage": "\u202e\u0000\ufffd", "__proto__": map[string]any{"x": 1}, "legacyEventType": 1e308},
	} {
		s.noise(1)
		s.deny(1, bad)
	}
}

// equalTimestamps appends 5,000 events of the same time; one in a hundred matches.
func equalTimestamps(s *fixture) {
	at := time.Now().UTC().Format(time.RFC3339Nano)
	for range 50 {
		for range 99 {
			s.org.Append(oktasim.Event{"eventType": "user.session.start", "published": at})
		}
		s.deny(1, oktasim.Event{"published": at})
	}
}
