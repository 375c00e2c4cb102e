package okta

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

type permissions struct {
	Account    string   `json:"account"`
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"`
	Scopes     []string `json:"scopes"`
	Notes      []string `json:"notes"`
	Actions    []struct {
		Action, Can, Why string
		Missing          []string
	} `json:"actions"`
}

func (p permissions) can(t *testing.T, action string) (can, why string, missing []string) {
	t.Helper()
	for _, a := range p.Actions {
		if a.Action == action {
			return a.Can, a.Why, a.Missing
		}
	}
	t.Errorf("%s is not in the answer", action)
	return "", "", nil
}

// checked runs check_permissions, and checks that the action sends only a few reads.
func checked(t *testing.T, session sdk.Session, s *oktasim.Server) permissions {
	t.Helper()
	s.ForgetRequests()
	result, err := session.Run(t.Context(), "check_permissions", json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, r := range s.Requests() {
		if r.Path == "/oauth2/v1/token" {
			continue
		}
		if asked++; r.Method != "GET" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
	if asked > 13 {
		t.Errorf("sent %d requests", asked)
	}
	var p permissions
	if err := json.Unmarshal(result.Output, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// loginWith opens a session with the API token of a user with these roles.
func loginWith(t *testing.T, s *oktasim.Server, more map[string]any, roles ...oktasim.NewRole) sdk.Session {
	t.Helper()
	u := s.AddUser(oktasim.NewUser{Login: "soar@corp.example"})
	for _, r := range roles {
		r.User = u.ID
		s.AddRole(r)
	}
	s.AddAPIToken(oktasim.NewAPIToken{Token: "00soar", User: u.ID})
	settings := map[string]any{"token": "00soar"}
	for name, value := range more {
		settings[name] = value
	}
	return opened(t, s, settings)
}

// seesRoles is a custom role that may only read the role assignments.
var seesRoles = oktasim.NewRole{Type: "CUSTOM", Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read"}}

// TestPermissionsOfRoles compares the reported permissions with the org: for yes the org
// accepts the action, for no the org rejects it.
func TestPermissionsOfRoles(t *testing.T) {
	role := func(kind string) oktasim.NewRole { return oktasim.NewRole{Type: kind} }
	for name, c := range map[string]struct {
		roles []oktasim.NewRole
		known bool
		want  map[string]string
	}{
		"super administrator": {[]oktasim.NewRole{role("SUPER_ADMIN")}, true, map[string]string{
			"get_user": "yes", "suspend_user": "yes", "assign_role": "yes", "block_ip": "yes", "contain_user": "yes", "get_user_risk": "yes",
			"end_current_user_sessions": "yes", "custom_request": "unknown",
		}},
		"read-only administrator": {[]oktasim.NewRole{role("READ_ONLY_ADMIN")}, false, map[string]string{
			"get_user": "yes", "list_network_zones": "yes", "get_logs": "yes", "list_policies": "yes",
			"suspend_user": "no", "contain_user": "no", "list_user_roles": "no", "assign_role": "no", "get_user_blast_radius": "partly",
		}},
		"help desk": {[]oktasim.NewRole{role("HELP_DESK_ADMIN")}, false, map[string]string{
			"get_user": "yes", "list_network_zones": "no", "block_ip": "no", "reset_password": "no", "suspend_device": "no",
		}},
		"nobody": {nil, false, map[string]string{"get_user": "no", "suspend_user": "no", "get_logs": "no", "contain_user": "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := checked(t, loginWith(t, s.Server, nil, c.roles...), s.Server)
			if p.Account != "soar@corp.example" || p.RolesKnown != c.known {
				t.Errorf("got %+v", p)
			}
			for action, want := range c.want {
				can, why, missing := p.can(t, action)
				if can != want {
					t.Errorf("%s: %s because %q, want %s", action, can, why, want)
				}
				if can == "no" && len(missing) == 0 && why == "" {
					t.Errorf("%s: no, and not why", action)
				}
			}
		})
	}
}

// TestPermissionsOfReadableRoles checks the permissions of a principal that may read its
// own roles.
func TestPermissionsOfReadableRoles(t *testing.T) {
	for kind, want := range map[string]map[string]string{
		"READ_ONLY_ADMIN": {"get_user": "yes", "suspend_user": "no", "reset_password": "no", "add_user_to_group": "no"},
		"HELP_DESK_ADMIN": {
			"suspend_user": "no", "create_group": "no", "reset_password": "unknown",
			"revoke_all_user_sessions": "unknown", "assign_role": "no",
		},
		"ORG_ADMIN":              {"suspend_user": "yes", "reset_password": "yes", "block_ip": "yes", "create_group": "yes", "assign_role": "no"},
		"GROUP_MEMBERSHIP_ADMIN": {"add_user_to_group": "unknown", "suspend_user": "no"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			session := loginWith(t, s.Server, nil, oktasim.NewRole{Type: kind}, seesRoles)
			p := checked(t, session, s.Server)
			if !p.RolesKnown || !slices.Equal(p.Roles, []string{"CUSTOM", kind}) {
				t.Errorf("roles %q", p.Roles)
			}
			for action, can := range want {
				if got, why, missing := p.can(t, action); got != can {
					t.Errorf("%s: %s because %q, missing %q, want %s", action, got, why, missing, can)
				}
			}
		})
	}
}

// TestPermissionsOfCustomRole checks the permissions of a custom role, which is limited to
// some resources. A permitted action is unknown, and any other action is no.
func TestPermissionsOfCustomRole(t *testing.T) {
	s := newService(t)
	custom := seesRoles
	custom.Permissions = []string{"okta.iam.read", "okta.users.read", "okta.users.lifecycle.suspend", "okta.groups.read", "okta.apps.read"}
	session := loginWith(t, s.Server, nil, custom)
	p := checked(t, session, s.Server)
	for action, want := range map[string]string{
		"get_user": "yes", "list_user_roles": "yes", "suspend_user": "unknown", "add_user_to_group": "no", "deactivate_application": "no",
		"assign_role": "no", "block_ip": "no",
	} {
		if can, why, _ := p.can(t, action); can != want {
			t.Errorf("%s: %s because %q, want %s", action, can, why, want)
		}
	}
	s.Fault(oktasim.Fault{Path: "/api/v1/iam/roles/**", Status: 500, ErrorCode: "E0000009"})
	if can, why, _ := checked(t, session, s.Server).can(t, "deactivate_application"); can != "unknown" {
		t.Errorf("deactivate_application: %s because %q, though the role could not be read", can, why)
	}
}

func TestPermissionsUnderSettings(t *testing.T) {
	s := newService(t)
	p := checked(t, opened(t, s.Server, map[string]any{"read_only": true}), s.Server)
	for action, want := range map[string]string{"get_user": "yes", "suspend_user": "no", "custom_request": "unknown"} {
		if can, why, _ := p.can(t, action); can != want || can == "no" && !strings.Contains(why, "rule read_only") {
			t.Errorf("%s: %s because %q", action, can, why)
		}
	}
	p = checked(t, opened(t, s.Server, map[string]any{"allowed_actions": []string{"get_user"}}), s.Server)
	for _, a := range p.Actions {
		allowed := a.Action == "get_user" || a.Action == "check_permissions"
		if (a.Can == "yes") != allowed || !allowed && !strings.Contains(a.Why, "rule allowed_actions") {
			t.Errorf("%s: %s because %q", a.Action, a.Can, a.Why)
		}
	}
	if n := s.Requests(); n > 3 {
		t.Errorf("asked %d times about two actions", n)
	}
}

// TestPermissionsOfServiceApp checks that a service app needs the scope and the role.
func TestPermissionsOfServiceApp(t *testing.T) {
	session, s := appSession(t, true, nil)
	p := checked(t, session, s.Server)
	if can, why, _ := p.can(t, "suspend_user"); can != "yes" || !p.RolesKnown || len(p.Scopes) == 0 {
		t.Errorf("suspend_user: %s because %q, %+v", can, why, p.Roles)
	}
	session, s = appSession(t, false, map[string]any{"scopes": []string{"okta.users.read", "okta.groups.manage"}})
	p = checked(t, session, s.Server)
	if p.RolesKnown {
		t.Errorf("roles %q, without the scope to read them", p.Roles)
	}
	for action, want := range map[string]string{"get_user": "yes", "list_groups": "yes", "add_user_to_group": "no", "suspend_user": "no", "get_logs": "no"} {
		can, why, missing := p.can(t, action)
		if can != want || action == "get_logs" && !slices.Equal(missing, []string{"okta.logs.read"}) {
			t.Errorf("%s: %s because %q, missing %q", action, can, why, missing)
		}
	}
}

// TestPermissionsWhenOktaFails checks that a failed read gives unknown, and that a missing
// feature of the org gives no.
func TestPermissionsWhenOktaFails(t *testing.T) {
	s := newService(t)
	session := opened(t, s.Server, nil)
	s.Fault(oktasim.Fault{Path: "/api/v1/logs", ErrorCode: "E0000009", Status: 500})
	s.Fault(oktasim.Fault{Path: "/api/v1/devices", ErrorCode: "E0000015", Status: 401})
	s.Fault(oktasim.Fault{Path: "/api/v1/apps", ErrorCode: "E0000008", Status: 404})
	s.Fault(oktasim.Fault{Path: "/api/v1/zones", ErrorCode: "E0000007", Status: 404})
	s.Fault(oktasim.Fault{Path: "/api/v1/policies", Kind: oktasim.KindHTML, Status: 404})
	s.Fault(oktasim.Fault{Path: "/api/v1/groups", Kind: oktasim.KindEmpty, Status: 403})
	p := checked(t, session, s.Server)
	for action, want := range map[string]string{
		"get_logs": "unknown", "list_devices": "no", "suspend_device": "no", "get_user": "yes",
		"list_applications": "no", "list_network_zones": "no", "list_policies": "unknown", "list_groups": "unknown",
	} {
		if can, why, _ := p.can(t, action); can != want {
			t.Errorf("%s: %s because %q, want %s", action, can, why, want)
		}
	}
}
