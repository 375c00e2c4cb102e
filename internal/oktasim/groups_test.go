package oktasim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestGroups(t *testing.T) {
	c, _ := start(t)
	create := func(name string) string { return fmt.Sprintf(`{"profile":{"name":%q,"description":"d"}}`, name) }
	g := c.want("POST", "/api/v1/groups", create("Quarantine"), 200, "").object(t)
	path := "/api/v1/groups/" + g["id"].(string)
	c.want("GET", path, "", 200, "")
	c.want("GET", "/api/v1/groups/00gnone", "", 404, "E0000007")
	c.want("GET", "/api/v1/groups/Quarantine", "", 404, "E0000007")

	for name, body := range map[string]string{
		"taken": create("quarantine"), "blank": create("  "), "long": create(strings.Repeat("x", 256)), "empty": "{}",
		"name of a built-in": create("Everyone"),
	} {
		t.Run(name, func(t *testing.T) { c.want("POST", "/api/v1/groups", body, 400, "E0000001") })
	}
	c.want("POST", "/api/v1/groups", `{"profile":{"name":7}}`, 400, "E0000003")
	c.want("POST", "/api/v1/groups", ``, 400, "E0000003")

	c.want("PUT", path, create("Quarantine"), 200, "")
	c.want("PUT", path, create("Isolation"), 200, "")
	c.want("PUT", path, create("Everyone"), 400, "E0000001")
	c.want("DELETE", path, "", 204, "")
	c.want("DELETE", path, "", 404, "E0000007")
	c.want("DELETE", "/api/v1/groups/"+c.org.State().Groups[0].ID, "", 501, "E0000060")

	c.org.AddGroup(oktasim.NewGroup{Name: "Same", Type: oktasim.TypeApp})
	c.org.AddGroup(oktasim.NewGroup{Name: "Same", Type: oktasim.TypeApp})
	c.want("POST", "/api/v1/groups", create("Same"), 200, "")
}

func TestListGroups(t *testing.T) {
	c, _ := start(t)
	for _, n := range []string{"Alpha", "Alphabet", "beta"} {
		c.org.AddGroup(oktasim.NewGroup{Name: n, Description: "the " + n})
	}
	app := c.org.AddGroup(oktasim.NewGroup{Name: "beta", Type: oktasim.TypeApp})
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"", []string{"Everyone", "Alpha", "Alphabet", "beta", "beta"}},
		{"q=alpha", []string{"Alpha", "Alphabet"}},
		{"q=alpha&limit=1", []string{"Alpha"}},
		{"q=eta", nil},
		{`search=profile.name eq "BETA"`, []string{"beta", "beta"}},
		{`search=profile.name eq "beta" and type eq "OKTA_GROUP"`, []string{"beta"}},
		{`search=profile.name sw "alph"`, []string{"Alpha", "Alphabet"}},
		{`search=profile.description co "the al"`, []string{"Alpha", "Alphabet"}},
		{`search=type eq "BUILT_IN"`, []string{"Everyone"}},
		{`filter=type eq "APP_GROUP"`, []string{"beta"}},
		{`filter=id eq "` + app.ID + `"`, []string{"beta"}},
		{`filter=lastMembershipUpdated gt "2026-03-14T09:26:53.588Z"`, []string{"Everyone", "Alpha", "Alphabet", "beta", "beta"}},
		{`filter=profile.name eq "beta"`, []string{"E0000031"}},
		{`search=objectClass eq "x"`, []string{"E0000031"}},
		{`search=type co "x"`, []string{"E0000031"}},
		{`filter=type eq`, []string{"E0000053"}},
		{"limit=10001", []string{"E0000001"}},
		{"sortBy=nope", []string{"E0000001"}},
	} {
		t.Run(tc.query, func(t *testing.T) {
			a := c.get("/api/v1/groups?" + escape(tc.query))
			if a.status != 200 {
				if len(tc.want) != 1 || a.code() != tc.want[0] {
					t.Fatalf("got %d %s, want %v", a.status, a.body, tc.want)
				}
				return
			}
			names := []string{}
			for _, g := range a.list(t) {
				names = append(names, g["profile"].(map[string]any)["name"].(string))
			}
			if d := cmp.Diff(append([]string{}, tc.want...), names); d != "" {
				t.Error(d)
			}
			if _, next := a.links(t); next != "" {
				t.Errorf("next on the only page: %s", next)
			}
		})
	}
	if _, next := c.get("/api/v1/groups?limit=2").links(t); !strings.Contains(next, "limit=2") {
		t.Errorf("next is %q", next)
	}
}

func TestMemberships(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	okta := c.org.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	app := c.org.AddGroup(oktasim.NewGroup{Name: "App", Type: oktasim.TypeApp})
	c.org.AddMember(app.ID, u.ID)
	everyone := c.org.State().Groups[0].ID
	path := func(group, user string) string { return "/api/v1/groups/" + group + "/users/" + user }
	for _, tc := range []struct {
		method, path string
		status       int
		code         string
		events       int
	}{
		{"DELETE", path(okta.ID, u.ID), 204, "", 0},
		{"PUT", path(okta.ID, u.ID), 204, "", 1},
		{"PUT", path(okta.ID, u.ID), 204, "", 0},
		{"DELETE", path(okta.ID, u.ID), 204, "", 1},
		{"DELETE", path(okta.ID, u.ID), 204, "", 0},
		{"PUT", path(app.ID, u.ID), 403, "E0000006", 0},
		{"DELETE", path(app.ID, u.ID), 403, "E0000006", 0},
		{"PUT", path(everyone, u.ID), 501, "E0000060", 0},
		{"DELETE", path(everyone, u.ID), 501, "E0000060", 0},
		{"PUT", path("00gnone", u.ID), 404, "E0000007", 0},
		{"PUT", path(okta.ID, "00unone"), 404, "E0000007", 0},
		{"DELETE", path(okta.ID, "00unone"), 404, "E0000007", 0},
		{"PUT", path(okta.ID, "a@corp.example"), 404, "E0000007", 0},
	} {
		before := c.org.State().Events
		c.want(tc.method, tc.path, "", tc.status, tc.code)
		if n := c.org.State().Events - before; n != tc.events {
			t.Errorf("%s %s: %d events, want %d", tc.method, tc.path, n, tc.events)
		}
	}
	c.want("PUT", path(okta.ID, u.ID), "", 204, "")
	groups := c.want("GET", "/api/v1/users/"+u.ID+"/groups", "", 200, "").list(t)
	if d := cmp.Diff([]string{everyone, okta.ID, app.ID}, column(groups, "id")); d != "" {
		t.Error(d)
	}
	c.want("GET", "/api/v1/users/none/groups", "", 404, "E0000007")

	logged := c.get("/api/v1/logs?" + escape(`filter=target.id eq "`+okta.ID+`"`)).list(t)
	if d := cmp.Diff([]string{"group.user_membership.add", "group.user_membership.remove", "group.user_membership.add"}, column(logged, "eventType")); d != "" {
		t.Error(d)
	}
}

func TestListGroupUsers(t *testing.T) {
	c, _ := start(t)
	g := c.org.AddGroup(oktasim.NewGroup{Name: "G"})
	var want []string
	for i := range 5 {
		u := c.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%d@corp.example", i)})
		c.org.AddMember(g.ID, u.ID)
		want = append(want, u.ID)
	}
	path := "/api/v1/groups/" + g.ID + "/users"
	a := c.want("GET", path+"?limit=2", "", 200, "")
	got := column(a.list(t), "id")
	_, next := a.links(t)

	// If a member leaves between two pages, no other member is omitted.
	c.want("DELETE", path+"/"+want[0], "", 204, "")
	for next != "" {
		a = c.want("GET", next, "", 200, "")
		got = append(got, column(a.list(t), "id")...)
		_, next = a.links(t)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	c.want("GET", "/api/v1/groups/none/users", "", 404, "E0000007")
	c.want("GET", path+"?limit=x", "", 400, "E0000001")
	c.want("GET", path+"?after="+url.QueryEscape("../.."), "", 400, "E0000001")
}
