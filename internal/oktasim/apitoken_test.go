package oktasim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

// TestRightsOfAPITokens checks that a token has only the permissions of its owner's roles. The org rejects other
// requests as Okta does.
func TestRightsOfAPITokens(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	victim := c.org.AddUser(oktasim.NewUser{Login: "victim@corp.example"})
	group := c.org.AddGroup(oktasim.NewGroup{Name: "G"})
	for _, kind := range []string{"ORG_ADMIN", "READ_ONLY_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN"} {
		u := c.org.AddUser(oktasim.NewUser{Login: strings.ToLower(kind) + "@corp.example"})
		c.org.AddRole(oktasim.NewRole{User: u.ID, Type: kind})
		c.org.AddAPIToken(oktasim.NewAPIToken{Token: kind, User: u.ID})
	}
	c.org.AddRole(oktasim.NewRole{User: c.org.AddUser(oktasim.NewUser{Login: "custom@corp.example"}).ID, Type: "CUSTOM",
		Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read", "okta.users.read"}})
	c.org.AddAPIToken(oktasim.NewAPIToken{Token: "CUSTOM", User: "custom@corp.example"})
	c.org.AddUser(oktasim.NewUser{Login: "nobody@corp.example"})
	c.org.AddAPIToken(oktasim.NewAPIToken{Token: "NOBODY", User: "nobody@corp.example"})
	c.org.AddUser(oktasim.NewUser{Login: "left@corp.example", Status: "DEPROVISIONED"})
	c.org.AddAPIToken(oktasim.NewAPIToken{Token: "LEFT", User: "left@corp.example"})

	user := "/api/v1/users/" + victim.ID
	for _, step := range []struct {
		token, call string
		status      int
	}{
		{"READ_ONLY_ADMIN", "GET " + user, 200},
		{"READ_ONLY_ADMIN", "GET /api/v1/zones", 200},
		{"READ_ONLY_ADMIN", "GET " + user + "/roles", 403},
		{"READ_ONLY_ADMIN", "POST " + user + "/lifecycle/suspend", 403},
		{"HELP_DESK_ADMIN", "POST " + user + "/lifecycle/suspend", 403},
		{"HELP_DESK_ADMIN", "DELETE " + user + "/sessions", 204},
		{"HELP_DESK_ADMIN", "GET /api/v1/zones", 403},
		{"USER_ADMIN", "POST " + user + "/lifecycle/suspend", 200},
		{"ORG_ADMIN", "POST " + user + "/lifecycle/unsuspend", 200},
		{"ORG_ADMIN", "GET /api/v1/iam/assignees/users", 403},
		{"GROUP_MEMBERSHIP_ADMIN", "PUT /api/v1/groups/" + group.ID + "/users/" + victim.ID, 204},
		{"GROUP_MEMBERSHIP_ADMIN", "POST /api/v1/groups", 403},
		{"CUSTOM", "GET " + user + "/roles", 200},
		{"CUSTOM", "DELETE " + user + "/sessions", 403},
		{"NOBODY", "GET /api/v1/users/me", 200},
		{"NOBODY", "GET /api/v1/users/me/groups", 403},
		{"NOBODY", "GET " + user, 403},
		{"LEFT", "GET /api/v1/users/me", 401},
		{"OTHER", "GET /api/v1/users/me", 401},
	} {
		method, path, _ := strings.Cut(step.call, " ")
		r := c.request(method, path, "")
		r.Header.Set("Authorization", "SSWS "+step.token)
		got, err := c.send(r)
		if err != nil || got.status != step.status {
			t.Errorf("%s: %s: got %d, %v, want %d", step.token, step.call, got.status, err, step.status)
		}
	}
	r := c.request("GET", "/api/v1/users/me", "")
	r.Header.Set("Authorization", "SSWS HELP_DESK_ADMIN")
	resp, err := c.web.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "help_desk_admin@corp.example") {
		t.Errorf("me is %s, %v", body, err)
	}
	state, _ := c.org.State().User(victim.ID)
	if state.Status != "ACTIVE" {
		t.Errorf("the victim is %s", state.Status)
	}
	if events := c.get("/api/v1/logs?q=suspend"); !strings.Contains(string(events.body), "user_admin@corp.example") {
		t.Error("the log does not name the token's owner as the actor")
	}
}
