package actions_test

import (
	"fmt"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// between makes the next reads of a user show a change of status that is not finished.
func (b *bench) between(login, id, from, to string, skip, times int) {
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*", Skip: skip, Times: times, Status: 200, Body: fmt.Sprintf(
		`{"id":%q,"status":%q,"transitioningToStatus":%q,"created":"2026-03-14T02:41:09.000Z","activated":null,"statusChanged":null,"lastLogin":null,`+
			`"lastUpdated":"2026-03-14T02:41:09.000Z","passwordChanged":null,"type":{"id":"oty1a2b3c4d5e6f7g8h9"},`+
			`"profile":{"login":%[4]q,"email":%[4]q,"firstName":"New","lastName":"One"},"credentials":{"provider":{"type":"OKTA","name":"OKTA"}}}`,
		id, from, to, login)})
}

// TestCreateUserWhileOktaActivates checks that a user counts as created during the
// activation.
func TestCreateUserWhileOktaActivates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.between(target, "00u1a2b3c4d5e6f7g8h9", "STAGED", "ACTIVE", 1, 0)
	got := do[struct {
		Outcome sdk.Outcome
		After   struct {
			Status string
			To     string `json:"transitioning_to"`
		}
	}](b, "create_user", `{"profile":{"login":%q,"email":%q,"firstName":"New","lastName":"One"}}`, target, target)
	if got.Outcome != sdk.Changed || got.After.Status != "STAGED" || got.After.To != "ACTIVE" {
		t.Errorf("got %+v", got)
	}
}

// TestSlowDeactivation checks the error during a deactivation, and the outcome after it.
func TestSlowDeactivation(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"deactivate_user", "delete_user"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: target})
			b.between(target, u.ID, "ACTIVE", "DEPROVISIONED", 1, 4)
			_, err := try[outputMembers](b, action, `{"user":%q}`, u.ID)
			e := b.wantCode(err, sdk.Unavailable)
			const want = "Okta is still deactivating the user, who is ACTIVE until Okta has finished. Run the action again later"
			if e.Message != want || e.RetryAfter == 0 {
				t.Errorf("got %v", e)
			}
			if got := do[outputMembers](b, action, `{"user":%q}`, u.ID); got.Outcome != sdk.Unchanged {
				t.Errorf("later: %+v", got)
			}
		})
	}
}
