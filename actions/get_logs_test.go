package actions_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

func uuids(t *testing.T, events []json.RawMessage) []string {
	t.Helper()
	var ids []string
	for _, e := range events {
		var h struct{ UUID string }
		if err := json.Unmarshal(e, &h); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, h.UUID)
	}
	return ids
}

func (b *bench) fill(n int) []string {
	events := make([]oktasim.Event, n)
	for i := range events {
		events[i] = oktasim.Event{"eventType": "user.session.start", "displayMessage": fmt.Sprintf("sign-in %d", i)}
	}
	return b.Append(events...)
}

func TestGetLogsPaging(t *testing.T) {
	b := newBench(t)
	want := b.fill(2500)
	for name, test := range map[string]struct {
		input     map[string]any
		count     int
		truncated bool
		requests  int
	}{
		"first page":                     {map[string]any{"limit": 10}, 10, true, 1},
		"default":                        {map[string]any{}, 100, true, 1},
		"all":                            {map[string]any{"return_all": true}, 2500, false, 4},
		"all, whatever the page size":    {map[string]any{"return_all": true, "limit": 5}, 2500, false, 4},
		"cut off":                        {map[string]any{"return_all": true, "max_items": 1200}, 1200, true, 2},
		"cut off where a page ends":      {map[string]any{"return_all": true, "max_items": 1000}, 1000, true, 1},
		"no more than there is":          {map[string]any{"return_all": true, "max_items": 5000}, 2500, false, 4},
		"descending":                     {map[string]any{"return_all": true, "sort_order": "DESCENDING"}, 2500, false, 0},
		"bounded, to the last next link": {map[string]any{"return_all": true, "since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}, 2500, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if test.input["since"] != nil {
				test.input["since"] = time.Now().Add(-time.Hour).Format(time.RFC3339Nano)
				test.input["until"] = time.Now().Add(time.Hour).Format(time.RFC3339Nano)
			}
			b.ForgetRequests()
			a := b.must("get_logs", test.input)
			if len(a.Events) != test.count || a.Count != test.count || a.Truncated != test.truncated {
				t.Errorf("got %d events, count %d, truncated %t", len(a.Events), a.Count, a.Truncated)
			}
			if n := len(b.Requests()); test.requests != 0 && n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
			seen := map[string]bool{}
			for _, id := range uuids(t, a.Events) {
				if seen[id] {
					t.Fatalf("event %s came twice", id)
				}
				seen[id] = true
			}
			if test.count == len(want) {
				for _, id := range want {
					if !seen[id] {
						t.Fatalf("event %s is missing", id)
					}
				}
			}
		})
	}
}

// TestGetLogsKeepsEventsWhole checks that events keep nulls, unknown members and wrong types.
func TestGetLogsKeepsEventsWhole(t *testing.T) {
	b := newBench(t)
	b.Append(oktasim.Event{
		"eventType": "user.session.start", "target": nil, "device": nil, "newMember": map[string]any{"a": []any{1, nil}},
		"version": 0, "securityContext": map[string]any{"asNumber": 4200000000, "isProxy": nil},
	})
	b.ForgetRequests()
	a := b.must("get_logs", map[string]any{"query": "user.session.start", "filter": `eventType eq "user.session.start"`, "sort_order": "ASCENDING"})
	if len(a.Events) != 1 {
		t.Fatalf("got %d events", len(a.Events))
	}
	for _, part := range []string{`"target":null`, `"device":null`, `"newMember":{"a":[1,null]}`, `"version":0`, `"asNumber":4200000000`, `"isProxy":null`} {
		if !strings.Contains(string(a.Events[0]), part) {
			t.Errorf("%s is not in %s", part, a.Events[0])
		}
	}
	q, err := url.ParseQuery(b.Requests()[0].Query)
	if err != nil || q.Get("q") != "user.session.start" || q.Get("filter") != `eventType eq "user.session.start"` || q.Get("limit") != "100" ||
		q.Get("sortOrder") != "ASCENDING" || q.Has("since") || q.Has("until") {
		t.Errorf("asked for %v", q)
	}
}

func TestGetLogsRejectsInvalidInput(t *testing.T) {
	b := newBench(t)
	for name, input := range map[string]map[string]any{
		"bounds the wrong way round": {"since": "2026-03-14T03:00:00Z", "until": "2026-03-14T02:00:00Z"},
		"equal bounds":               {"since": "2026-03-14T03:00:00Z", "until": "2026-03-14T03:00:00Z"},
		"a date without a time":      {"since": "2026-03-14"},
		"eleven keywords":            {"query": "a b c d e f g h i j k"},
		"a long keyword":             {"query": strings.Repeat("x", 41)},
		"limit 0":                    {"limit": 0},
		"limit over Okta's":          {"limit": 1001},
		"an unknown order":           {"sort_order": "RANDOM"},
		"a misspelled parameter":     {"untill": "2026-03-14T03:00:00Z"},
	} {
		_, err := b.run("get_logs", input)
		if e := b.wantCode(err, sdk.InvalidInput); len(e.Violations) == 0 {
			t.Errorf("%s: no pointer in %v", name, e)
		}
	}
	if n := len(b.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	for _, filter := range []string{`eventType eqq "x"`, `published gt "2026-01-01T00:00:00Z"`, `eventType eq "x`, `debugContext.debugData.url co "x"`} {
		_, err := b.run("get_logs", map[string]any{"filter": filter})
		e := b.wantCode(err, sdk.InvalidInput)
		if e.Upstream == nil || e.Upstream.Code == "" || !strings.Contains(e.Message, "Okta says") {
			t.Errorf("%s: %v does not say what Okta said", filter, e)
		}
	}
}

// TestGetLogsWaitsForRateLimit checks that a long read waits for a rate limit.
func TestGetLogsWaitsForRateLimit(t *testing.T) {
	b := newBench(t)
	b.fill(1500)
	b.Fault(oktasim.Fault{Path: "/api/v1/logs", Skip: 1, Times: 1, Status: 429, ErrorCode: "E0000047", Headers: map[string]string{"Retry-After": "1"}})
	if a := b.must("get_logs", map[string]any{"return_all": true}); a.Count != 1500 {
		t.Errorf("got %d events", a.Count)
	}
}

// TestGetLogsFormats checks that every shape has the same events.
func TestGetLogsFormats(t *testing.T) {
	b := newBench(t)
	b.Append(
		oktasim.Event{"eventType": "user.session.start", "outcome": map[string]any{"result": "DENY"}},
		oktasim.Event{"eventType": "brand.new.thing.create", "actor": []any{}, "target": map[string]any{}, "client": 7},
	)
	for format, facts := range map[string][2]string{
		"okta": {`"eventType":"user.session.start"`, `"client":7`},
		"ecs":  {`"outcome":"failure"`, `"action":"brand.new.thing.create"`},
		"emm":  {`"key":"account_login"`, `"basis":"verb"`},
	} {
		a := b.must("get_logs", map[string]any{"format": format, "filter": `eventType eq "user.session.start" or eventType eq "brand.new.thing.create"`})
		if len(a.Events) != 2 || a.Count != 2 {
			t.Fatalf("%s: got %d events", format, len(a.Events))
		}
		for i, fact := range facts {
			if !strings.Contains(string(a.Events[i]), fact) {
				t.Errorf("%s: %s is not in %s", format, fact, a.Events[i])
			}
		}
	}
	_, err := b.run("get_logs", map[string]any{"format": "ocsf"})
	b.wantCode(err, sdk.InvalidInput)
}

// TestGetLogsOfSlowPages checks that a page that is too slow is read in smaller pages.
func TestGetLogsOfSlowPages(t *testing.T) {
	for name, input := range map[string]map[string]any{
		"one page":     {"limit": 40},
		"all pages":    {"return_all": true},
		"with a bound": {"return_all": true, "until": time.Now().Add(time.Hour).Format(time.RFC3339Nano)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			want := b.fill(40)
			b.Fault(oktasim.Fault{Path: "/api/v1/logs", LimitOver: 20, ErrorCode: "E0000009"})
			input["filter"] = `eventType eq "user.session.start"`
			a := b.must("get_logs", input)
			if got := uuids(t, a.Events); !slices.Equal(got, want) {
				t.Errorf("got %d events of %d", len(got), len(want))
			}
		})
	}
}

// TestGetLogsOfPagesAlwaysTooSlow checks that a page that is too slow at any size fails after
// a few requests.
func TestGetLogsOfPagesAlwaysTooSlow(t *testing.T) {
	b := newBench(t)
	b.Fault(oktasim.Fault{Path: "/api/v1/logs", ErrorCode: "E0000009"})
	_, err := b.run("get_logs", map[string]any{"return_all": true})
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Unavailable {
		t.Errorf("got %v", err)
	}
	if n := len(b.Requests()); n > 8 {
		t.Errorf("%d requests", n)
	}
}
