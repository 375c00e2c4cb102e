//go:build linux

package reliability

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"soar.example/okta/internal/oktasim"
)

// foreignHost starts another host. It counts its requests.
func foreignHost(t *testing.T) (address string, visits func() int) {
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		fmt.Fprint(w, "[]")
	}))
	t.Cleanup(server.Close)
	return server.URL, func() int { return int(n.Load()) }
}

// badLinks injects next links that must not be followed, one per page.
func badLinks(link func(s *fixture, other string) []string) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		other, visits := foreignHost(t)
		s.writePlaybook(4)
		s.deny(6)
		w := s.watch()
		s.waitForRuns(w, 6)
		links := link(s, other)
		before := len(s.requestsTo(logPath))
		for _, l := range links {
			s.fault(oktasim.Fault{Link: l, Times: 1})
		}
		s.deny(6)
		w.waitForLines(len(links), "notice")
		s.deny(6)
		out := s.settle(w)
		if n := visits(); n > 0 {
			t.Errorf("another host got %d requests", n)
		}
		// Each lost link costs one repeated read. There is no endless repetition.
		if n, most := len(s.requestsTo(logPath))-before, 8*len(links)+10; n > most {
			t.Errorf("%d requests, more than %d", n, most)
		}
		return "the link is not followed and gets no token; the checkpoint is kept; " + out
	}
}

func foreignLinks(s *fixture, other string) []string {
	org := strings.TrimPrefix(s.url, "http://")
	const rest = "/api/v1/logs?after=1"
	return []string{
		other + rest, "https://evil.example" + rest, "https://" + org + rest, "http://" + org + "@evil.example" + rest,
		"http://user:secret@" + org + rest, "//evil.example" + rest, "http://127.0.0.1:1" + rest, "http://%zz" + rest,
		s.url + "/api/v1/users?after=1", s.url + "/api/v1/../../evil", s.url + rest + strings.Repeat("x", 10<<10),
	}
}

// loop links a page to itself or to the page before, for a while.
func loop(pages int) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(3)
		s.deny(3)
		w := s.watch()
		s.waitForRuns(w, 3)
		var visited []string
		bent := 0
		s.interceptWith(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != logPath || bent >= 4 {
				return false
			}
			visited = append(visited, s.url+r.URL.RequestURI())
			if len(visited) < pages {
				return false
			}
			bent++
			back := visited[len(visited)-pages]
			s.org.ServeHTTP(&relinker{ResponseWriter: rw, link: back}, r)
			return true
		})
		before := len(s.requestsTo(logPath))
		s.deny(12)
		out := s.settle(w)
		if n := len(s.requestsTo(logPath)) - before; n > 30 {
			t.Errorf("%d requests", n)
		}
		return "bounded requests; " + out
	}
}

// A relinker replaces the next link of a response.
type relinker struct {
	http.ResponseWriter
	link string
}

func (r *relinker) WriteHeader(status int) {
	h := r.Header()
	links := h.Values("Link")
	h.Del("Link")
	for _, l := range links {
		if !strings.Contains(l, `rel="next"`) {
			h.Add("Link", l)
		}
	}
	h.Add("Link", "<"+r.link+`>; rel="next"`)
	r.ResponseWriter.WriteHeader(status)
}
