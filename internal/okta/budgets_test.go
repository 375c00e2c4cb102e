package okta

import (
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestClientsWithSameCredentialsShareBudget checks two sessions with the same credentials. Okta counts their requests
// together.
func TestClientsWithSameCredentialsShareBudget(t *testing.T) {
	one, s := org(t)
	two := open(t, s.URL)
	other := settingsFor(s.URL)
	other.Token = sdk.NewSecret("another")
	third, err := Open(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	none := 0
	s.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 10, Remaining: &none})
	wantCode(t, readLog(t.Context(), one), sdk.RateLimited)
	wantCode(t, readLog(t.Context(), two), sdk.RateLimited)
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
	// The shared budget outlives the session that received the limit.
	_, _ = one.Close(), two.Close()
	wantCode(t, readLog(t.Context(), open(t, s.URL)), sdk.RateLimited)
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
	wantCode(t, readLog(t.Context(), third), sdk.Unauthenticated)
}
