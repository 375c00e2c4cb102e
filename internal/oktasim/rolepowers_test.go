package oktasim_test

import (
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

// TestLesserAdminsAndSuperAdmins checks that the org protects super administrators as Okta does. Lesser
// administrators may only suspend and activate them, and end their sessions.
func TestLesserAdminsAndSuperAdmins(t *testing.T) {
	t.Parallel()
	for _, byGroup := range []bool{false, true} {
		c, _ := start(t)
		super := c.org.AddUser(oktasim.NewUser{Login: "super@corp.example"})
		if byGroup {
			g := c.org.AddGroup(oktasim.NewGroup{Name: "Admins", Members: []string{super.ID}})
			c.org.AddRole(oktasim.NewRole{Group: g.ID, Type: "SUPER_ADMIN"})
		} else {
			c.org.AddRole(oktasim.NewRole{User: super.ID, Type: "SUPER_ADMIN"})
		}
		for _, kind := range []string{"ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "SUPER_ADMIN"} {
			u := c.org.AddUser(oktasim.NewUser{Login: strings.ToLower(kind) + "@corp.example"})
			c.org.AddRole(oktasim.NewRole{User: u.ID, Type: kind})
			c.org.AddAPIToken(oktasim.NewAPIToken{Token: kind, User: u.ID})
		}
		for _, step := range []struct {
			call string
			may  []string // permissions of lesser administrators
		}{
			{"GET ", []string{"ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN"}},
			{"POST /lifecycle/suspend", []string{"ORG_ADMIN", "USER_ADMIN"}},
			{"POST /lifecycle/unsuspend", []string{"ORG_ADMIN", "USER_ADMIN"}},
			{"POST /lifecycle/activate", []string{"ORG_ADMIN", "USER_ADMIN"}},
			{"DELETE /sessions", []string{"ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN"}},
			{"POST ", nil}, {"PUT ", nil}, {"POST /roles", nil}, {"PUT /risk", nil},
			{"POST /lifecycle/unlock", nil}, {"POST /lifecycle/reset_password?sendEmail=false", nil},
			{"POST /lifecycle/expire_password", nil}, {"POST /lifecycle/reset_factors", nil},
			{"DELETE /factors/opf1", nil}, {"DELETE /grants", nil}, {"DELETE /clients/0oa1/tokens", nil},
			{"DELETE ", nil}, {"POST /lifecycle/deactivate", nil},
		} {
			for _, kind := range []string{"ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "SUPER_ADMIN"} {
				if step.call == "DELETE " && kind == "SUPER_ADMIN" {
					continue // a deactivated user has no roles
				}
				method, path, _ := strings.Cut(step.call, " ")
				r := c.request(method, "/api/v1/users/super@corp.example"+path, "")
				r.Header.Set("Authorization", "SSWS "+kind)
				got, err := c.send(r)
				if err != nil {
					t.Fatal(err)
				}
				if may := kind == "SUPER_ADMIN" || slices.Contains(step.may, kind); may == (got.code() == "E0000006") {
					t.Errorf("by a group %t: %s: %s: got %d %s", byGroup, kind, step.call, got.status, got.code())
				}
			}
		}
	}
}

// TestServiceAppsAndSuperAdmins checks that a service app has the permissions of its roles.
func TestServiceAppsAndSuperAdmins(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	super := c.org.AddUser(oktasim.NewUser{Login: "super@corp.example"})
	c.org.AddRole(oktasim.NewRole{User: super.ID, Type: "SUPER_ADMIN"})
	for kind, want := range map[string]string{"ORG_ADMIN": "E0000006", "SUPER_ADMIN": ""} {
		app := k.app("okta.users.manage")
		app.Roles = []string{kind}
		auth := map[string]string{"Authorization": "Bearer " + c.fetchToken(k, c.org.AddServiceApp(app), "okta.users.manage", clock.Now()).Text}
		if got := c.with("POST", "/api/v1/users/"+super.ID+"/lifecycle/reset_factors", auth); got.code() != want {
			t.Errorf("%s: got %d %s", kind, got.status, got.code())
		}
	}
}
