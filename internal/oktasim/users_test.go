package oktasim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func profile(login string) string {
	return fmt.Sprintf(`"profile":{"login":%q,"email":%q,"firstName":"Zoe","lastName":"Quist"}`, login, login)
}

func TestCreateUserStatus(t *testing.T) {
	c, _ := start(t)
	password := `,"credentials":{"password":{"value":"correct horse"}}`
	for i, tc := range []struct{ query, more, want string }{
		{"", "", "PROVISIONED"},
		{"?activate=true", "", "PROVISIONED"},
		{"?activate=false", "", "STAGED"},
		{"", password, "ACTIVE"},
		{"?activate=true&nextLogin=changePassword", password, "PASSWORD_EXPIRED"},
		{"", `,"credentials":{"password":{}}`, "PROVISIONED"},
		{"", `,"credentials":{"provider":{"type":"FEDERATION","name":"FEDERATION"}}`, "ACTIVE"},
	} {
		login := fmt.Sprintf("u%d@corp.example", i)
		a := c.want("POST", "/api/v1/users"+tc.query, "{"+profile(login)+tc.more+"}", 200, "")
		u := a.object(t)
		if u["status"] != tc.want {
			t.Errorf("%s%s: status %v, want %s", tc.query, tc.more, u["status"], tc.want)
		}
		if (u["activated"] == nil) != (tc.want == "STAGED") {
			t.Errorf("%s: activated is %v", tc.want, u["activated"])
		}
	}
}

func TestCreateUserErrors(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "taken@corp.example"})
	everyone := c.org.State().Groups[0].ID
	app := c.org.AddGroup(oktasim.NewGroup{Name: "App", Type: oktasim.TypeApp})
	for name, tc := range map[string]struct {
		body   string
		status int
		code   string
		cause  string
	}{
		"no body":     {"", 400, "E0000003", ""},
		"cut off":     {`{"profile":{"login":"a`, 400, "E0000003", ""},
		"array":       {`[]`, 400, "E0000003", ""},
		"null":        {`null`, 400, "E0000003", ""},
		"two values":  {"{" + profile("b@c.d") + "}{}", 400, "E0000003", ""},
		"wrong type":  {`{"profile":"x"}`, 400, "E0000003", ""},
		"empty":       {`{}`, 400, "E0000001", "login: The field cannot be left blank"},
		"blank login": {"{" + profile("") + "}", 400, "E0000001", "login: The field cannot be left blank"},
		"no email":    {"{" + profile("nomail") + "}", 400, "E0000001", "login: Does not match required pattern"},
		"duplicate": {"{" + profile("Taken@corp.example") + "}", 400, "E0000001",
			"login: An object with this field already exists in the current organization"},
		"unknown field": {`{"profile":{"login":"a@b.c","email":"a@b.c","firstName":"a","lastName":"b","notValid":"x"}}`, 400, "E0000001",
			"Property name 'notValid' is not defined in profile"},
		"number": {`{"profile":{"login":"a@b.c","email":"a@b.c","firstName":"a","lastName":7}}`, 400, "E0000001", "lastName: The value must be a string"},
		"huge": {`{"profile":{"login":"a@b.c","email":"a@b.c","firstName":"` + strings.Repeat("x", 300) + `","lastName":"b"}}`, 400, "E0000001",
			"firstName: String is too long"},
		"weak password":    {"{" + profile("b@c.d") + `,"credentials":{"password":{"value":"x"}}}`, 400, "E0000001", ""},
		"unknown group":    {"{" + profile("b@c.d") + `,"groupIds":["00gnone"]}`, 404, "E0000007", ""},
		"built-in group":   {"{" + profile("b@c.d") + `,"groupIds":["` + everyone + `"]}`, 501, "E0000060", ""},
		"group of an app":  {"{" + profile("b@c.d") + `,"groupIds":["` + app.ID + `"]}`, 403, "E0000006", ""},
		"deeply nested":    {strings.Repeat(`{"a":`, 20000), 400, "E0000003", ""},
		"not UTF-8 number": {"{\"profile\":\xff}", 400, "E0000003", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.want("POST", "/api/v1/users", tc.body, tc.status, tc.code)
			if tc.cause != "" && !strings.Contains(a.body, `{"errorSummary":"`+tc.cause+`"}`) {
				t.Errorf("no cause %q in %s", tc.cause, a.body)
			}
		})
	}
	if n := len(c.org.State().Users); n != 2 {
		t.Errorf("%d users, want 2: a rejected user must not exist", n)
	}
}

func TestGetUser(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "Isaac.Brock@corp.example", Email: "ib@mail.example"})
	c.org.AddUser(oktasim.NewUser{Login: "dup@corp.example"})
	c.org.AddUser(oktasim.NewUser{Login: "dup@other.example"})
	gone := c.org.AddUser(oktasim.NewUser{Login: "gone@corp.example", Status: "DEPROVISIONED"})
	for who, want := range map[string]string{
		u.ID:                         u.ID,
		"Isaac.Brock@corp.example":   u.ID,
		"isaac.brock%40corp.example": u.ID,
		"isaac.brock":                u.ID,
		"dup@corp.example":           "",
		"dup":                        "none",
		"ib@mail.example":            "none",
		"00unosuchuser":              "none",
		strings.ToLower(u.ID):        "none",
		"isaac.brock%2Fx":            "none",
		gone.ID:                      gone.ID,
	} {
		if want == "none" {
			c.want("GET", "/api/v1/users/"+who, "", 404, "E0000007")
			continue
		}
		got := c.want("GET", "/api/v1/users/"+who, "", 200, "").object(t)
		if want != "" && got["id"] != want {
			t.Errorf("%s: got %v, want %s", who, got["id"], want)
		}
	}
	me := c.want("GET", "/api/v1/users/me", "", 200, "").object(t)
	if me["status"] != "ACTIVE" || me["id"] == u.ID {
		t.Errorf("me is %v", me)
	}
}

func TestUpdateUser(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Profile: map[string]any{"title": "Chef", "city": "Lyon", "badge": 7}})
	c.org.AddUser(oktasim.NewUser{Login: "b@corp.example"})
	gone := c.org.AddUser(oktasim.NewUser{Login: "gone@corp.example", Status: "DEPROVISIONED"})
	path := "/api/v1/users/" + u.ID

	got := c.want("POST", path, `{"profile":{"title":null,"department":"Kitchen","badge":8}}`, 200, "").object(t)["profile"].(map[string]any)
	if _, has := got["title"]; has || got["department"] != "Kitchen" || got["city"] != "Lyon" || got["badge"] != 8.0 {
		t.Errorf("partial update: %v", got)
	}
	got = c.want("PUT", path, "{"+profile("a@corp.example")+"}", 200, "").object(t)["profile"].(map[string]any)
	if _, has := got["city"]; has {
		t.Errorf("a replacement kept attributes: %v", got)
	}
	c.want("POST", path, `{"profile":{"login":"B@corp.example"}}`, 400, "E0000001")
	c.want("POST", path, `{"profile":{"lastName":null}}`, 400, "E0000001")
	c.want("POST", path, `{"profile":{"nope":1}}`, 400, "E0000001")
	c.want("POST", path, `{"profile":`, 400, "E0000003")
	c.want("POST", path, `{"profile":{"login":"A@corp.example"}}`, 200, "")
	c.want("POST", "/api/v1/users/"+gone.ID, `{"profile":{"city":"Nice"}}`, 404, "E0000007")
	c.want("POST", "/api/v1/users/none", `{}`, 404, "E0000007")
}

func TestDeleteUserTakesTwoCalls(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2})
	path := "/api/v1/users/" + u.ID
	c.want("DELETE", path, "", 204, "")
	if s := c.status("a@corp.example"); s != "DEPROVISIONED" {
		t.Errorf("after the first call the user is %s", s)
	}
	c.want("DELETE", path, "", 204, "")
	c.want("GET", path, "", 404, "E0000007")
	c.want("DELETE", path, "", 404, "E0000007")
	state := c.org.State()
	if slices.Contains(state.Groups[0].Members, u.ID) {
		t.Error("a deleted user is still in Everyone")
	}
}

func TestListUsers(t *testing.T) {
	c, clk := start(t)
	add := func(login, email, first, last, status string) {
		clk.Advance(1e9)
		c.org.AddUser(oktasim.NewUser{Login: login, Email: email, FirstName: first, LastName: last, Status: status})
	}
	add("ann@x.example", "ann@x.example", "Ann", "Bee", "ACTIVE")
	add("bob@x.example", "shared@x.example", "Bob", "Ann", "SUSPENDED")
	add("cy@x.example", "shared@x.example", `C"y\`, "Cee", "DEPROVISIONED")
	add("dee@y.example", "dee@y.example", "Dee", "Dee", "ACTIVE")
	me := "okta.admin@corp.example"
	all := []string{me, "ann@x.example", "bob@x.example", "dee@y.example"}
	for _, tc := range []struct {
		query string
		want  []string // logins, or the error code
	}{
		{"", all},
		{"q=ann", []string{"ann@x.example", "bob@x.example"}},
		{"q=SHARED", []string{"bob@x.example"}},
		{"q=nobody", nil},
		{`search=profile.email eq "SHARED@x.example"`, []string{"bob@x.example", "cy@x.example"}},
		{`search=profile.login sw "ann" or status eq "suspended"`, []string{"ann@x.example", "bob@x.example"}},
		{`search=status eq "ACTIVE" and (profile.lastName eq "Bee" or profile.lastName eq "Dee")`, []string{"ann@x.example", "dee@y.example"}},
		{`search=profile.firstName eq "C\"y\\"`, []string{"cy@x.example"}},
		{`search=profile.login co "y.example"`, []string{"dee@y.example"}},
		{`search=created gt "2026-03-14T09:26:56.000Z"`, []string{"cy@x.example", "dee@y.example"}},
		{`search=profile.email pr and profile.mobilePhone pr`, nil},
		{`search=status lt "ACTIVE" or status gt "ACTIVE"`, []string{"bob@x.example", "cy@x.example"}},
		{`search=profile.login sw "" &sortBy=profile.firstName&sortOrder=desc`, []string{me, "dee@y.example", "cy@x.example", "bob@x.example", "ann@x.example"}},
		{`filter=status eq "DEPROVISIONED"`, []string{"cy@x.example"}},
		{`filter=status eq "deprovisioned"`, nil},
		{`filter=profile.email eq "shared@x.example"`, []string{"bob@x.example", "cy@x.example"}},
		{`filter=lastUpdated gt "2026-03-14T09:26:57Z"`, []string{"dee@y.example"}},
		{`search=status ne "ACTIVE"`, []string{"E0000031"}},
		{`search=not (status eq "ACTIVE")`, []string{"E0000031"}},
		{`search=profile.nope eq "x"`, []string{"E0000031"}},
		{`search=Profile.email eq "x"`, []string{"E0000031"}},
		{`search=profile.title co "x"`, []string{"E0000031"}},
		{`search=profile.email eq`, []string{"E0000031"}},
		{`search=profile.email eq 'x'`, []string{"E0000031"}},
		{`filter=profile.email sw "x"`, []string{"E0000031"}},
		{`filter=profile.title eq "x"`, []string{"E0000031"}},
		{`filter=status eqq "x"`, []string{"E0000053"}},
		{`filter=status eq "x`, []string{"E0000053"}},
		{`filter=status eq "x"&search=status eq "x"`, []string{"E0000001"}},
		{"limit=0", []string{"E0000001"}},
		{"limit=-1", []string{"E0000001"}},
		{"limit=many", []string{"E0000001"}},
		{"after=garbage", []string{"E0000001"}},
	} {
		t.Run(tc.query, func(t *testing.T) {
			a := c.get("/api/v1/users?" + escape(tc.query))
			if a.status != 200 {
				if a.status != 400 || len(tc.want) != 1 || a.code() != tc.want[0] {
					t.Fatalf("got %d %s, want %v", a.status, a.body, tc.want)
				}
				return
			}
			logins := []string{}
			for _, u := range a.list(t) {
				logins = append(logins, u["profile"].(map[string]any)["login"].(string))
			}
			if d := cmp.Diff(append([]string{}, tc.want...), logins); d != "" {
				t.Error(d)
			}
		})
	}
}

// escape escapes a readable query, except & and =.
func escape(query string) string {
	q := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k != "" {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

func TestListUsersPages(t *testing.T) {
	c, _ := start(t)
	for i := range 9 {
		c.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%d@corp.example", i)})
	}
	for _, query := range []string{"?limit=3", "?limit=3&search=" + url.QueryEscape(`profile.login co "@"`) + "&sortBy=profile.login&sortOrder=desc"} {
		var seen []string
		next, pages := c.org.URL+"/api/v1/users"+query, 0
		for next != "" {
			a := c.want("GET", next, "", 200, "")
			self, following := a.links(t)
			if self != next {
				t.Errorf("the self link is %s, want %s", self, next)
			}
			seen = append(seen, column(a.list(t), "id")...)
			next = following
			pages++
		}
		if pages != 4 || len(seen) != 10 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 10 {
			t.Errorf("%s: %d users on %d pages: %v", query, len(seen), pages, seen)
		}
	}

	_, next := c.get("/api/v1/users?limit=3").links(t)
	other := strings.Replace(next, "/users?", "/groups?", 1)
	c.want("GET", other, "", 400, "E0000001")
	c.want("GET", next+"&filter="+url.QueryEscape(`status eq "ACTIVE"`), "", 400, "E0000001")
}

func TestUserShape(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", FirstName: "A & <B>", Status: "STAGED"})
	a := c.get("/api/v1/users/" + u.ID)
	if !strings.Contains(a.body, `"A & <B>"`) {
		t.Errorf("HTML escapes in %s", a.body)
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"created": `"2026-03-14T09:26:53.589Z"`, "activated": "null", "lastLogin": "null", "passwordChanged": "null",
		"credentials": `{"provider":{"name":"OKTA","type":"OKTA"}}`,
	} {
		if got := string(doc[field]); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	links := a.object(t)["_links"].(map[string]any)
	if _, ok := links["activate"]; !ok || len(links) != 5 {
		t.Errorf("links of a staged user: %v", links)
	}
}
