package connector

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktatest"
	"soar.example/okta/sdk"
)

// Guards against a check that promises too much: of each action and role, what it says
// is tried. Yes means that the org does not refuse the login, no that it does.
func TestPermissionsHold(t *testing.T) {
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cases := allCases()
	type login struct {
		kind  string
		sees  bool // admin roles
		blind bool // allow_unknown_admins
	}
	logins := []login{{"SUPER_ADMIN", false, false}, {"ORG_ADMIN", false, false}, {"ORG_ADMIN", false, true}, {"HELP_DESK_ADMIN", false, true}}
	for _, kind := range []string{"SUPER_ADMIN", "ORG_ADMIN", "READ_ONLY_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "APP_ADMIN"} {
		logins = append(logins, login{kind, true, false})
	}
	for _, l := range logins {
		t.Run(fmt.Sprintf("%+v", l), func(t *testing.T) {
			t.Parallel()
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			roles := []oktatest.NewRole{{Type: l.kind}}
			if l.sees {
				roles = append(roles, seesRoles)
			}
			settings := map[string]any{"allow_custom_writes": true, "allow_unknown_admins": l.blind}
			s := newService(t)
			said := checked(t, loginWith(t, s.Server, settings, roles...), s.Server)
			for _, info := range m.Actions {
				can, why, _ := said.can(t, info.Name)
				if can != "yes" && can != "no" || info.Name == "check_permissions" {
					continue
				}
				s := newService(t)
				input := cases[info.Name].Input(s)
				session := loginWith(t, s.Server, settings, roles...)
				result, err := session.Run(ctx, info.Name, input)
				refused := refusedSomewhere(result, err)
				if (can == "yes") == refused {
					t.Errorf("%s: said %s (%q); the org answered %v %s", info.Name, can, why, err, result.Output)
				}
			}
		})
	}
}

// refusedSomewhere reports whether Okta let the login not do all that it was asked.
func refusedSomewhere(result sdk.Result, err error) bool {
	if err != nil {
		var e *sdk.Error
		return errors.As(err, &e) && e.Code == sdk.Forbidden
	}
	for _, c := range result.Calls {
		if c.Status == 403 && c.Path != "/api/v1/users/me" {
			return true
		}
	}
	return false
}
