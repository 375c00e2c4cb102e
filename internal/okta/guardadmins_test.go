package okta

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// An adminsOrg is an embedded org. Its owner is the only super administrator.
type adminsOrg struct {
	*oktasim.Server
	owner string
}

func newAdminsOrg(t *testing.T) adminsOrg {
	s := oktasim.Start(t, oktasim.Options{})
	for _, u := range s.State().Users {
		return adminsOrg{s, u.ID}
	}
	t.Fatal("the org has no owner")
	return adminsOrg{}
}

// admin adds an active user with a directly assigned admin role.
func (o adminsOrg) admin(login, role string) oktasim.User {
	u := o.AddUser(oktasim.NewUser{Login: login})
	o.AddRole(oktasim.NewRole{User: u.ID, Type: role})
	return u
}

// as opens a client with an API token of the user.
func (o adminsOrg) as(t *testing.T, user string, g guard.Rules) *Client {
	t.Helper()
	token := "00" + rand.Text()
	o.AddAPIToken(oktasim.NewAPIToken{Token: token, User: user})
	c, err := Open(t.Context(), Settings{OrgURL: o.URL, Token: sdk.NewSecret(token), Rules: g})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	o.ForgetRequests()
	return c
}

func (o adminsOrg) reads() (paths []string) {
	for _, r := range o.Requests() {
		if r.Method == http.MethodGet {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// TestLastSuperAdministrator checks that the last super administrator is protected from a principal that may read
// admin roles and is not a super administrator, such as a service app. A super administrator by group is protected,
// but does not count as another one.
func TestLastSuperAdministrator(t *testing.T) {
	for name, test := range map[string]struct {
		second   func(adminsOrg) string // a second super administrator, "" for none
		target   string                 // "owner" or "second"
		rejected bool
	}{
		"alone":                         {func(adminsOrg) string { return "" }, "owner", true},
		"with another":                  {func(o adminsOrg) string { return o.admin("b@corp.example", guard.SuperAdmin).ID }, "owner", false},
		"the other of two":              {func(o adminsOrg) string { return o.admin("b@corp.example", guard.SuperAdmin).ID }, "second", false},
		"with a lesser administrator":   {func(o adminsOrg) string { return o.admin("b@corp.example", "ORG_ADMIN").ID }, "owner", true},
		"the lesser one":                {func(o adminsOrg) string { return o.admin("b@corp.example", "ORG_ADMIN").ID }, "second", false},
		"with another by a group":       {byGroup, "owner", true},
		"by a group, with another":      {byGroup, "second", false},
		"with a suspended one":          {suspendedSuper, "owner", true},
		"a suspended one, with another": {suspendedSuper, "second", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := asApp{app: oktasim.NewServiceApp{}}.open(t)
			o := adminsOrg{a.org, a.org.State().Users[0].ID}
			target := test.second(o)
			if test.target == "owner" {
				target = o.owner
			}
			err := a.RevokeSessions(t.Context(), target, true, true)
			if test.rejected {
				wantRejected(t, map[string]error{name: err}, "last super administrator")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func byGroup(o adminsOrg) string {
	g := o.AddGroup(oktasim.NewGroup{Name: "Admins"})
	u := o.AddUser(oktasim.NewUser{Login: "b@corp.example", Groups: []string{g.ID}})
	o.AddRole(oktasim.NewRole{Group: g.ID, Type: guard.SuperAdmin})
	return u.ID
}

func suspendedSuper(o adminsOrg) string {
	u := o.AddUser(oktasim.NewUser{Login: "b@corp.example", Status: oktasim.StatusSuspended})
	o.AddRole(oktasim.NewRole{User: u.ID, Type: guard.SuperAdmin})
	return u.ID
}

// TestLastSuperAdministratorByGroup checks that the last active super administrator is also protected if the role
// comes from a group. Okta's list of administrators does not contain such users.
func TestLastSuperAdministratorByGroup(t *testing.T) {
	a := asApp{}.open(t)
	o := adminsOrg{a.org, a.org.State().Users[0].ID}
	last := byGroup(o)
	super := o.as(t, last, guard.Rules{})
	if err := super.SuspendUser(t.Context(), o.owner); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, map[string]error{"by group": a.SuspendUser(t.Context(), last)}, "last super administrator")
}

// TestUnreadableAdminRoles checks an org admin, who may suspend super administrators, but may not read the list of
// them. All writes to users are then rejected, unless the settings allow them.
func TestUnreadableAdminRoles(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.admin("soar@corp.example", "ORG_ADMIN")
	u := o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c := o.as(t, soar.ID, guard.Rules{})
	errs := map[string]error{"anybody": c.SuspendUser(t.Context(), u.ID), "the last": c.SuspendUser(t.Context(), o.owner)}
	wantRejected(t, errs, "last super administrator")
	for name, err := range errs {
		if !strings.Contains(err.Error(), "allow_unknown_admins") {
			t.Errorf("%s: %v does not name the remedy", name, err)
		}
	}
	if got := strings.Join(o.reads(), " "); got != "/api/v1/users/"+u.ID+"/roles /api/v1/users/me" && got != "/api/v1/users/"+o.owner+"/roles /api/v1/users/me" {
		t.Errorf("sent %s, want one read of the roles", got)
	}
	health, err := Check(t.Context(), c)
	if err != nil || !strings.Contains(strings.Join(health.Notes, "\n"), "allow_unknown_admins") {
		t.Errorf("the check says %q, %v", health.Notes, err)
	}
	// A connection that writes without admin roles, or that never writes, gets no such note.
	for _, rules := range []guard.Rules{{ReadOnly: true}, {AllowUnknownAdmins: true}} {
		health, err := Check(t.Context(), o.as(t, soar.ID, rules))
		if err != nil || strings.Contains(strings.Join(health.Notes, "\n"), "allow_unknown_admins") {
			t.Errorf("%+v: the check says %q, %v", rules, health.Notes, err)
		}
	}

	o = newAdminsOrg(t)
	soar = o.admin("soar@corp.example", "ORG_ADMIN")
	u = o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c = o.as(t, soar.ID, guard.Rules{AllowUnknownAdmins: true})
	if err := c.SuspendUser(t.Context(), u.ID); err != nil {
		t.Error(err)
	}
	wantRejected(t, map[string]error{"own": c.SuspendUser(t.Context(), soar.ID)}, "own user")
	if writes(o.Server) != 1 {
		t.Errorf("%d writes were sent, want one", writes(o.Server))
	}
}

// TestRequestsOfTheAdminRules checks that the two rules need one read for a user without an admin role, and none if
// the principal is known to be a super administrator.
func TestRequestsOfTheAdminRules(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.admin("soar@corp.example", guard.SuperAdmin)
	lesser := o.admin("help@corp.example", "HELP_DESK_ADMIN")
	var users []string
	for _, login := range []string{"a@corp.example", "b@corp.example"} {
		users = append(users, o.AddUser(oktasim.NewUser{Login: login}).ID)
	}
	c := o.as(t, soar.ID, guard.Rules{})
	now := time.Now()
	c.Guard.Now = func() time.Time { return now }
	revoke := func(id string, want ...string) {
		t.Helper()
		o.ForgetRequests()
		if err := c.RevokeSessions(t.Context(), id, true, true); err != nil {
			t.Fatal(err)
		}
		if got := o.reads(); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("read %q, want %q", got, want)
		}
	}
	rolesOf := func(id string) string { return "/api/v1/users/" + id + "/roles" }
	revoke(users[0], rolesOf(users[0]))
	revoke(users[0])
	revoke(users[1], rolesOf(users[1]))
	revoke(lesser.ID, rolesOf(lesser.ID), "/api/v1/users/me", rolesOf(soar.ID))
	revoke(o.owner)
	now = now.Add(5 * time.Minute)
	revoke(users[0], rolesOf(soar.ID))

	// For more than two users of a device, the guard reads only the roles of the principal.
	users = append(users, lesser.ID)
	for most, want := range map[int][]string{2: {rolesOf(users[0]), rolesOf(users[1])}, 3: {"/api/v1/users/me", rolesOf(soar.ID)}} {
		device := o.AddDevice(oktasim.NewDevice{Name: "laptop", Users: users[:most]}).ID
		c = o.as(t, soar.ID, guard.Rules{})
		if err := c.SuspendDevice(t.Context(), device); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(o.reads(), " "); got != "/api/v1/devices/"+device+"/users "+strings.Join(want, " ") {
			t.Errorf("%d users: read %s", most, got)
		}
	}

	c = o.as(t, users[1], guard.Rules{}) // Okta itself rejects a principal without permissions
	if err := c.RevokeSessions(t.Context(), users[0], true, true); err == nil || writes(o.Server) != 0 {
		t.Errorf("got %v", err)
	}
}
