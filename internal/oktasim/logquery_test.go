package oktasim_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestLogQueryErrors(t *testing.T) {
	c, _ := start(t)
	_, next := c.get(logs("since", at(0), "filter", `severity eq "INFO"`)).links(t)
	after := mustURL(t, next).Query().Get("after")
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	_, usersNext := c.get("/api/v1/users?limit=1").links(t)
	ofUsers := mustURL(t, usersNext).Query().Get("after")
	other, _ := start(t)
	_, foreignNext := other.get(logs("since", at(0))).links(t)
	foreign := mustURL(t, foreignNext).Query().Get("after")
	for name, tc := range map[string]struct {
		target string
		code   string
		text   string
	}{
		"bad until":          {logs("until", "yesterday"), "E0000001", "'until': The date format in your query is not recognized"},
		"no such day":        {logs("since", "2026-02-30"), "E0000001", "'since': The date format"},
		"slashes":            {logs("since", "2026/03/14"), "E0000001", "'since': The date format"},
		"day first":          {logs("since", "14-03-2026"), "E0000001", "'since': The date format"},
		"epoch":              {logs("since", "1773480413000"), "E0000001", "'since': The date format"},
		"space for T":        {logs("since", "2026-03-14 09:26:53"), "E0000001", "'since': The date format"},
		"hour 24":            {logs("since", "2026-03-14T24:00:00Z"), "E0000001", "'since': The date format"},
		"one digit":          {logs("since", "2026-03-14T9:26:53Z"), "E0000001", "'since': The date format"},
		"name of a zone":     {logs("since", "2026-03-14T09:26:53 UTC"), "E0000001", "'since': The date format"},
		"text behind":        {logs("since", "2026-03-14T09:26:53Zx"), "E0000001", "'since': The date format"},
		"empty since":        {logs("since", ""), "E0000001", "'since': The date format"},
		"space for plus":     {"/api/v1/logs?since=2026-03-14T00:00:00+01:00", "E0000001", "'since'"},
		"since and after":    {logs("since", at(0), "after", after, "filter", `severity eq "INFO"`), "E0000001", "'since'"},
		"negative limit":     {logs("limit", "-1"), "E0000001", "limit"},
		"limit too large":    {logs("limit", "1001"), "E0000001", "limit"},
		"limit not a number": {logs("limit", "1e2"), "E0000001", "limit"},
		"sort order":         {logs("sortOrder", "UPWARDS"), "E0000001", "sortOrder"},
		"long keyword":       {logs("q", strings.Repeat("x", 41)), "E0000001", "'q': Freeform search cannot contain items longer than 40 characters"},
		"many keywords":      {logs("q", strings.Repeat("x ", 11)), "E0000001", "'q': Freeform search cannot contain more than 10 items"},
		"operator": {logs("filter", `display_message eqq "Create okta user"`), "E0000053",
			`Invalid filter 'display_message eqq \"Create okta user\"': ` +
				`Unrecognized attribute operator 'eqq' at position 16. Expected: eq,co,sw,pr,gt,ge,lt,le`},
		"field":                {logs("filter", `display_message eq "x"`), "E0000053", "field is not valid: display_message"},
		"deep field":           {logs("filter", `actor.idd eq "x"`), "E0000053", "field is not valid: actor.idd"},
		"deeper field":         {logs("filter", `actor.id.x eq "x"`), "E0000053", "field is not valid: actor.id.x"},
		"published":            {logs("filter", `published gt "2026-01-01T00:00:00Z"`), "E0000053", "field is not valid: published"},
		"co on url":            {logs("filter", `debugContext.debugData.url co "x"`), "E0000031", "Operator: co, Field: debugContext.debugData.url"},
		"co on requestUri":     {logs("filter", `not (debugContext.debugData.requestUri CO "x")`), "E0000031", "Operator: co"},
		"brackets":             {logs("filter", `target[id eq "x"]`), "E0000053", "Invalid filter"},
		"cut off":              {logs("filter", `eventType eq "x`), "E0000053", "Invalid filter"},
		"empty after":          {logs("after", ""), "E0000001", "after"},
		"garbage after":        {logs("after", "%%%"), "E0000001", "after"},
		"after of another org": {logs("after", foreign), "E0000001", "after"},
		"after of users":       {logs("after", ofUsers), "E0000001", "after"},
		"changed filter":       {logs("after", after, "filter", `severity eq "WARN"`), "E0000001", "after"},
		"dropped filter":       {logs("after", after), "E0000001", "after"},
		"changed mode":         {logs("after", after, "filter", `severity eq "INFO"`, "until", at(time.Hour)), "E0000001", "after"},
		"cut cursor":           {logs("after", after[:len(after)-2], "filter", `severity eq "INFO"`), "E0000001", "after"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.want("GET", tc.target, "", 400, tc.code)
			if !strings.Contains(a.body, tc.text) {
				t.Errorf("%q is not in %s", tc.text, a.body)
			}
		})
	}
}

// TestTimeForms reads one event with the ISO 8601 formats that clients send. A time without a zone is in UTC.
func TestTimeForms(t *testing.T) {
	t.Parallel()
	c, clk := start(t)
	clk.Advance(48 * time.Hour)
	day := func(name, stamp string) {
		c.org.Append(oktasim.Event{"uuid": name, "published": stamp, "persisted": stamp})
	}
	day("before", "2026-03-14T14:43:39.999Z")
	day("at", "2026-03-14T14:43:40.124Z")
	day("after", "2026-03-15T00:00:00.000Z")
	for form, want := range map[string][]string{
		"2026-03-14T14:43:40Z":             {"at", "after"}, // Okta's own examples
		"2026-03-14T14:43:40.000Z":         {"at", "after"}, // Filebeat, Splunk, Azure
		"2026-03-14T14:43:40.1234567Z":     {"at", "after"}, // .NET's round-trip form
		"2026-03-14T14:43:40.123456":       {"at", "after"}, // Python's isoformat of a naive time
		"2026-03-14T14:43:40":              {"at", "after"}, // the same on a whole second
		"2026-03-14T14:43:40.123456+00:00": {"at", "after"}, // Python's isoformat in UTC
		"2026-03-14T14:43:40,123Z":         {"at", "after"},
		"2026-03-14T15:43:40.123+01:00":    {"at", "after"},
		"2026-03-14T15:43:40.123+0100":     {"at", "after"},
		"2026-03-14T06:43:40-08":           {"at", "after"},
		"2026-03-14t14:43:40z":             {"at", "after"},
		"2026-03-14T14:44":                 {"after"},
		"2026-03-14T14:44Z":                {"after"},
		"2026-03-14T15":                    {"after"},
		"2026-03-14T14:43:40.125":          {"after"},
		"2026-03-14":                       {"before", "at", "after"},
		"2026-03-15":                       {"after"},
		"2026-03":                          {"before", "at", "after"},
		"2026":                             {"before", "at", "after"},
	} {
		if got, _ := c.drain(logs("since", form)); !slices.Equal(got, want) {
			t.Errorf("polling since %s: %v, want %v", form, got, want)
		}
		if got, _ := c.drain(logs("since", form, "until", at(24*time.Hour))); !slices.Equal(got, want) {
			t.Errorf("bounded since %s: %v, want %v", form, got, want)
		}
		earlier := []string{"before", "at", "after"}[:3-len(want)]
		if got, _ := c.drain(logs("since", at(-time.Hour), "until", form)); !slices.Equal(got, earlier) {
			t.Errorf("until %s: %v, want %v", form, got, earlier)
		}
	}
}

// TestTimesInExpressions compares the times of users and groups in the same formats.
func TestTimesInExpressions(t *testing.T) {
	t.Parallel()
	c, clk := start(t)
	old := c.org.AddUser(oktasim.NewUser{Login: "old@corp.example"})
	c.org.AddGroup(oktasim.NewGroup{Name: "Old"})
	clk.Advance(24 * time.Hour)
	c.org.AddUser(oktasim.NewUser{Login: "new@corp.example"})
	c.org.AddGroup(oktasim.NewGroup{Name: "New"})
	for form, newer := range map[string]bool{
		"2026-03-14T09:26:54.000Z": true, "2026-03-14T09:26:54": true, "2026-03-15": true, "2026-03-15T10:26:53.123+0100": true,
		"2026-03-14T09:26:53.589123": true, "2026-03-13": false, "2026-03-14T09:26": false,
	} {
		want := 1
		if !newer {
			want = 3 // the owner of the token and both users, or the group Everyone and both others
		}
		for _, query := range []string{
			`users?search=lastUpdated gt "` + form + `"`, `users?filter=lastUpdated gt "` + form + `"`, `users?search=created ge "` + form + `"`,
			`groups?filter=lastUpdated gt "` + form + `"`, `groups?search=created gt "` + form + `"`,
		} {
			path, expression, _ := strings.Cut(query, "?")
			if got := c.want("GET", "/api/v1/"+path+"?"+escape(expression), "", 200, "").list(t); len(got) != want {
				t.Errorf("%s: %d items, want %d", query, len(got), want)
			}
		}
	}
	for _, form := range []string{"2026-03-14T09:26:53.589Z", "2026-03-14T09:26:53.589", "2026-03-14T10:26:53.589+01:00"} {
		got := c.want("GET", "/api/v1/users?"+escape(`search=statusChanged eq "`+form+`"`), "", 200, "").list(t)
		if !slices.Contains(column(got, "id"), old.ID) || len(got) != 2 {
			t.Errorf("eq %s: %v", form, column(got, "id"))
		}
	}
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCursorIsOpaqueAndTamperProof(t *testing.T) {
	c, _ := start(t)
	_, next := c.get(logs("since", at(0), "filter", `severity eq "INFO"`)).links(t)
	u := mustURL(t, next)
	q := u.Query()
	after := q.Get("after")
	if strings.Contains(after, "INFO") || len(after) < 40 {
		t.Errorf("cursor %q", after)
	}
	for i := 0; i < len(after); i += 5 {
		changed := []byte(after)
		if changed[i] = 'A'; after[i] == 'A' {
			changed[i] = 'B'
		}
		q.Set("after", string(changed))
		u.RawQuery = q.Encode()
		c.want("GET", u.String(), "", 400, "E0000001")
	}
	c.want("GET", next, "", 200, "")

	c.org.Fault(oktasim.Fault{ExpireCursors: true})
	c.want("GET", next, "", 400, "E0000001")
	a := c.want("GET", logs("since", at(0), "filter", `severity eq "INFO"`), "", 200, "")
	_, next = a.links(t)
	c.want("GET", next, "", 200, "")
}

func TestLogLinks(t *testing.T) {
	c, _ := start(t)
	c.org.Append(named("a"), named("b"))
	target := logs("since", at(-time.Minute), "limit", "1", "filter", `eventType sw "user" and severity eq "INFO"`, "q", "login", "sortOrder", "ASCENDING")
	r := c.request("GET", target, "")
	r.Host = "acme.okta.test:8443"
	a, err := c.send(r)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.header.Values("Link")); n != 2 {
		t.Fatalf("%d Link lines", n)
	}
	self, next := a.links(t)
	if !strings.HasPrefix(self, "http://acme.okta.test:8443/api/v1/logs?") || mustURL(t, self).Query().Get("since") == "" {
		t.Errorf("self %s", self)
	}
	want := mustURL(t, self).Query()
	got := mustURL(t, next).Query()
	if mustURL(t, next).Host != "acme.okta.test:8443" || !got.Has("after") {
		t.Errorf("next %s", next)
	}
	want.Del("since")
	got.Del("after")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
