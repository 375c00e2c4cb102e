package actions_test

import (
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

type roles struct {
	Outcome       sdk.Outcome
	Reason        string
	Admin         bool
	Roles         []struct{ Type, Through, Group string }
	Before, After struct{ Assigned bool }
}

func TestRoles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	g := b.AddGroup(oktasim.NewGroup{Name: "Help Desk", Members: []string{target}})
	b.AddRole(oktasim.NewRole{Group: "Help Desk", Type: "HELP_DESK_ADMIN"})
	if got := do[roles](b, "list_user_roles", `{"user":%q}`, target); !got.Admin || len(got.Roles) != 1 || got.Roles[0].Through != "group" ||
		got.Roles[0].Group != g.ID {
		t.Errorf("got %+v", got)
	}
	const custom = `"role":"cr0Yq6IJxGIr0ouum0g3","resource_set":"iamoJDFKaJxGIr0oamd9"`
	for _, test := range []struct {
		action, options string
		want            sdk.Outcome
		assigned        bool
	}{
		// A role of the group neither replaces nor hides the direct role.
		{"assign_role", `"role":"HELP_DESK_ADMIN"`, sdk.Changed, true},
		{"assign_role", `"role":"HELP_DESK_ADMIN"`, sdk.Unchanged, true},
		{"revoke_role", `"role":"HELP_DESK_ADMIN"`, sdk.NotApplicable, true},
		{"revoke_role", `"role":"HELP_DESK_ADMIN"`, sdk.NotApplicable, true},
		{"revoke_role", `"role":"APP_ADMIN"`, sdk.Unchanged, false},
		{"assign_role", custom, sdk.Changed, true},
		{"assign_role", custom, sdk.Unchanged, true},
		{"revoke_role", `"role":"cr0Yq6IJxGIr0ouum0g3","resource_set":"iamOther"`, sdk.Unchanged, false},
		{"revoke_role", `"role":"cr0Yq6IJxGIr0ouum0g3"`, sdk.Changed, false},
	} {
		got := do[roles](b, test.action, `{"user":%q,%s}`, target, test.options)
		if got.Outcome != test.want || got.After.Assigned != test.assigned || (got.Reason != "") != (test.want == sdk.NotApplicable) {
			t.Errorf("%s %s: got %+v", test.action, test.options, got)
		}
		if test.want == sdk.NotApplicable && !strings.Contains(got.Reason, g.ID) {
			t.Errorf("the reason does not name the group: %s", got.Reason)
		}
	}
	for _, bad := range []string{`"role":"KING"`, `"role":"cr0Yq6IJxGIr0ouum0g3"`, `"role":"APP_ADMIN","resource_set":"iam1"`} {
		_, err := try[roles](b, "assign_role", `{"user":%q,%s}`, target, bad)
		b.wantCode(err, sdk.InvalidInput)
	}
}

// TestLastSuperAdministratorKeepsTheRole checks the error if Okta rejects the revocation.
func TestLastSuperAdministratorKeepsTheRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	b.AddRole(oktasim.NewRole{User: target, Type: "SUPER_ADMIN"})
	b.Fault(oktasim.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", ErrorCode: "E0000006", Status: 403})
	_, err := try[roles](b, "revoke_role", `{"user":%q,"role":"SUPER_ADMIN"}`, target)
	b.wantCode(err, sdk.Forbidden)
}

// TestListedRolesCanBeAssigned checks that assign_role accepts the roles of list_roles.
func TestListedRolesCanBeAssigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	b.AddRole(oktasim.NewRole{User: target, Type: "CUSTOM", Role: "cr0Yq6IJxGIr0ouum0g3", ResourceSet: "iamoJDFKaJxGIr0oamd9", Label: "Incident Responder"})
	listed := do[struct {
		Count int
		Roles []struct {
			Name, Label string
			Custom      bool
		}
	}](b, "list_roles", `{}`)
	if last := listed.Roles[len(listed.Roles)-1]; listed.Count != len(listed.Roles) || !last.Custom || last.Label != "Incident Responder" {
		t.Errorf("got %+v", listed)
	}
	for _, r := range listed.Roles {
		set := ""
		if r.Custom {
			set = `,"resource_set":"iamoJDFKaJxGIr0oamd9"`
		}
		if got := do[roles](b, "assign_role", `{"user":%q,"role":%q,"dry_run":true`+set+`}`, target, r.Name); got.Outcome != sdk.Planned &&
			got.Outcome != sdk.Unchanged {
			t.Errorf("%s: %+v", r.Name, got)
		}
	}
}
