package oktasim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

// linkOf returns a link of a response. Like Python's requests library, it first joins the Link lines with
// commas.
func linkOf(h http.Header, rel string) string {
	for link := range strings.SplitSeq(strings.Join(h.Values("Link"), ", "), ",") {
		target, params, _ := strings.Cut(link, ";")
		if strings.Contains(params, rel) {
			return strings.Trim(strings.TrimSpace(target), "<>")
		}
	}
	return ""
}

// collectGrove sends the requests of HashiCorp Grove's Okta connector. The first request has since. The others follow
// the unescaped next link until next equals self.
func (c *caller) collectGrove(pointer string) (uuids []string, requests int) {
	c.t.Helper()
	target := logs("since", pointer, "sortOrder", "ASCENDING", "limit", "1000")
	for {
		a := c.want("GET", target, "", 200, "")
		requests++
		uuids = append(uuids, column(a.list(c.t), "uuid")...)
		next, errNext := url.PathUnescape(linkOf(a.header, "next"))
		self, errSelf := url.PathUnescape(linkOf(a.header, "self"))
		if errNext != nil || errSelf != nil || next == "" || next == self {
			return uuids, requests
		}
		if requests == 10 {
			c.t.Fatalf("next still differs from self after %d requests: %s", requests, next)
		}
		target = next
	}
}

func TestGroveClient(t *testing.T) {
	t.Parallel()
	c, clk := start(t)
	pointer := at(-7 * 24 * time.Hour)
	if got, n := c.collectGrove(pointer); len(got) != 0 || n != 2 {
		t.Errorf("an empty log: %d events in %d requests, want 0 in 2", len(got), n)
	}
	var want []string
	for i := range 2345 {
		clk.Advance(time.Millisecond)
		want = append(want, fmt.Sprint("e", i))
		c.org.Append(named(want[i]))
	}
	got, n := c.collectGrove(pointer)
	if d := cmp.Diff(want, got); d != "" || n != 4 {
		t.Errorf("%d requests, want 4: %s", n, d)
	}
	last := clk.Now().Format("2006-01-02T15:04:05.000Z")
	clk.Advance(time.Second)
	c.org.Append(named("new"))
	// The pointer is the published time of the latest event. since includes this event.
	if got, _ := c.collectGrove(last); !cmp.Equal(got, []string{"e2344", "new"}) {
		t.Errorf("the second run: %v", got)
	}
}

// TestEmptyPageRepeatsItsCursor polls repeatedly while no event arrives.
func TestEmptyPageRepeatsItsCursor(t *testing.T) {
	t.Parallel()
	for name, query := range map[string][]string{
		"plain":          {"since", at(0)},
		"limited":        {"since", at(0), "limit", "3"},
		"filtered":       {"since", at(0), "filter", `severity eq "ERROR" and actor.displayName eq "a+b c"`},
		"keyword":        {"since", at(0), "q", "élodie"},
		"default since":  {"limit", "10"},
		"limit zero":     {"since", at(0), "limit", "0"},
		"explicit order": {"since", at(0), "sortOrder", "ascending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, clk := start(t)
			c.org.Append(named("one"), named("two"))
			clk.Advance(time.Minute)
			next := linkOf(c.get(logs(query...)).header, "next")
			if query[len(query)-1] != "0" {
				_, next = c.drain(next)
			}
			for range 3 {
				clk.Advance(time.Minute)
				a := c.want("GET", next, "", 200, "")
				if self, again := linkOf(a.header, "self"), linkOf(a.header, "next"); self != again || again != next {
					t.Fatalf("self %s\nnext %s\nsent %s", self, again, next)
				}
			}
			c.org.Append(oktasim.Event{"uuid": "three", "severity": "ERROR", "displayMessage": "Élodie", "actor": map[string]any{"displayName": "a+b c"}})
			a := c.want("GET", strings.Replace(next, "limit=0", "limit=1", 1), "", 200, "")
			if len(a.list(t)) == 0 || linkOf(a.header, "next") == next {
				t.Errorf("the cursor does not move: %s", a.body)
			}
		})
	}
}

// collectXSIAM sends the requests of Cortex XSIAM's Okta collector. The first has a since without zone, and the
// others follow the next link of the last response. They end when there are enough events or a page is short.
// Repeated events are dropped.
func (c *caller) collectXSIAM(since, next string, limit int, seen []string) (uuids []string, nextLink string) {
	c.t.Helper()
	page := min(limit, 1000)
	for more := true; len(uuids) < limit && more; {
		target := next
		if target == "" {
			target = logs("sortOrder", "ASCENDING", "since", since, "limit", strconv.Itoa(page))
		}
		a := c.want("GET", target, "", 200, "")
		got := column(a.list(c.t), "uuid")
		more = len(got) == page
		fresh := 0
		for _, id := range got {
			if !strings.Contains(" "+strings.Join(seen, " ")+" ", " "+id+" ") {
				uuids, fresh = append(uuids, id), fresh+1
			}
		}
		if fresh == 0 {
			return uuids, ""
		}
		next = linkOf(a.header, "next")
	}
	return uuids, next
}

func TestXSIAMClient(t *testing.T) {
	t.Parallel()
	c, clk := start(t)
	first := t0.Add(-time.Hour).Format("2006-01-02T15:04:05") + ".123456"
	if got, next := c.collectXSIAM(first, "", 1000, nil); len(got) != 0 || next != "" {
		t.Fatalf("an empty log: %v, %q", got, next)
	}
	var want []string
	for i := range 2500 {
		clk.Advance(time.Millisecond)
		want = append(want, fmt.Sprint("e", i))
		c.org.Append(named(want[i]))
	}
	got, next := c.collectXSIAM(first, "", 5000, nil)
	if d := cmp.Diff(want, got); d != "" || next == "" {
		t.Fatalf("next %q: %s", next, d)
	}
	if again, forgotten := c.collectXSIAM(first, next, 1000, got[2499:]); len(again) != 0 || forgotten != "" {
		t.Errorf("without new events: %v, %q", again, forgotten)
	}
	// After an empty page, the collector drops the link and sends the time of the last event, again without a zone.
	// Python omits a fraction of zero.
	for _, layout := range []string{"2006-01-02T15:04:05.000000", "2006-01-02T15:04:05"} {
		last := clk.Now().Format(layout)
		clk.Advance(time.Second)
		id := "after " + layout
		c.org.Append(named(id))
		if got, _ := c.collectXSIAM(last, "", 1000, got[2400:]); len(got) == 0 || got[len(got)-1] != id {
			t.Errorf("since %s: %v", last, got)
		}
	}
}
