package connector

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

// nobodys are the writes that are to no user who is there.
var nobodys = []string{"create_group", "create_user", "block_ip", "unblock_ip", "deactivate_application"}

// Guards against an action that reaches, on whichever way, whom the settings protect:
// every write is refused with the rule, as a call and as a plan, and nothing is sent.
func TestProtectedFromEveryWrite(t *testing.T) {
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
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
					result, err := session.Run(ctx, info.Name, raw)
					said := string(result.Output)
					if err != nil {
						said = err.Error()
					}
					// Everybody is protected here, the login's own user too.
					if !strings.Contains(said, "rule "+rule) && !strings.Contains(said, "rule own user") {
						t.Errorf("dry run %t: no rule refused it: %s", dry, said)
					}
				}
				if n := s.Writes(); n != 0 {
					t.Errorf("%d writes were sent", n)
				}
			})
		}
	}
}
