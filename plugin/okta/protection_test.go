package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// nobodys lists the writes that have no existing user as their target.
var nobodys = []string{"create_group", "create_user", "block_ip", "unblock_ip", "deactivate_application"}

// TestProtectedUsersRejectAllWrites checks that each write to a protected user is rejected,
// in a call and in a dry run. The error names the rule, and nothing is sent.
func TestProtectedUsersRejectAllWrites(t *testing.T) {
	_, m := compiled(t)
	cases := allCases()
	for _, info := range m.Actions {
		if info.Effect == sdk.Reads || cases[info.Name].Input == nil || slices.Contains(nobodys, info.Name) {
			continue
		}
		for _, rule := range []string{"protected_users", "protected_groups"} {
			t.Run(info.Name+" "+rule, func(t *testing.T) {
				t.Parallel()
				ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
				s := newService(t)
				input := cases[info.Name].Input(s)
				protected := []string{"Everyone"}
				if rule == "protected_users" {
					protected = nil
					for _, u := range s.State().Users {
						protected = append(protected, u.Login)
					}
				}
				session := opened(t, s.Server, map[string]any{rule: protected, "allow_custom_writes": true})
				// All users are protected, including the connection's own user.
				wantRefused(ctx, t, session, s, info.Name, input, "rule "+rule, "rule own user")
			})
		}
	}
}

// TestLastSuperAdministratorRejectsAllWrites checks the same for the last super
// administrator. All users have the role by a group, and the only user with a direct role
// is suspended.
func TestLastSuperAdministratorRejectsAllWrites(t *testing.T) {
	_, m := compiled(t)
	cases := allCases()
	inputs := map[string]func(service) json.RawMessage{
		"contain_user": func(s service) json.RawMessage {
			s.AddDevice(oktasim.NewDevice{Name: "laptop", Users: []string{victim}})
			return json.RawMessage(`{"users":["` + victim + `"],"suspend_devices":true,"revoke_roles":true,"reset_factors":true,"quarantine":"Quarantine"}`)
		},
	}
	for _, info := range m.Actions {
		if info.Effect == sdk.Reads || cases[info.Name].Input == nil || slices.Contains(nobodys, info.Name) {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			session, s := appSession(t, false, map[string]any{"allow_custom_writes": true})
			var input json.RawMessage
			if own := inputs[info.Name]; own != nil {
				input = own(s)
			} else {
				input = cases[info.Name].Input(s)
			}
			s.AddRole(oktasim.NewRole{Group: "Everyone", Type: "SUPER_ADMIN"})
			suspendOwner(t, s)
			wantRefused(ctx, t, session, s, info.Name, input, "rule last super administrator")
		})
	}
}

// TestReadOnlyRejectsAllWrites checks that a read-only connection rejects each write.
func TestReadOnlyRejectsAllWrites(t *testing.T) {
	_, m := compiled(t)
	cases := allCases()
	for _, info := range m.Actions {
		if info.Effect == sdk.Reads {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			s := newService(t)
			input := cases[info.Name].Input(s)
			session := opened(t, s.Server, map[string]any{"read_only": true, "allow_custom_writes": true})
			wantRefused(ctx, t, session, s, info.Name, input, "rule read_only")
		})
	}
}

// suspendOwner suspends the owner of the API token of the org.
func suspendOwner(t *testing.T, s service) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/users/me/lifecycle/suspend", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the owner was not suspended: %s", resp.Status)
	}
}

// wantRefused runs an action with and without a dry run. One of the rules must reject the
// action, and nothing may be written.
func wantRefused(ctx context.Context, t *testing.T, session sdk.Session, s service, action string, input json.RawMessage, rules ...string) {
	t.Helper()
	s.ForgetRequests()
	for _, dry := range []bool{true, false} {
		var members map[string]any
		if err := json.Unmarshal(input, &members); err != nil {
			t.Fatal(err)
		}
		members["dry_run"] = dry
		raw, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		result, err := session.Run(ctx, action, raw)
		said := string(result.Output)
		if err != nil {
			said = err.Error()
		}
		if !slices.ContainsFunc(rules, func(rule string) bool { return strings.Contains(said, rule) }) {
			t.Errorf("dry run %t: no rule refused it: %s", dry, said)
		}
	}
	for _, r := range s.Org.Requests() {
		if r.Method != http.MethodGet && r.Path != "/oauth2/v1/token" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}
