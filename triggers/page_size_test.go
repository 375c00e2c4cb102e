package triggers_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// limits returns the requested page sizes, from the nth request on.
func (p *poller) limits(from int) []string {
	p.t.Helper()
	var all []string
	for _, r := range p.Requests()[from:] {
		q, err := url.ParseQuery(r.Query)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, q.Get("limit"))
	}
	return all
}

// pollOn polls until there are no more events, and continues after failures, as a host does.
func (p *poller) pollOn() (failures []string) {
	p.t.Helper()
	for range 100 {
		page, err := p.poll()
		if e := sdk.AsError(err); e != nil {
			if !e.Code.Transient() {
				p.t.Fatal(err)
			}
			failures = append(failures, e.Message)
		} else if !page.More {
			return failures
		}
	}
	p.t.Fatal("a sweep does not end")
	return nil
}

// TestPageSizeIsHalvedAfterSlowPage checks that the page size is halved after a page that
// was too slow, also on a link, and grows later. No event is lost or repeated.
func TestPageSizeIsHalvedAfterSlowPage(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}})
	p.sweep()
	want := p.append(1100, "user.session.start")
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", LimitOver: 200, Times: 3, ErrorCode: "E0000009"})
	before := len(p.Requests())
	failures := p.pollOn()
	if len(failures) != 3 || !strings.Contains(failures[0], "requests 500 events instead of 1000") {
		t.Errorf("said %q", failures)
	}
	if got := p.limits(before); !slices.Equal(got, []string{"1000", "500", "250", "125", "250", "500", "1000", "1000"}) {
		t.Errorf("requested %q", got)
	}
	if !slices.Equal(p.got, want) {
		t.Errorf("got %d events, want %d", len(p.got), len(want))
	}
}

// TestSmallerPageChangesOnlyLimitOfLink compares the failed link with the repeated one.
func TestSmallerPageChangesOnlyLimitOfLink(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"user.session.*"}})
	p.sweep()
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, ErrorCode: "E0000009"})
	before := len(p.Requests())
	p.pollOn()
	all := p.Requests()[before:]
	if len(all) != 2 || all[1].Query != strings.Replace(all[0].Query, "limit=1000", "limit=500", 1) || all[0].Query == all[1].Query {
		t.Errorf("requested %v", all)
	}
}

// TestMinimumPageSize checks the smallest page size, and that the checkpoint is kept.
func TestMinimumPageSize(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 100})
	p.sweep()
	place := string(p.place)
	p.append(3, "user.session.start")
	before := len(p.Requests())
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 6, ErrorCode: "E0000009"})
	for range 6 {
		if _, err := p.poll(); sdk.AsError(err) == nil || string(p.place) != place {
			t.Fatalf("%v, at %s", err, p.place)
		}
	}
	if got := p.limits(before); !slices.Equal(got, []string{"100", "50", "25", "12", "10", "10"}) {
		t.Errorf("requested %q", got)
	}
	if p.pollOn(); len(p.got) != 3 {
		t.Errorf("got %v", p.got)
	}
}

// TestFailuresThatReducePageSize checks that only slow pages reduce the size, including a
// deadline of the caller.
func TestFailuresThatReducePageSize(t *testing.T) {
	for name, test := range map[string]struct {
		fault oktasim.Fault
		next  string
	}{
		"out of time": {oktasim.Fault{Kind: oktasim.KindSlow, Delay: "1m"}, "500"},
		"503":         {oktasim.Fault{Status: 503, ErrorCode: "E0000010"}, "1000"},
		"hang-up":     {oktasim.Fault{Kind: oktasim.KindReset}, "1000"},
		"a proxy":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 500}, "1000"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPoller(t, oktasim.Options{}, types("*"))
			p.open(map[string]any{"org_url": p.URL, "token": p.Token, "timeout": "1s"})
			p.sweep()
			test.fault.Path, test.fault.Times = "/api/v1/logs", 1
			p.Fault(test.fault)
			if _, err := p.poll(); err == nil {
				t.Fatal("the injected fault caused no error")
			}
			before := len(p.Requests())
			if _, err := p.poll(); err != nil {
				t.Fatal(err)
			}
			if got := p.limits(before); !slices.Equal(got, []string{test.next}) {
				t.Errorf("requested %q, want %s", got, test.next)
			}
		})
	}
}

// TestReadsStayWithinRetention checks that no read begins before Okta's retention of 90 days, even with an old
// checkpoint. Okta rejects times more than 180 days ago.
func TestReadsStayWithinRetention(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "look_back": "2160h"})
	since := func() time.Duration {
		t.Helper()
		var q url.Values
		for _, r := range p.Requests() {
			query, err := url.ParseQuery(r.Query)
			if err != nil {
				t.Fatal(err)
			}
			if query.Has("since") {
				q = query
			}
		}
		at, err := time.Parse(time.RFC3339Nano, q.Get("since"))
		if err != nil {
			t.Fatal(err)
		}
		return time.Since(at).Round(time.Hour)
	}
	at := func(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format(time.RFC3339Nano) }
	const day = 24 * time.Hour
	p.Append(oktasim.Event{"eventType": "user.session.start", "published": at(91 * day), "persisted": at(91 * day)})
	want := p.Append(oktasim.Event{"eventType": "user.session.start", "published": at(89 * day), "persisted": at(89 * day)})
	if p.sweep(); since() != 90*day || !slices.Equal(p.got, want) {
		t.Errorf("looked back %s, got %v, want %v", since(), p.got, want)
	}
	// This is the checkpoint of a watch that was stopped for a year.
	p.place = []byte(`{"fingerprint":"of another filter","next":"` + p.URL + `/api/v1/logs?after=x","high_water":"` + at(365*day) + `"}`)
	p.got = nil
	if p.sweep(); since() != 90*day || !slices.Equal(p.got, want) || len(p.notices) == 0 {
		t.Errorf("looked back %s, got %v, notices %q", since(), p.got, p.notices)
	}
	p.params["look_back"], p.place = "2161h", nil
	if _, err := p.poll(); sdk.AsError(err).Code != sdk.InvalidInput {
		t.Errorf("got %v", err)
	}
}
