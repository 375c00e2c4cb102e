package oktasim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestKeywords(t *testing.T) {
	c, _ := start(t)
	c.org.Append(
		oktasim.Event{"uuid": "one", "client": map[string]any{"geographicalContext": map[string]any{"city": "San Francisco"}},
			"transaction": map[string]any{"id": "XOxBw-2JIRnCFd0gG0GjHAAABjY"}, "displayMessage": "Somebody, (hidden) did it."},
		oktasim.Event{"uuid": "two", "actor": map[string]any{"alternateId": "Zoe@Corp.example"}, "target": []any{map[string]any{"displayName": "Sanfran"}}},
	)
	for q, want := range map[string][]string{
		"francisco":                   {"one"},
		"SAN francisco":               {"one"},
		"san":                         {"one"},
		"zoe@corp.example":            {"two"},
		"zoe":                         nil,
		"xoxbw":                       {"one"},
		"2JIRnCFd0gG0GjHAAABjY":       {"one"},
		"XOxBw-2JIRnCFd0gG0GjHAAABjY": {"one"},
		"hidden somebody it":          {"one"},
		"san sanfran":                 nil,
		"info":                        {"one", "two"},
	} {
		got, _ := c.drain(logs("q", q, "since", at(0)))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("q=%s: %s", q, d)
		}
	}
}

func TestOwnWritesAreLogged(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", FirstName: "Ann", LastName: "Bee", Sessions: 1})
	r := c.request("DELETE", "/api/v1/users/"+u.ID+"/sessions?oauthTokens=true", "")
	r.Header.Set("User-Agent", "soar/1")
	a, err := c.send(r)
	if err != nil {
		t.Fatal(err)
	}
	events := c.want("GET", logs("filter", `transaction.detail.requestApiTokenId eq "`+c.org.TokenID()+`"`), "", 200, "")
	var got []struct {
		UUID, Published, EventType, Version, Severity, DisplayMessage string
		LegacyEventType                                               *string
		Actor                                                         struct{ ID, AlternateID string }
		Client                                                        struct {
			IPAddress string
			UserAgent struct{ RawUserAgent string }
		}
		Target []struct {
			ID, Type, AlternateID, DisplayName string
			DetailEntry                        json.RawMessage
		}
		Outcome      struct{ Result string }
		Transaction  struct{ Type, ID string }
		DebugContext struct{ DebugData map[string]string }
	}
	if err := json.Unmarshal([]byte(events.body), &got); err != nil || len(got) != 1 {
		t.Fatalf("%v: %s", err, events.body)
	}
	me := c.get("/api/v1/users/me").object(t)["id"]
	e := got[0]
	path := "/api/v1/users/" + u.ID + "/sessions"
	if e.EventType != "user.session.clear" || e.Actor.ID != me || e.Outcome.Result != "SUCCESS" || e.Version != "0" ||
		e.Target[0].ID != u.ID || e.Target[0].DisplayName != "Ann Bee" || string(e.Target[0].DetailEntry) != "null" ||
		e.Transaction.ID != a.header.Get("X-Okta-Request-Id") || e.Client.UserAgent.RawUserAgent != "soar/1" ||
		e.DebugContext.DebugData["requestUri"] != path || e.DebugContext.DebugData["url"] != path+"?oauthTokens=true" ||
		e.Published != "2026-03-14T09:26:53.589Z" || e.DisplayMessage == "" {
		t.Errorf("event %+v", e)
	}
}

func TestAppendFillsMissingMembers(t *testing.T) {
	c, clk := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", FirstName: "Ann", LastName: "Bee"})
	clk.Advance(time.Hour)
	uuids := c.org.Append(oktasim.Event{}, oktasim.Event{
		"actor": map[string]any{"alternateId": "a@corp.example"}, "severity": nil, "version": 0,
		"client": map[string]any{"ipAddress": "203.0.113.9"}, "outcome": json.RawMessage(`{"result":"DENY"}`), "extra": "kept",
	}, oktasim.Event{"published": "", "uuid": "odd"})
	page := c.get("/api/v1/logs").list(t)
	if d := cmp.Diff(uuids, column(page, "uuid")); d != "" || len(uuids[0]) != 36 || uuids[0] == uuids[1] {
		t.Fatal(d, uuids)
	}
	e := page[1]
	client := e["client"].(map[string]any)
	if e["actor"].(map[string]any)["id"] != u.ID || e["severity"] != nil || e["version"] != 0.0 || e["extra"] != "kept" ||
		client["zone"] != "null" || client["ipAddress"] != "203.0.113.9" || len(e["outcome"].(map[string]any)) != 1 || e["target"] != nil {
		t.Errorf("event %v", e)
	}
	if page[2]["published"] != "" {
		t.Errorf("a malformed published is changed: %v", page[2]["published"])
	}
	for name, bad := range map[string]oktasim.Event{
		"not JSON":           {"x": func() {}},
		"persisted":          {"persisted": "now"},
		"persisted tomorrow": {"persisted": at(48 * time.Hour)},
	} {
		if !panics(func() { c.org.Append(named("fine"), bad) }) {
			t.Errorf("%s: no panic", name)
		}
	}
	if n := c.org.State().Events; n != 3 {
		t.Errorf("%d events: a rejected batch must add none", n)
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func TestGzip(t *testing.T) {
	c, _ := start(t)
	c.org.Append(named("a"))
	for accept, want := range map[string]string{
		"gzip": "gzip", "deflate, GZIP;q=0.5": "gzip", "identity": "", "gzip;q=0": "", "": "",
	} {
		r := c.request("GET", "/api/v1/logs", "")
		// An explicit header disables decompression in the transport.
		r.Header["Accept-Encoding"] = []string{accept}
		a, err := c.send(r)
		if err != nil || a.header.Get("Content-Encoding") != want {
			t.Errorf("%q: %q, %v", accept, a.header.Get("Content-Encoding"), err)
		}
	}
	r := c.request("GET", "/api/v1/logs", "")
	if resp, err := c.web.Do(r); err != nil || !resp.Uncompressed {
		t.Errorf("the transport's own gzip: %v", err)
	} else if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommonHeaders(t *testing.T) {
	c, _ := start(t)
	seen := map[string]bool{}
	for _, target := range []string{"/api/v1/users", "/api/v1/users/none", "/api/v1/logs?limit=x"} {
		a := c.get(target)
		id := a.header.Get("X-Okta-Request-Id")
		if len(id) != 27 || seen[id] {
			t.Errorf("%s: request id %q", target, id)
		}
		seen[id] = true
		for _, h := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
			if a.header.Get(h) == "" {
				t.Errorf("%s: no %s", target, h)
			}
		}
		if a.header.Get("Content-Type") != "application/json" || a.header.Get("Date") != t0.Format(http.TimeFormat) {
			t.Errorf("%s: %v", target, a.header)
		}
	}
}
