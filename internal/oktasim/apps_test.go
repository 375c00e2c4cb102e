package oktasim_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestListApps(t *testing.T) {
	t.Parallel()
	c := demo(t)
	alice, _ := c.org.State().User("alice.moreau@corp.example")
	for query, want := range map[string][]string{
		"":                                     {"Payroll", "Mail", "Expenses", "Source Code"},
		"q=pay":                                {"Payroll"},
		"q=GOOG":                               {"Mail"},
		"q=ayroll":                             {},
		`filter=status eq "INACTIVE"`:          {},
		`filter=name eq "google"`:              {"Mail"},
		`filter=user.id eq "` + alice.ID + `"`: {"Payroll", "Mail", "Expenses"},
		`filter=user.id eq "` + alice.ID + `"&expand=user/` + alice.ID: {"Payroll", "Mail", "Expenses"},
		"limit=1": {"Payroll"},
	} {
		got := c.want("GET", "/api/v1/apps?"+escape(query), "", 200, "").list(t)
		if d := cmp.Diff(want, column(got, "label")); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
	for query, code := range map[string]string{
		`filter=label eq "x"`: "E0000031", `filter=status sw "A"`: "E0000031", `filter=status`: "E0000053", "limit=201": "E0000001",
		"expand=user/" + alice.ID: "E0000001", "expand=user/none": "E0000001", "expand=groups": "E0000001",
	} {
		c.want("GET", "/api/v1/apps?"+escape(query), "", 400, code)
	}
	target := "/api/v1/apps?limit=3"
	var labels []string
	for target != "" {
		a := c.want("GET", target, "", 200, "")
		labels = append(labels, column(a.list(t), "label")...)
		_, target = a.links(t)
	}
	if len(labels) != 4 {
		t.Error(labels)
	}
}

func TestAppUsers(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	app := c.org.AddApp(oktasim.NewApp{Label: "Payroll"})
	users := "/api/v1/apps/" + app.ID + "/users"
	var ids []string
	for i := range 52 {
		u := c.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%02d@corp.example", i), FirstName: "Ann", LastName: fmt.Sprint("Nr", i)})
		c.org.AssignApp(oktasim.NewAssignment{App: "Payroll", User: u.ID})
		ids = append(ids, u.ID)
	}
	a := c.want("GET", users, "", 200, "")
	_, next := a.links(t)
	rest := c.want("GET", next, "", 200, "")
	if d := cmp.Diff(ids, append(column(a.list(t), "id"), column(rest.list(t), "id")...)); d != "" || len(a.list(t)) != 50 {
		t.Error(d)
	}
	if got := c.want("GET", users+"?q=u5", "", 200, "").list(t); len(got) != 2 {
		t.Errorf("q: %d", len(got))
	}
	c.want("GET", users+"?limit=501", "", 400, "E0000001")
	c.want("GET", "/api/v1/apps/0oanone/users", "", 404, "E0000007")

	one := users + "/" + ids[0]
	c.want("GET", one, "", 200, "")
	c.want("DELETE", one+"?sendEmail=x", "", 400, "E0000001")
	c.want("DELETE", one, "", 204, "")
	c.want("DELETE", one, "", 404, "E0000007")
	c.want("GET", one, "", 404, "E0000007")
	c.want("DELETE", users+"/u01@corp.example", "", 404, "E0000007")
	if d := cmp.Diff([]string{"application.user_membership.remove"}, c.logged()); d != "" {
		t.Error(d)
	}
	if n := len(c.org.State().Apps[0].Users); n != 51 {
		t.Errorf("%d users left", n)
	}
}

func TestAppLifecycle(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	app := c.org.AddApp(oktasim.NewApp{Label: "Payroll"})
	hidden := c.org.AddApp(oktasim.NewApp{Label: "Hidden", Hidden: true})
	for _, id := range []string{app.ID, hidden.ID} {
		c.org.AssignApp(oktasim.NewAssignment{App: id, User: u.ID})
	}
	links := "/api/v1/users/" + u.ID + "/appLinks"
	if got := c.want("GET", links, "", 200, "").list(t); len(got) != 1 || got[0]["appInstanceId"] != app.ID {
		t.Error(got)
	}
	for range 2 {
		if body := c.want("POST", "/api/v1/apps/"+app.ID+"/lifecycle/deactivate", "", 200, "").body; body != "{}" {
			t.Error(body)
		}
	}
	if got := c.want("GET", links, "", 200, "").body; got != "[]" {
		t.Error(got)
	}
	if got := c.user(u.ID).Apps; got[0].Status != "INACTIVE" {
		t.Error(got)
	}
	for range 2 {
		c.want("POST", "/api/v1/apps/"+app.ID+"/lifecycle/activate", "", 200, "")
	}
	c.want("POST", "/api/v1/apps/0oanone/lifecycle/activate", "", 404, "E0000007")
	if d := cmp.Diff([]string{"application.lifecycle.deactivate", "application.lifecycle.activate"}, c.logged()); d != "" {
		t.Error(d)
	}
}

func TestListPolicies(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	for i := range 3 {
		c.org.AddPolicy(oktasim.NewPolicy{Type: "PASSWORD", Name: fmt.Sprint("P", 3-i), Status: []string{"ACTIVE", "INACTIVE"}[i%2]})
	}
	c.org.AddPolicy(oktasim.NewPolicy{Type: "OKTA_SIGN_ON", Name: "S"})
	for query, want := range map[string][]string{
		"type=PASSWORD": {"P3", "P2", "P1"}, "type=PASSWORD&status=ACTIVE": {"P3", "P1"}, "type=PASSWORD&q=p2": {"P2"},
		"type=PASSWORD&sortBy=name": {"P1", "P2", "P3"}, "type=OKTA_SIGN_ON": {"S"}, "type=MFA_ENROLL": {}, "type=PASSWORD&limit=2": {"P3", "P2"},
	} {
		if d := cmp.Diff(want, column(c.want("GET", "/api/v1/policies?"+query, "", 200, "").list(t), "name")); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
	_, next := c.get("/api/v1/policies?type=PASSWORD&limit=2").links(t)
	if got := column(c.want("GET", next, "", 200, "").list(t), "name"); len(got) != 1 || got[0] != "P1" {
		t.Error(got)
	}
	c.want("GET", "/api/v1/policies", "", 400, "E0000028")
	for _, query := range []string{"type=password", "type=PASSWORD&status=ON", "type=PASSWORD&limit=x"} {
		c.want("GET", "/api/v1/policies?"+query, "", 400, "E0000001")
	}
}
