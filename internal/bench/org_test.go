package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/bench/pages"
)

// logOrgEvents is an environment variable. It makes the test binary an org with this number of events in its
// log.
const logOrgEvents = "SOAR_BENCH_LOG_ORG_EVENTS"

// TestMain runs the org of BenchmarkWay in a separate process, which is not measured.
func TestMain(m *testing.M) {
	if text := os.Getenv(logOrgEvents); text != "" {
		events, err := strconv.Atoi(text)
		if err == nil {
			err = serveLog(events)
		}
		fmt.Fprintln(os.Stderr, "log org:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built) // "" if nothing was built
	os.Exit(code)
}

// A ready line reports to the parent that the org's first pages are ready.
type ready struct{ URL, Certificate string }

// serveLog serves a System Log with a backlog over TLS, compressed with gzip, with Okta's headers and links. It
// returns when its input is closed.
func serveLog(events int) error {
	b := newBacklog(events)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/logs", b.serve)
	mux.HandleFunc("GET /api/v1/users/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"00u1a2b3c4d5e6f7g8h9","status":"ACTIVE","profile":{"login":"bench@corp.example"}}`)
	})
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := json.NewEncoder(os.Stdout).Encode(ready{server.URL, string(certificate)}); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// startLogOrg starts an org and returns its address when its first pages are ready. It writes the org's
// certificate to a file.
func startLogOrg(tb testing.TB, events int) (url, certificate string) {
	tb.Helper()
	org := exec.CommandContext(tb.Context(), os.Args[0])
	org.Env = append(os.Environ(), logOrgEvents+"="+strconv.Itoa(events))
	org.Stderr = os.Stderr
	_, err := org.StdinPipe() // the org ends with this process
	if err != nil {
		tb.Fatal(err)
	}
	out, err := org.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := org.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = org.Process.Kill()
		_ = org.Wait() // an error, because the process was killed
	})
	var line ready
	if err := json.NewDecoder(out).Decode(&line); err != nil {
		tb.Fatal(err)
	}
	certificate = filepath.Join(tb.TempDir(), "org.pem")
	if err := os.WriteFile(certificate, []byte(line.Certificate), 0o600); err != nil {
		tb.Fatal(err)
	}
	return line.URL, certificate
}

// pagesAhead is the number of pages that are generated in advance. 100 pages, about 30 MB, are the whole log of a
// short measurement.
const pagesAhead = 100

// A backlog contains the compressed pages of a log. Reading a page drops the earlier ones.
type backlog struct {
	pages int
	made  chan []byte

	mu   sync.Mutex
	at   int
	last []byte
}

// newBacklog returns when the first pages are ready.
func newBacklog(events int) *backlog {
	b := &backlog{pages: events / pages.Full, made: make(chan []byte, pagesAhead), at: -1}
	ready := make(chan struct{})
	go func() {
		for n := range b.pages {
			page := compress(pages.Page(n*pages.Full, pages.Full, pages.Usual))
			if n == min(pagesAhead, b.pages)-1 {
				close(ready)
			}
			b.made <- page
		}
		close(b.made)
	}()
	<-ready
	return b
}

// page returns page n. Pages after the end have no events. The caller may read the last page again, but
// no earlier one.
func (b *backlog) page(ctx context.Context, n int) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.at < n {
		select {
		case page, ok := <-b.made:
			if !ok {
				page = compress([]byte("[]"))
			}
			b.at, b.last = b.at+1, page
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return b.last, nil
}

// serve writes the page of the query's cursor. As in Okta, the last page links to a page without events.
func (b *backlog) serve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	n := 0
	if after := query.Get("after"); after != "" {
		if _, err := fmt.Sscanf(after, "page_%d", &n); err != nil || n < 0 {
			http.Error(w, `{"errorCode":"E0000031","errorSummary":"Invalid search criteria."}`, http.StatusBadRequest)
			return
		}
	}
	body, err := b.page(r.Context(), n)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	origin := "https://" + r.Host
	h := w.Header()
	h.Add("Link", fmt.Sprintf(`<%s%s>; rel="self"`, origin, r.URL.RequestURI()))
	h.Add("Link", fmt.Sprintf(`<%s/api/v1/logs?after=page_%d&limit=%s&sortOrder=ASCENDING>; rel="next"`, origin, min(n+1, b.pages), query.Get("limit")))
	h.Set("X-Okta-Request-Id", fmt.Sprintf("ZQxv0n3kTtu2y1mYw5a7p%06d", n))
	h.Set("X-Rate-Limit-Limit", "100000")
	h.Set("X-Rate-Limit-Remaining", "99999")
	h.Set("X-Rate-Limit-Reset", fmt.Sprint(time.Now().Add(time.Minute).Unix()))
	h.Set("Content-Type", "application/json")
	h.Set("Content-Encoding", "gzip")
	_, _ = w.Write(body) // the client may have disconnected
}

func compress(page []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(page) // never fails in memory
	_ = w.Close()
	return b.Bytes()
}
