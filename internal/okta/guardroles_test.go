package okta

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// rolesApp is a service app with all permissions in an org with two super administrators.
func rolesApp(t *testing.T) (a *appOrg, o adminsOrg, second string) {
	scopes := []string{"okta.users.manage", "okta.groups.manage", "okta.roles.manage"}
	a = asApp{app: oktasim.NewServiceApp{Scopes: scopes}, change: func(s *Settings) { s.Scopes = scopes }}.open(t)
	o = adminsOrg{a.org, a.org.State().Users[0].ID}
	return a, o, o.admin("b@corp.example", guard.SuperAdmin).ID
}

// TestTwoSuperAdministratorsAtOnce checks that one of two concurrent suspensions of the only super administrators is
// rejected.
func TestTwoSuperAdministratorsAtOnce(t *testing.T) {
	a, o, second := rolesApp(t)
	o.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Kind: oktasim.KindSlow, Delay: "100ms"})
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = a.SuspendUser(t.Context(), []string{o.owner, second}[i%2]) })
	}
	wg.Wait()
	active := 0
	for _, id := range []string{o.owner, second} {
		if u, _ := o.State().User(id); u.Status == oktasim.StatusActive {
			active++
		}
	}
	if active != 1 {
		t.Errorf("%d super administrators are left active, want one: %v", active, errs)
	}
}

// TestWriteToAllSuperAdministrators checks that a write to all super administrators at once is rejected.
func TestWriteToAllSuperAdministrators(t *testing.T) {
	a, o, second := rolesApp(t)
	a.Guard.AllowCustomWrites, a.Guard.MaxUsersPerCall = true, 2
	_, err := a.Custom(t.Context(), CustomCall{Method: "PUT", Path: "/api/v1/policies/p", Body: []byte(`{"include":["` + o.owner + `","` + second + `"]}`)})
	wantRejected(t, map[string]error{"both": err}, "last super administrator")
}

// TestRolesChangedByThisConnection checks that a change of roles by this connection invalidates the cached
// roles.
func TestRolesChangedByThisConnection(t *testing.T) {
	for name, change := range map[string]func(a *appOrg, o adminsOrg, second, plain string) (target string, err error){
		"the other lost the role": func(a *appOrg, o adminsOrg, second, _ string) (string, error) {
			roles, err := a.RolesOf(t.Context(), second)
			if err != nil {
				return "", err
			}
			return o.owner, a.UnassignRole(t.Context(), second, roles[0].ID)
		},
		"the other was suspended by another client": func(a *appOrg, o adminsOrg, second, _ string) (string, error) {
			return o.owner, o.as(t, o.owner, guard.Rules{}).SuspendUser(t.Context(), second)
		},
		"the other lost the role by another client": func(a *appOrg, o adminsOrg, second, _ string) (string, error) {
			roles, err := a.RolesOf(t.Context(), second)
			if err != nil {
				return "", err
			}
			return o.owner, o.as(t, o.owner, guard.Rules{}).UnassignRole(t.Context(), second, roles[0].ID)
		},
		"the user got the role": func(a *appOrg, o adminsOrg, second, plain string) (string, error) {
			if err := a.AssignRole(t.Context(), plain, guard.SuperAdmin, ""); err != nil {
				return "", err
			}
			return plain, o.leaveOnly(t, plain, second, o.owner)
		},
		"the user got the role by a group": func(a *appOrg, o adminsOrg, second, plain string) (string, error) {
			g := o.AddGroup(oktasim.NewGroup{Name: "Admins"})
			o.AddRole(oktasim.NewRole{Group: g.ID, Type: guard.SuperAdmin})
			if err := a.AddMember(t.Context(), g.ID, plain); err != nil {
				return "", err
			}
			return plain, o.leaveOnly(t, plain, second, o.owner)
		},
		"the user's group got the role": func(a *appOrg, o adminsOrg, second, plain string) (string, error) {
			g := o.AddGroup(oktasim.NewGroup{Name: "Admins", Members: []string{plain}})
			a.Guard.AllowCustomWrites = true
			if _, err := a.Custom(t.Context(), CustomCall{Method: "POST",
				Path: "/api/v1/groups/" + g.ID + "/roles", Body: []byte(`{"type":"SUPER_ADMIN"}`)}); err != nil {
				return "", err
			}
			return plain, o.leaveOnly(t, plain, second, o.owner)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, o, second := rolesApp(t)
			plain := o.AddUser(oktasim.NewUser{Login: "plain@corp.example"}).ID
			for _, id := range []string{o.owner, second, plain} { // the guard caches the roles
				if err := a.RevokeSessions(t.Context(), id, false, false); err != nil {
					t.Fatal(err)
				}
			}
			target, err := change(a, o, second, plain)
			if err != nil {
				t.Fatal(err)
			}
			wantRejected(t, map[string]error{name: a.SuspendUser(t.Context(), target)}, "last super administrator")
			if u, _ := o.State().User(target); u.Status != oktasim.StatusActive {
				t.Errorf("the last super administrator is %s", u.Status)
			}
		})
	}
}

// TestAddedSuperAdministratorCounts checks that a new super administrator counts immediately if this connection
// assigned the role.
func TestAddedSuperAdministratorCounts(t *testing.T) {
	a, o, second := rolesApp(t)
	third := o.AddUser(oktasim.NewUser{Login: "c@corp.example"}).ID
	if err := a.SuspendUser(t.Context(), second); err != nil { // the guard reads the list of administrators
		t.Fatal(err)
	}
	wantRejected(t, map[string]error{"alone": a.SuspendUser(t.Context(), o.owner)}, "last super administrator")
	if err := a.AssignRole(t.Context(), third, guard.SuperAdmin, ""); err != nil {
		t.Fatal(err)
	}
	if err := a.SuspendUser(t.Context(), o.owner); err != nil {
		t.Error(err)
	}
}

// leaveOnly uses another client to suspend every super administrator except one.
func (o adminsOrg) leaveOnly(t *testing.T, left string, others ...string) error {
	c := o.as(t, left, guard.Rules{})
	for _, id := range others {
		if err := c.SuspendUser(t.Context(), id); err != nil {
			return err
		}
	}
	return nil
}

// TestRolesWithoutType checks that malformed responses about roles reject the write.
func TestRolesWithoutType(t *testing.T) {
	roles := "/api/v1/users/*/roles"
	for name, test := range map[string]struct {
		fault oktasim.Fault
		code  sdk.Code
	}{
		"not allowed":          {oktasim.Fault{Status: 403, ErrorCode: "E0000006"}, sdk.Forbidden},
		"a proxy's":            {oktasim.Fault{Kind: oktasim.KindHTML, Status: 403}, sdk.Unavailable},
		"a proxy's 404":        {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"a gateway's 404":      {oktasim.Fault{Status: 404, Body: `{"message":"not found"}`}, sdk.Unavailable},
		"not found":            {oktasim.Fault{Status: 404, ErrorCode: "E0000007"}, sdk.Forbidden},
		"no endpoint":          {oktasim.Fault{Status: 404, ErrorCode: "E0000008"}, sdk.Forbidden},
		"rejected credentials": {oktasim.Fault{Status: 401, ErrorCode: "E0000011"}, sdk.Unauthenticated},
		"too many":             {oktasim.Fault{Status: 429, ErrorCode: "E0000047"}, sdk.RateLimited},
		"failure":              {oktasim.Fault{Status: 500, ErrorCode: "E0000009"}, sdk.Unavailable},
		"hang-up":              {oktasim.Fault{Kind: oktasim.KindHangup}, sdk.Unavailable},
		"cut off":              {oktasim.Fault{Kind: oktasim.KindTruncate}, sdk.Unavailable},
		"page":                 {oktasim.Fault{Kind: oktasim.KindHTML, Status: 200}, sdk.Unavailable},
		"nothing":              {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 200}, sdk.Unavailable},
		"no list":              {oktasim.Fault{Status: 200, Body: `{}`}, sdk.Unavailable},
		"null":                 {oktasim.Fault{Status: 200, Body: `null`}, sdk.Unavailable},
		"without a type":       {oktasim.Fault{Status: 200, Body: `[{"id":"ra1"}]`}, sdk.Unavailable},
		"type of another":      {oktasim.Fault{Status: 200, Body: `[{"id":"ra1","type":7}]`}, sdk.Unavailable},
		"without an end":       {oktasim.Fault{Status: 200, Body: `[]`, Headers: map[string]string{"Link": `<>; rel="next"`}}, sdk.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			a := asApp{}.open(t)
			o := adminsOrg{a.org, a.org.State().Users[0].ID}
			test.fault.Method, test.fault.Path = "GET", roles
			o.Fault(test.fault)
			err := a.SuspendUser(t.Context(), o.owner)
			wantCode(t, err, test.code)
			if guard.Rejected(err) != (test.code == sdk.Forbidden) || writes(o.Server) > a.tokenRequests() {
				t.Errorf("got %v, %d writes", err, writes(o.Server))
			}
			// The failure is not cached for long, and not for other users.
			o.ClearFaults()
			forgetWindows(a.Client)
			now := time.Now().Add(time.Minute)
			a.Guard.Now = func() time.Time { return now }
			if err := a.SuspendUser(t.Context(), a.user.ID); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			wantRejected(t, map[string]error{"afterwards": a.SuspendUser(t.Context(), o.owner)}, "last super administrator")
		})
	}
}

// TestUserWithUnreadableRoles checks that unreadable roles of one user do not prevent writes to others.
func TestUserWithUnreadableRoles(t *testing.T) {
	a := asApp{}.open(t)
	if err := a.RevokeSessions(t.Context(), a.user.ID, false, false); err != nil {
		t.Fatal(err)
	}
	hidden := a.org.AddUser(oktasim.NewUser{Login: "hidden@corp.example"})
	other := a.org.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	a.org.Fault(oktasim.Fault{Path: "/api/v1/users/" + hidden.ID + "/roles", Status: 403, ErrorCode: "E0000006"})
	wantRejected(t, map[string]error{"hidden": a.SuspendUser(t.Context(), hidden.ID)}, "last super administrator")
	for _, id := range []string{a.user.ID, other.ID} {
		if err := a.SuspendUser(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

// TestDeletedAdministrator checks that a recently deleted administrator is not an error.
func TestDeletedAdministrator(t *testing.T) {
	a, o, second := rolesApp(t)
	third := o.admin("c@corp.example", guard.SuperAdmin).ID
	if err := a.RevokeSessions(t.Context(), o.owner, false, false); err != nil { // the guard reads the list of administrators
		t.Fatal(err)
	}
	owner := o.as(t, o.owner, guard.Rules{})
	for range 2 {
		if err := owner.DeleteUser(t.Context(), second); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.RevokeSessions(t.Context(), o.owner, false, false); err != nil {
		t.Error(err)
	}
	if err := a.SuspendUser(t.Context(), third); err != nil {
		t.Error(err)
	}
	wantRejected(t, map[string]error{"the last": a.RevokeSessions(t.Context(), o.owner, false, false)}, "last super administrator")
}

// TestUnknownPrincipal checks that the guard retries if Okta did not return the principal.
func TestUnknownPrincipal(t *testing.T) {
	for name, fault := range map[string]oktasim.Fault{
		"not allowed": {Status: 403, ErrorCode: "E0000006"}, "not found": {Status: 404, ErrorCode: "E0000007"},
		"failure": {Status: 500, ErrorCode: "E0000009"}, "hang-up": {Kind: oktasim.KindHangup},
		"empty user": {Status: 200, Body: `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			o := newAdminsOrg(t)
			soar := o.admin("soar@corp.example", "ORG_ADMIN")
			o.AddRole(oktasim.NewRole{User: soar.ID, Type: "CUSTOM", Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read"}})
			u, lesser := o.AddUser(oktasim.NewUser{Login: "a@corp.example"}), o.admin("help@corp.example", "HELP_DESK_ADMIN")
			fault.Method, fault.Path = "GET", "/api/v1/users/me"
			o.Fault(fault)
			c := o.as(t, soar.ID, guard.Rules{})
			now := time.Now()
			c.Guard.Now = func() time.Time { return now }
			err := c.SuspendUser(t.Context(), soar.ID)
			if known := fault.Status == 403 || fault.Status == 404; err == nil || guard.Rejected(err) != known {
				t.Errorf("the own user: got %v", err)
			}
			if err := c.SuspendUser(t.Context(), u.ID); err != nil {
				t.Errorf("a user without any admin role: %v", err)
			}
			o.ClearFaults()
			now = now.Add(time.Minute)
			wantRejected(t, map[string]error{"own": c.SuspendUser(t.Context(), soar.ID)}, "own user")
			if err := c.SuspendUser(t.Context(), lesser.ID); err != nil {
				t.Errorf("another administrator: %v", err)
			}
			if n := writes(o.Server); n != 2 {
				t.Errorf("%d writes were sent, want two", n)
			}
		})
	}
}

// TestCancelledWaitForConcurrentRead checks that a caller waits for a concurrent read only as long as its own context
// allows.
func TestCancelledWaitForConcurrentRead(t *testing.T) {
	o := newAdminsOrg(t)
	u := o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c := o.as(t, o.owner, guard.Rules{})
	o.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*/roles", Kind: oktasim.KindSlow, Delay: "1h"})
	slow, giveUp := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var asked atomic.Bool
	wg.Go(func() { _ = c.SuspendUser(slow, u.ID); asked.Store(true) })
	for len(o.reads()) == 0 {
		time.Sleep(time.Millisecond)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	wantCode(t, c.SuspendUser(short, u.ID), sdk.Timeout)
	if asked.Load() {
		t.Error("waited until the other read ended")
	}
	// The reading caller is canceled. The others are not affected.
	o.ClearFaults()
	var err error
	wg.Go(func() { err = c.SuspendUser(t.Context(), u.ID) })
	giveUp()
	wg.Wait()
	if err != nil {
		t.Error(err)
	}
}
