package actions_test

import (
	"net/http"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestChangeThatAnotherAdminMadeFirst checks the outcome of a write that Okta rejects
// because another admin reached the goal between the read and the write. The state is
// as wanted, and this write changed nothing. After a response that does not say so,
// such as a 503, the write counts as the change.
func TestChangeThatAnotherAdminMadeFirst(t *testing.T) {
	for status, want := range map[int]sdk.Outcome{
		http.StatusBadRequest: sdk.Unchanged, http.StatusForbidden: sdk.Unchanged,
		http.StatusNotFound: sdk.Unchanged, http.StatusServiceUnavailable: sdk.Changed,
	} {
		for action, test := range map[string]struct{ before, after, operation string }{
			"suspend_user":    {oktasim.StatusActive, oktasim.StatusSuspended, "suspend"},
			"unsuspend_user":  {oktasim.StatusSuspended, oktasim.StatusActive, "unsuspend"},
			"deactivate_user": {oktasim.StatusActive, oktasim.StatusDeprovisioned, "deactivate"},
		} {
			t.Run(action+" "+http.StatusText(status), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: test.before})
				b.Fault(oktasim.Fault{
					Method: "POST", Path: "/api/v1/users/*/lifecycle/" + test.operation, Times: 1, Status: status, AfterEffect: true,
				})
				a := b.must(action, map[string]any{"user": u.ID})
				if a.Outcome != want || a.Reason != "" || a.Before["status"] != test.before || a.After["status"] != test.after {
					t.Errorf("got %+v, want the outcome %s", a, want)
				}
			})
		}
	}
}
