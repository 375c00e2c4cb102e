package triggers_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

func TestMain(m *testing.M) {
	// The SDK has an unused token cache. Its goroutine ends with the garbage collection of the client.
	goleak.VerifyTestMain(oktaspec.Main{M: m}, goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"))
}

// poller polls the log of an embedded org, page by page.
type poller struct {
	*oktasim.Server
	t       *testing.T
	session sdk.Session
	params  map[string]any
	place   json.RawMessage
	got     []string // UUIDs in order
	notices []string
}

func newPoller(t *testing.T, o oktasim.Options, params map[string]any) *poller {
	t.Helper()
	p := &poller{Server: oktasim.Start(t, o), t: t, params: params}
	p.connect(p.URL)
	return p
}

func (p *poller) connect(orgURL string) {
	p.t.Helper()
	p.open(map[string]any{"org_url": orgURL, "token": p.Token})
}

func (p *poller) open(settings map[string]any) {
	p.t.Helper()
	backend, err := oktaconnector.Backend()
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.session, err = backend.Open(p.t.Context(), raw); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.session.Close() })
}

func (p *poller) poll() (sdk.RawPage, error) {
	p.t.Helper()
	params, err := json.Marshal(p.params)
	if err != nil {
		p.t.Fatal(err)
	}
	page, err := p.session.Poll(hclog.WithContext(p.t.Context(), hclog.NewNullLogger()), "system_log", params, p.place)
	if err != nil {
		return page, err
	}
	p.place = page.Next
	p.notices = append(p.notices, page.Notices...)
	for _, e := range page.Events {
		p.got = append(p.got, e.ID)
	}
	return page, nil
}

// sweep polls until there are no more events, and returns the number of requests.
func (p *poller) sweep() int {
	p.t.Helper()
	before := len(p.Requests())
	for range 100 {
		page, err := p.poll()
		if err != nil {
			p.t.Fatal(err)
		}
		if !page.More {
			return len(p.Requests()) - before
		}
	}
	p.t.Fatal("a sweep does not end")
	return 0
}

func (p *poller) append(n int, eventType string) []string {
	events := make([]oktasim.Event, n)
	for i := range events {
		events[i] = oktasim.Event{"eventType": eventType}
	}
	return p.Append(events...)
}

// set returns the IDs without repetitions, in the order of their first appearance.
func set(ids []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func types(t ...string) map[string]any { return map[string]any{"event_types": t} }

func TestFirstPollUsesLookBack(t *testing.T) {
	for look, want := range map[string]int{"": 0, "0s": 0, "30m": 2, "3h": 3} {
		params := types("user.session.start")
		if look != "" {
			params["look_back"] = look
		}
		p := newPoller(t, oktasim.Options{}, params)
		for _, ago := range []time.Duration{2 * time.Hour, 20 * time.Minute, 10 * time.Minute} {
			at := time.Now().Add(-ago).UTC().Format(time.RFC3339Nano)
			p.Append(oktasim.Event{"eventType": "user.session.start", "published": at, "persisted": at})
		}
		p.sweep()
		if len(p.got) != want {
			t.Errorf("look_back %q: got %d events, want %d", look, len(p.got), want)
		}
		later := p.append(1, "user.session.start")
		p.sweep()
		if len(p.got) != want+1 || p.got[want] != later[0] {
			t.Errorf("look_back %q: the event after the first poll is missing", look)
		}
	}
}

// TestLateEventsAreNotMissed checks that the link finds events that reach the log late, out
// of order or at the same time.
func TestLateEventsAreNotMissed(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("*"))
	p.sweep()
	now := time.Now().UTC()
	var want []string
	for _, ago := range []time.Duration{0, 10 * time.Minute, 48 * time.Hour, time.Second, time.Second, time.Second, 24 * 60 * time.Hour} {
		want = append(want, p.Append(oktasim.Event{"eventType": "user.session.start", "published": now.Add(-ago).Format(time.RFC3339Nano)})...)
		p.sweep()
	}
	if diff := cmp.Diff(want, p.got); diff != "" {
		t.Error(diff)
	}
}

// TestRequestsOfSweep checks that a sweep sends one request per page, and one for the empty
// page at the end.
func TestRequestsOfSweep(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 100})
	if n := p.sweep(); n != 1 {
		t.Errorf("an idle poll took %d requests", n)
	}
	for events, requests := range map[int]int{0: 1, 1: 2, 99: 2, 100: 2, 101: 3, 1000: 11, 1050: 12} {
		want := p.append(events, "user.session.start")
		p.got = nil
		if n := p.sweep(); n != requests {
			t.Errorf("%d events took %d requests, want %d", events, n, requests)
		}
		if !slices.Equal(p.got, want) {
			t.Errorf("%d events: got %d", events, len(p.got))
		}
	}
}

// TestTypesAreFilteredAndMatched checks that types are part of Okta's filter, and that
// events are also matched locally.
func TestTypesAreFilteredAndMatched(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("user.session.*", "user.lifecycle.suspend"))
	p.sweep()
	p.append(2, "user.session.start")
	p.append(1, "user.sessionx")
	p.append(1, "user.session.access_admin_app")
	p.append(3, "user.lifecycle.activate")
	p.append(1, "user.lifecycle.suspend")
	page, err := p.poll()
	if err != nil || page.Seen != 4 || len(page.Events) != 4 {
		t.Errorf("read %d, matched %d, %v", page.Seen, len(page.Events), err)
	}
	first := p.Requests()[0]
	q, err := url.ParseQuery(first.Query)
	if err != nil || q.Get("filter") != `eventType sw "user.session." or eventType eq "user.lifecycle.suspend"` || q.Get("sortOrder") != "ASCENDING" ||
		q.Has("until") {
		t.Errorf("requested %v", q)
	}
	// Events are matched locally if Okta ignores the filter.
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 200,
		Body: `[{"uuid":"u-1","eventType":"group.create","published":"2026-03-14T02:41:07.512Z"},{"uuid":"u-2","eventType":"user.session.end",` +
			`"published":"2026-03-14T02:41:07.512Z"}]`})
	p.got = nil
	if page, err := p.poll(); err != nil || page.Seen != 2 || !slices.Equal(p.got, []string{"u-2"}) {
		t.Errorf("read %d, got %v, %v", page.Seen, p.got, err)
	}
}

func TestFilterOfCaller(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"user.session.start"},
		"filter": `outcome.result eq "FAILURE" or severity eq "ERROR"`})
	p.sweep()
	p.Append(oktasim.Event{"eventType": "user.session.start", "outcome": map[string]any{"result": "SUCCESS"}})
	want := p.Append(oktasim.Event{"eventType": "user.session.start", "outcome": map[string]any{"result": "FAILURE"}})
	p.Append(oktasim.Event{"eventType": "group.create", "severity": "ERROR"})
	p.sweep()
	if !slices.Equal(p.got, want) {
		t.Errorf("got %v", p.got)
	}
}

// TestFaultsKeepCheckpoint checks that a failure keeps the checkpoint, and that no event is lost or repeated.
func TestFaultsKeepCheckpoint(t *testing.T) {
	for name, test := range map[string]struct {
		fault oktasim.Fault
		code  sdk.Code
	}{
		"429":        {oktasim.Fault{Status: 429, ErrorCode: "E0000047", Headers: map[string]string{"Retry-After": "1"}}, sdk.RateLimited},
		"500":        {oktasim.Fault{Status: 500}, sdk.Unavailable},
		"503":        {oktasim.Fault{Status: 503}, sdk.Unavailable},
		"HTML":       {oktasim.Fault{Kind: oktasim.KindHTML, Status: 200}, sdk.Unavailable},
		"hang-up":    {oktasim.Fault{Kind: oktasim.KindHangup}, sdk.Unavailable},
		"reset":      {oktasim.Fault{Kind: oktasim.KindReset}, sdk.Unavailable},
		"truncated":  {oktasim.Fault{Kind: oktasim.KindTruncate}, sdk.Unavailable},
		"cut JSON":   {oktasim.Fault{Status: 200, Body: `[{"uuid":"u-1","eventType":"user.session.start"},{"uu`}, sdk.Unavailable},
		"not a list": {oktasim.Fault{Status: 200, Body: `{"uuid":"u-1"}`}, sdk.Unavailable},
		"401":        {oktasim.Fault{Status: 401, ErrorCode: "E0000011"}, sdk.Unauthenticated},
		"403":        {oktasim.Fault{Status: 403, ErrorCode: "E0000006"}, sdk.Forbidden},

		"a proxy's 400":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 400}, sdk.Unavailable},
		"a proxy's 401":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 401}, sdk.Unavailable},
		"a proxy's 403":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 403}, sdk.Unavailable},
		"a proxy's 404":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"an empty 404":      {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 404}, sdk.Unavailable},
		"a gateway's 404":   {oktasim.Fault{Status: 404, Body: `{"message":"not found"}`}, sdk.Unavailable},
		"a proxy's 405":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 405}, sdk.Unavailable},
		"a proxy's 407":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 407}, sdk.Unavailable},
		"a proxy's 409":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 409}, sdk.Unavailable},
		"a proxy's 410":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 410}, sdk.Unavailable},
		"a proxy's 412":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 412}, sdk.Unavailable},
		"a proxy's 414":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 414}, sdk.Unavailable},
		"a proxy's 451":     {oktasim.Fault{Kind: oktasim.KindHTML, Status: 451}, sdk.Unavailable},
		"a changed status":  {oktasim.Fault{Status: 410, ErrorCode: "E0000007"}, sdk.Unavailable},
		"a 200 with a code": {oktasim.Fault{Status: 200, ErrorCode: "E0000007"}, sdk.Unavailable},
		"no such endpoint":  {oktasim.Fault{Status: 404, ErrorCode: "E0000008"}, sdk.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPoller(t, oktasim.Options{}, types("user.session.start"))
			p.sweep()
			want := p.append(3, "user.session.start")
			place := string(p.place)
			test.fault.Path, test.fault.Times = "/api/v1/logs", 2
			if test.fault.Kind == oktasim.KindHangup {
				// net/http itself repeats a GET if the server closed a kept connection.
				test.fault.Times++
			}
			p.Fault(test.fault)
			var wait time.Duration
			for range 2 {
				_, err := p.poll()
				var e *sdk.Error
				if !errors.As(err, &e) || e.Code != test.code {
					t.Fatalf("got %v, want code %s", err, test.code)
				}
				wait = e.RetryAfter
			}
			if string(p.place) != place || len(p.got) != 0 {
				t.Errorf("the checkpoint changed, or events were delivered: %v", p.got)
			}
			p.ClearFaults()
			<-time.After(wait)
			p.sweep()
			if !slices.Equal(p.got, want) {
				t.Errorf("got %v, want %v", p.got, want)
			}
		})
	}
}

// TestUnusableLink checks that a rejected, missing or foreign link is replaced by a time
// before the latest event, with a notice.
func TestUnusableLink(t *testing.T) {
	for name, lose := range map[string]func(*poller){
		"Okta rejects the link": func(p *poller) { p.Fault(oktasim.Fault{ExpireCursors: true}) },
		"the filter changed":    func(p *poller) { p.params = types("user.session.start", "user.session.end") },
		"the link leads to another host": func(p *poller) {
			p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Link: "https://evil.example/api/v1/logs?after=1"})
			p.sweep()
		},
		"the link leads to another call": func(p *poller) {
			p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Link: p.URL + "/api/v1/users?after=1"})
			p.sweep()
		},
		"there is no link": func(p *poller) {
			p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Link: oktasim.LinkNone})
			p.sweep()
		},
		"the stored link is invalid": func(p *poller) {
			p.place = json.RawMessage(strings.Replace(string(p.place), `"next":"http`, `"next":"gopher`, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPoller(t, oktasim.Options{}, types("user.session.start"))
			p.sweep()
			want := p.append(2, "user.session.start")
			p.sweep()
			lose(p)
			want = append(want, p.append(2, "user.session.start")...)
			p.sweep()
			p.sweep()
			if got := set(p.got); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if len(p.notices) == 0 || !strings.Contains(strings.Join(p.notices, "\n"), "reading again from") {
				t.Errorf("said %q", p.notices)
			}
			p.notices = nil
			if p.sweep(); len(p.notices) != 0 {
				t.Errorf("the next poll repeats the notice %q", p.notices)
			}
		})
	}
}

// TestCheckpointOfAnotherOrg checks that the checkpoint of another org is not used.
func TestCheckpointOfAnotherOrg(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("user.session.start"))
	p.sweep()
	other := oktasim.Start(t, oktasim.Options{})
	want := other.Append(oktasim.Event{"eventType": "user.session.start"})
	before := len(p.Requests())
	p.connect(other.URL)
	p.sweep()
	if !slices.Equal(p.got, want) || len(p.Requests()) != before {
		t.Errorf("got %v, want %v; %d requests went to the first org", p.got, want, len(p.Requests())-before)
	}
}

func TestLinkToSamePageEndsSweep(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "page_size": 2})
	p.sweep()
	want := p.append(6, "user.session.start")
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 3, Link: oktasim.LinkSelf})
	for range 5 {
		if n := p.sweep(); n > 4 {
			t.Fatalf("a sweep took %d requests", n)
		}
	}
	if got := set(p.got); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestWrongClock checks that a clock that is wrong by an hour skips no event.
func TestWrongClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour, -25 * time.Hour, 25 * time.Hour} {
		now := func() time.Time { return time.Now().Add(off) }
		p := newPoller(t, oktasim.Options{Now: now}, map[string]any{"event_types": []string{"user.session.start"}, "look_back": "10m"})
		old := now().Add(-time.Hour).UTC().Format(time.RFC3339Nano)
		p.Append(oktasim.Event{"eventType": "user.session.start", "published": old, "persisted": old})
		want := p.append(1, "user.session.start")
		p.sweep()
		want = append(want, p.append(1, "user.session.start")...)
		p.sweep()
		p.Fault(oktasim.Fault{ExpireCursors: true})
		want = append(want, p.append(1, "user.session.start")...)
		p.sweep()
		if got := set(p.got); !slices.Equal(got, want) {
			t.Errorf("clock off by %s: got %v, want %v", off, got, want)
		}
	}
}

// TestMalformedEvent checks that an event that cannot be parsed is delivered with a notice,
// and that the other events are unaffected.
func TestMalformedEvent(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("user.session.start"))
	p.sweep()
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 2, Status: 200, Body: `[
		{"uuid":"u-1","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z","version":0,"securityContext":{"asNumber":4200000000}},
		{"uuid":7,"eventType":["x"],"published":"","debugContext":{"debugData":{"x":"` + strings.Repeat("y", 1<<20) + `"}}},
		{"uuid":"u-3","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z"}]`})
	page, err := p.poll()
	if err != nil || len(page.Events) != 3 || page.Events[0].ID != "u-1" || page.Events[2].ID != "u-3" {
		t.Fatalf("got %d events, %v", len(page.Events), err)
	}
	if poison := page.Events[1]; !strings.HasPrefix(poison.ID, "sha256-") || len(poison.Data) < 1<<20 || !strings.Contains(string(poison.Data), `"uuid":7`) {
		t.Errorf("the malformed event is %s, %d bytes", poison.ID, len(poison.Data))
	}
	if len(page.Notices) == 0 || !strings.Contains(page.Notices[0], "uuid, eventType, published") {
		t.Errorf("said %q", page.Notices)
	}
}

func TestParametersThatCannotMatch(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, nil)
	for name, params := range map[string]map[string]any{
		"no types":                     types(),
		"twice the same":               types("user.session.start", "user.session.start"),
		"empty":                        types(""),
		"a blank":                      types("user session start"),
		"two wildcards":                types("user.**"),
		"injection":                    types(`x" or eventType sw "`),
		"look back over the retention": {"event_types": []string{"*"}, "look_back": "2161h"},
		"negative look back":           {"event_types": []string{"*"}, "look_back": "-5m"},
		"page size 0":                  {"event_types": []string{"*"}, "page_size": 0},
		"page size too big":            {"event_types": []string{"*"}, "page_size": 1001},
		"not a list":                   {"event_types": "*"},
	} {
		p.params = params
		_, err := p.poll()
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.InvalidInput || len(e.Violations) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := len(p.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
