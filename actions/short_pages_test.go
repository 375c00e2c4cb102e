package actions_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// TestGetLogsContinuesAfterShortPages checks that a page with fewer events than requested is
// not the end of the log.
func TestGetLogsContinuesAfterShortPages(t *testing.T) {
	b := newBench(t)
	short := httptest.NewServer(b.ShortPages(100))
	defer short.Close()
	b.open(map[string]any{"org_url": short.URL})
	want := b.fill(250)
	since := time.Now().Add(-time.Hour).Format(time.RFC3339Nano)
	until := time.Now().Add(time.Hour).Format(time.RFC3339Nano)
	for name, test := range map[string]struct {
		input     map[string]any
		count     int
		truncated bool
		requests  int // one more than there are pages, where only an empty page tells the end
	}{
		"limit":                  {map[string]any{"limit": 1000}, 250, false, 4},
		"limit within a page":    {map[string]any{"limit": 130}, 130, true, 2},
		"limit at a page's end":  {map[string]any{"limit": 200}, 200, true, 2},
		"all":                    {map[string]any{"return_all": true}, 250, false, 4},
		"most":                   {map[string]any{"return_all": true, "max_items": 120}, 120, true, 2},
		"bounded":                {map[string]any{"limit": 1000, "since": since, "until": until}, 250, false, 3},
		"bounded, at its end":    {map[string]any{"limit": 250, "since": since, "until": until}, 250, false, 3},
		"descending":             {map[string]any{"limit": 1000, "sort_order": "DESCENDING"}, 250, false, 3},
		"descending, within":     {map[string]any{"limit": 249, "sort_order": "DESCENDING"}, 249, true, 3},
		"nothing matches":        {map[string]any{"limit": 1000, "query": "nothing"}, 0, false, 1},
		"a limit of a page":      {map[string]any{"limit": 100}, 100, true, 1},
		"fewer than a page hold": {map[string]any{"limit": 7}, 7, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b.ForgetRequests()
			a := b.must("get_logs", test.input)
			if a.Count != test.count || a.Truncated != test.truncated || len(b.Requests()) != test.requests {
				t.Errorf("got %d events, truncated %t, in %d requests", a.Count, a.Truncated, len(b.Requests()))
			}
			if got := uuids(t, a.Events); test.input["sort_order"] == nil && !slices.Equal(got, want[:test.count]) {
				t.Errorf("got %v", got)
			}
		})
	}
	t.Run("a link to the page itself", func(t *testing.T) {
		b.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Link: oktasim.LinkSelf})
		if a := b.must("get_logs", map[string]any{"limit": 1000}); a.Count != 100 || !a.Truncated {
			t.Errorf("got %d events, truncated %t", a.Count, a.Truncated)
		}
	})
}

// TestActivityContinuesAfterShortPages checks the same for the addresses of an account.
func TestActivityContinuesAfterShortPages(t *testing.T) {
	b := newBench(t)
	short := httptest.NewServer(b.ShortPages(100))
	defer short.Close()
	b.open(map[string]any{"org_url": short.URL})
	u := b.AddUser(oktasim.NewUser{Login: target})
	from := func(ip string) oktasim.Event {
		return oktasim.Event{"actor": map[string]any{"id": u.ID}, "client": map[string]any{"ipAddress": ip}}
	}
	b.Append(from("203.0.113.7"))
	for range 1000 {
		b.Append(from("198.51.100.1"))
	}
	type radius struct {
		Activity struct {
			Events    int
			Truncated bool
			Addresses []struct{ Address string }
		}
	}
	if got := do[radius](b, "get_user_blast_radius", `{"user":%q}`, target).Activity; got.Events != 1000 || !got.Truncated || len(got.Addresses) != 1 {
		t.Errorf("got %+v", got)
	}
	other := b.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	u.ID = other.ID
	b.Append(from("203.0.113.7"))
	for range 150 {
		b.Append(from("198.51.100.1"))
	}
	if got := do[radius](b, "get_user_blast_radius", `{"user":%q}`, other.ID).Activity; got.Events != 151 || got.Truncated || len(got.Addresses) != 2 {
		t.Errorf("got %+v", got)
	}
}
