package oktasim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func at(d time.Duration) string { return t0.Add(d).Format("2006-01-02T15:04:05.000Z07:00") }

func named(name string) oktasim.Event { return oktasim.Event{"uuid": name} }

func published(name string, d time.Duration) oktasim.Event {
	return oktasim.Event{"uuid": name, "published": at(d)}
}

// logs returns the URL of a log query.
func logs(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/api/v1/logs?" + q.Encode()
}

// drain follows next links to an empty or last page. It returns the UUIDs and the last next link.
func (c *caller) drain(target string) (uuids []string, next string) {
	c.t.Helper()
	for pages := 0; target != ""; pages++ {
		if pages > 5000 {
			c.t.Fatalf("no end of pages at %s", target)
		}
		a := c.want("GET", target, "", 200, "")
		page := column(a.list(c.t), "uuid")
		uuids = append(uuids, page...)
		_, next = a.links(c.t)
		if len(page) == 0 {
			break
		}
		target = next
	}
	return uuids, next
}

func TestPolling(t *testing.T) {
	c, clk := start(t)
	since := logs("since", at(0), "limit", "2")
	uuids, next := c.drain(since)
	if len(uuids) != 0 || next == "" {
		t.Fatalf("an empty log: %v, next %q", uuids, next)
	}

	for i := range 5 {
		clk.Advance(time.Second)
		c.org.Append(named(fmt.Sprint("e", i)))
	}
	uuids, next = c.drain(next)
	if d := cmp.Diff([]string{"e0", "e1", "e2", "e3", "e4"}, uuids); d != "" {
		t.Fatal(d)
	}
	// A repeated request with the same cursor gets the same response, now and later.
	for range 2 {
		if again, _ := c.drain(next); len(again) != 0 {
			t.Errorf("again: %v", again)
		}
	}

	// A late event has an old published time, and follows the events that were stored before it.
	clk.Advance(time.Second)
	c.org.Append(published("late", -time.Hour), named("e5"))
	uuids, _ = c.drain(next)
	if d := cmp.Diff([]string{"late", "e5"}, uuids); d != "" {
		t.Error(d)
	}

	// since is a time of persistence: the result contains the late event and not e0.
	uuids, _ = c.drain(logs("since", at(2*time.Second)))
	if d := cmp.Diff([]string{"e1", "e2", "e3", "e4", "late", "e5"}, uuids); d != "" {
		t.Error(d)
	}
	uuids, _ = c.drain(logs("since", at(24*time.Hour)))
	if len(uuids) != 0 {
		t.Errorf("since tomorrow: %v", uuids)
	}
}

func TestPollingSkipsOtherEvents(t *testing.T) {
	c, _ := start(t)
	a := c.want("GET", logs("filter", `severity eq "ERROR"`, "since", at(0), "limit", "1"), "", 200, "")
	_, before := a.links(t)
	c.org.Append(named("info"), oktasim.Event{"uuid": "bad", "severity": "ERROR"}, named("info2"))
	for _, from := range []string{before, before} {
		if got, _ := c.drain(from); !slices.Equal(got, []string{"bad"}) {
			t.Errorf("got %v", got)
		}
	}
}

func TestLimits(t *testing.T) {
	c, _ := start(t)
	for i := range 150 {
		c.org.Append(named(fmt.Sprint(i)))
	}
	for limit, want := range map[string]int{"": 100, "1": 1, "149": 149, "1000": 150} {
		target := "/api/v1/logs"
		if limit != "" {
			target += "?limit=" + limit
		}
		if got := len(c.want("GET", target, "", 200, "").list(t)); got != want {
			t.Errorf("limit %q: %d events, want %d", limit, got, want)
		}
	}
	zero := c.want("GET", "/api/v1/logs?limit=0", "", 200, "")
	_, next := zero.links(t)
	if zero.body != "[]" || next == "" {
		t.Errorf("limit 0: %s, next %q", zero.body, next)
	}
	if bounded := c.want("GET", logs("since", at(-time.Hour), "until", at(time.Hour), "limit", "0"), "", 200, ""); bounded.body != "[]" {
		t.Errorf("bounded limit 0: %s", bounded.body)
	}
	// After a page that was too large, the client may request the page again with a smaller limit.
	smaller := strings.Replace(next, "limit=0", "limit=7", 1)
	if got := len(c.want("GET", smaller, "", 200, "").list(t)); got != 7 {
		t.Errorf("changed limit: %d events", got)
	}
}

func TestBounded(t *testing.T) {
	c, clk := start(t)
	clk.Advance(time.Hour)
	c.org.Append(published("c", 3*time.Second), published("a", time.Second), published("b", 2*time.Second), published("b2", 2*time.Second),
		published("early", -time.Second), published("end", 10*time.Second))
	query := []string{"since", at(0), "until", at(10 * time.Second)}

	for _, limit := range []string{"1", "2", "4", "100"} {
		got, next := c.drain(logs(append(query, "limit", limit)...))
		if d := cmp.Diff([]string{"a", "b", "b2", "c"}, got); d != "" || next != "" {
			t.Errorf("limit %s: next %q, %s", limit, next, d)
		}
		got, next = c.drain(logs(append(query, "limit", limit, "sortOrder", "DESCENDING")...))
		if d := cmp.Diff([]string{"c", "b2", "b", "a"}, got); d != "" || next != "" {
			t.Errorf("descending, limit %s: next %q, %s", limit, next, d)
		}
	}

	// As Okta warns, a late event is missed if its window was read before.
	a := c.want("GET", logs(append(query, "limit", "2")...), "", 200, "")
	c.org.Append(published("late", 1500*time.Millisecond))
	_, next := a.links(t)
	if got, _ := c.drain(next); !slices.Equal(got, []string{"b2", "c"}) {
		t.Errorf("second page: %v", got)
	}

	if got, _ := c.drain(logs("sortOrder", "DESCENDING", "limit", "3")); got[0] != "end" || len(got) != 7 {
		t.Errorf("descending without until: %v", got)
	}
	if got, _ := c.drain(logs("until", at(2*time.Second))); !slices.Equal(got, []string{"early", "a", "late"}) {
		t.Errorf("until without since: %v", got)
	}
	if got, _ := c.drain(logs("since", at(10*time.Second), "until", at(0))); len(got) != 0 {
		t.Errorf("until before since: %v", got)
	}
}

func TestRetention(t *testing.T) {
	c, _ := start(t)
	day := 24 * time.Hour
	for name, age := range map[string]time.Duration{"old": 91 * day, "kept": 89 * day, "week": 8 * day} {
		c.org.Append(oktasim.Event{"uuid": name, "published": at(-age), "persisted": at(-age)})
	}
	for name, tc := range map[string]struct {
		query []string
		want  []string
	}{
		"since beyond retention": {[]string{"since", at(-179 * day)}, []string{"kept", "week"}},
		"bounded":                {[]string{"since", at(-179 * day), "until", at(0)}, []string{"kept", "week"}},
		"default is a week":      {nil, nil},
	} {
		got, _ := c.drain(logs(tc.query...))
		slices.Sort(got)
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	a := c.want("GET", logs("since", at(-181*day)), "", 400, "E0000053")
	if s := a.object(t)["errorSummary"]; s != "The since parameter is over 180 days prior to the current day." {
		t.Errorf("summary %q", s)
	}
}
