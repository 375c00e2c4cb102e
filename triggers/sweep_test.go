package triggers_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// TestShortPagesAreNotTheEnd checks that a sweep ends only at an empty page.
func TestShortPagesAreNotTheEnd(t *testing.T) {
	for _, most := range []int{1, 7, 100} {
		p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}})
		short := httptest.NewServer(p.ShortPages(most))
		defer short.Close()
		p.connect(short.URL)
		p.sweep()
		want := p.append(10*most+most/2, "user.session.start")
		if n, least := p.sweep(), (len(want)+most-1)/most; n != least+1 {
			t.Errorf("%d events in pages of %d took %d requests, want %d", len(want), most, n, least+1)
		}
		if !slices.Equal(p.got, want) {
			t.Errorf("pages of %d: got %d events, want %d", most, len(p.got), len(want))
		}
	}
}

// TestPauseAfterPage checks the pause before the next page: none after a full page, and at
// most an interval after a short page whose latest event is younger than the interval.
func TestPauseAfterPage(t *testing.T) {
	ago := func(d time.Duration) oktasim.Event {
		return oktasim.Event{"eventType": "user.session.start", "published": time.Now().Add(-d).UTC().Format(time.RFC3339Nano)}
	}
	for name, test := range map[string]struct {
		events      []oktasim.Event
		more        bool
		least, most time.Duration
	}{
		"no events":    {nil, false, 0, 0},
		"a full page":  {[]oktasim.Event{ago(0), ago(0), ago(0)}, true, 0, 0},
		"young events": {[]oktasim.Event{ago(time.Hour), ago(0)}, true, 10 * time.Second, 10 * time.Second},
		"old events":   {[]oktasim.Event{ago(time.Hour), ago(time.Minute)}, true, 0, 5 * time.Second},
	} {
		p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 3})
		p.sweep()
		p.Append(test.events...)
		page, err := p.poll()
		if err != nil || page.More != test.more || page.Pause < test.least || page.Pause > test.most {
			t.Errorf("%s: more %t, pause %s, %v", name, page.More, page.Pause, err)
		}
	}
}

// relink replaces the next link of each response of the log.
func relink(org http.Handler, link func(next string) string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		org.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Link")
		for _, l := range rec.Header().Values("Link") {
			target, rest, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
			if strings.Contains(rest, "next") {
				if target = link(target); target == "" {
					continue
				}
			}
			w.Header().Add("Link", "<"+target+">"+rest)
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
}

// TestLinksInEverySpelling checks that relative links, and links with any form of the org's
// origin, are followed.
func TestLinksInEverySpelling(t *testing.T) {
	query := func(next string) string { return next[strings.Index(next, "?"):] }
	for name, link := range map[string]func(string) string{
		"as Okta sends them": func(next string) string { return next },
		"path":               func(next string) string { return "/api/v1/logs" + query(next) },
		"query":              query,
		"dot":                func(next string) string { return "./logs" + query(next) },
		"dots":               func(next string) string { return "../v1/logs" + query(next) },
		"no scheme":          func(next string) string { return strings.TrimPrefix(next, "http:") },
		"scheme in capitals": func(next string) string { return "HTTP" + strings.TrimPrefix(next, "http") },
		"leading zero":       func(next string) string { return strings.Replace(next, "127.0.0.1:", "127.0.0.1:0", 1) },
	} {
		p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 2})
		server := relink(p.Org, link)
		defer server.Close()
		p.connect(server.URL)
		p.sweep()
		want := p.append(5, "user.session.start")
		p.sweep()
		if !slices.Equal(p.got, want) || len(p.notices) != 0 {
			t.Errorf("%s: got %d events, want %d; notices %q", name, len(p.got), len(want), p.notices)
		}
	}
}

// TestReadingWithoutLinksMakesProgress checks that reading continues by times without links,
// with no lost event and a limited number of requests.
func TestReadingWithoutLinksMakesProgress(t *testing.T) {
	for name, serve := range map[string]func(http.Handler) *httptest.Server{
		"no link": func(org http.Handler) *httptest.Server { return relink(org, func(string) string { return "" }) },
		"another host": func(org http.Handler) *httptest.Server {
			return relink(org, func(string) string { return "https://evil.example/api/v1/logs?after=1" })
		},
		"the page itself": selfLinked,
	} {
		p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 3})
		server := serve(p.Org)
		defer server.Close()
		p.connect(server.URL)
		p.sweep()
		now := time.Now()
		var want []string
		for i := range 20 {
			at := now.Add(time.Duration(i-20) * 10 * time.Millisecond).UTC().Format(time.RFC3339Nano)
			want = append(want, p.Append(oktasim.Event{"eventType": "user.session.start", "published": at, "persisted": at})...)
		}
		n := p.sweep() + p.sweep()
		if got := set(p.got); !slices.Equal(got, want) || n > 30 {
			t.Errorf("%s: got %d of %d events in %d requests", name, len(got), len(want), n)
		}
		if n := p.sweep(); n > 12 {
			t.Errorf("%s: a sweep that finds nothing new took %d requests", name, n)
		}
		if page, err := p.poll(); err != nil || !page.CheckpointReset {
			t.Errorf("%s: not reported as a checkpoint reset: %v", name, err)
		}
	}
}

// selfLinked replaces the next link of each page by a link to the same page.
func selfLinked(org http.Handler) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		org.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header()["Link"] = []string{`<>; rel="next"`}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
}

// TestCircularLinksEndSweep checks that a sweep ends if the links form a circle.
func TestCircularLinksEndSweep(t *testing.T) {
	for _, length := range []int{2, 3, 5} {
		p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 2})
		var links []string
		n, bend := 0, false
		server := relink(p.Org, func(next string) string {
			if !bend {
				return next
			}
			if len(links) < length {
				links = append(links, next)
			}
			n++
			return links[(n-1)%length]
		})
		defer server.Close()
		p.connect(server.URL)
		p.sweep()
		want := p.append(40, "user.session.start")
		bend = true
		if n := p.sweep(); n > 5*length+10 {
			t.Errorf("a circle of %d pages took %d requests", length, n)
		}
		bend = false
		p.sweep()
		if got := set(p.got); !slices.Equal(got, want) {
			t.Errorf("a circle of %d pages: got %d of %d events", length, len(got), len(want))
		}
	}
}

// TestChangedParametersContinue checks which changed parameters continue at the link: the page size, the look back,
// the order of selections and local conditions. New types are read from 15 minutes before the latest event, and no
// event is lost.
func TestChangedParametersContinue(t *testing.T) {
	const sessions, mfa = "user.session.start", "user.mfa.okta_verify.deny_push"
	for name, test := range map[string]struct {
		before, after map[string]any
		again         bool
	}{
		"page size":  {map[string]any{"event_types": []string{sessions}}, map[string]any{"event_types": []string{sessions}, "page_size": 7}, false},
		"look-back":  {map[string]any{"event_types": []string{sessions}}, map[string]any{"event_types": []string{sessions}, "look_back": "1s"}, false},
		"format":     {map[string]any{"event_types": []string{sessions}}, map[string]any{"event_types": []string{sessions}, "format": "ecs"}, false},
		"own events": {map[string]any{"event_types": []string{sessions}}, map[string]any{"event_types": []string{sessions}, "own_events": true}, false},
		"order":      {map[string]any{"event_types": []string{sessions, mfa}}, map[string]any{"event_types": []string{mfa, sessions}}, false},
		"order of selections": {
			map[string]any{"event_types": []string{"*"}, "any": []any{types(sessions), types(mfa)}},
			map[string]any{"event_types": []string{"*"}, "any": []any{types(mfa), types(sessions)}}, false,
		},
		"filter": {map[string]any{"event_types": []string{sessions}},
			map[string]any{"event_types": []string{sessions}, "filter": `outcome.result eq "SUCCESS"`}, true},
		"types":      {map[string]any{"event_types": []string{mfa}}, map[string]any{"event_types": []string{mfa, sessions}}, true},
		"severities": {map[string]any{"event_types": []string{sessions}}, map[string]any{"event_types": []string{sessions}, "severity": []string{"INFO"}}, true},
	} {
		p := newPoller(t, oktasim.Options{}, test.before)
		p.sweep()
		p.append(3, sessions)
		p.append(3, mfa)
		p.sweep()
		want := p.append(20, sessions)
		p.got, p.notices, p.params = nil, nil, test.after
		p.sweep()
		said := strings.Contains(strings.Join(p.notices, "\n"), "reading again from")
		if said != test.again || !test.again && !slices.Equal(p.got, want) {
			t.Errorf("%s: got %d events, notices %q", name, len(p.got), p.notices)
		}
		for _, id := range want {
			if !slices.Contains(p.got, id) {
				t.Errorf("%s: event %s is lost", name, id)
			}
		}
	}
}
