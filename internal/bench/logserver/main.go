// Command logserver is an Okta org that has nothing but a System Log with a backlog,
// to measure with: over TLS, in gzip, with the headers and links of Okta's, and
// with its pages ready before they are asked for, so that it is not what is
// measured. It needs a process of its own for the same reason.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	cert := flag.String("cert", "", "file with the certificate, PEM")
	key := flag.String("key", "", "file with its key, PEM")
	events := flag.Int("events", 100_000, "events in the backlog, a whole number of pages")
	flag.Parse()
	if err := serve(*cert, *key, *events); err != nil {
		log.Fatal("logserver: ", err)
	}
}

func serve(cert, key string, events int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	origin := "https://" + listener.Addr().String()
	backlog := newBacklog(events)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/logs", func(w http.ResponseWriter, r *http.Request) { answer(w, r, origin, backlog) })
	mux.HandleFunc("GET /api/v1/users/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"00u1a2b3c4d5e6f7g8h9","status":"ACTIVE","profile":{"login":"bench@corp.example"}}`)
	})
	// The caller may read this line as: the first pages are ready.
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": origin}); err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ServeTLS(listener, cert, key)
}

// answer gives the page that the query's cursor names, as Okta does: behind the
// last event there is always another page, without events until some come.
func answer(w http.ResponseWriter, r *http.Request, origin string, b *backlog) {
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
	next := min(n+1, b.pages)
	h := w.Header()
	h.Add("Link", fmt.Sprintf(`<%s%s>; rel="self"`, origin, r.URL.RequestURI()))
	h.Add("Link", fmt.Sprintf(`<%s/api/v1/logs?after=page_%d&limit=%s&sortOrder=ASCENDING>; rel="next"`, origin, next, query.Get("limit")))
	h.Set("X-Okta-Request-Id", fmt.Sprintf("ZQxv0n3kTtu2y1mYw5a7p%06d", n))
	h.Set("X-Rate-Limit-Limit", "100000")
	h.Set("X-Rate-Limit-Remaining", "99999")
	h.Set("X-Rate-Limit-Reset", fmt.Sprint(time.Now().Add(time.Minute).Unix()))
	h.Set("Content-Type", "application/json")
	h.Set("Content-Encoding", "gzip")
	_, _ = w.Write(body) // a caller who is gone needs no answer
}
