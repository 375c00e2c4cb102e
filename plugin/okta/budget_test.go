package okta

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestContainmentUsesReservedBudget checks that an account can be contained after a poller
// and a list have used a limit up to the reserve. The poller then continues at its
// checkpoint.
func TestContainmentUsesReservedBudget(t *testing.T) {
	backend, err := checkedBackend(t)
	if err != nil {
		t.Fatal(err)
	}
	org := oktasim.Start(t, oktasim.Options{})
	org.AddUser(oktasim.NewUser{Login: "alice@corp.example"})
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	open := func() sdk.Session {
		settings := fmt.Sprintf(`{"org_url":%q,"token":%q,"rate_reserve":50}`, org.URL, org.Token)
		s, err := backend.Open(ctx, json.RawMessage(settings))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	// Two sessions, as in two processes of a host.
	poller, responder := open(), open()
	params := json.RawMessage(`{"event_types":["user.session.start"]}`)
	page, err := poller.Poll(ctx, "system_log", params, nil)
	if err != nil {
		t.Fatal(err)
	}
	place := page.Next
	// One limit for all requests. Reads leave half of it.
	org.Limit(oktasim.Limit{Path: "/api/v1/**", Limit: 40, Window: "10m"})
	var limited *sdk.Error
	for polls := 0; limited == nil; polls++ {
		if polls > 40 {
			t.Fatal("polling never stops")
		}
		page, err := poller.Poll(ctx, "system_log", params, place)
		if limited = sdk.AsError(err); limited == nil {
			place = page.Next
		}
		if page.Budget == nil || page.Budget.Limit != 40 && polls > 0 {
			t.Fatalf("poll %d says of the budget: %+v", polls, page.Budget)
		}
	}
	if limited.Code != sdk.RateLimited || limited.RetryAfter < 9*time.Minute || limited.RetryAfter > 11*time.Minute {
		t.Errorf("got %+v", limited)
	}
	sent := len(org.Requests())
	again, err := poller.Poll(ctx, "system_log", params, place)
	if e := sdk.AsError(err); e == nil || e.Code != sdk.RateLimited || len(again.Calls) != 0 || again.Budget == nil || again.Budget.Remaining != 20 {
		t.Errorf("got %v, %d requests, %+v", err, len(again.Calls), again.Budget)
	}
	if n := len(org.Requests()); n != sent {
		t.Errorf("%d requests were sent in spite of the reserve", n-sent)
	}
	result, err := responder.Run(ctx, "suspend_user", json.RawMessage(`{"user":"alice@corp.example"}`))
	if err != nil {
		t.Fatalf("not contained: %v", err)
	}
	var out struct {
		Outcome sdk.Outcome `json:"outcome"`
	}
	if err := json.Unmarshal(result.Output, &out); err != nil || out.Outcome != sdk.Changed || len(suspended(org)) != 1 {
		t.Errorf("got %s, %v", result.Output, err)
	}
	// The connection reports the remaining budget.
	health, err := open().Check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range health.Budgets {
		if b.Bucket == "/api/v1/logs" && (b.Limit != 40 || b.Remaining > 20 || time.Until(b.Reset) < 8*time.Minute) {
			t.Errorf("got %+v", b)
		}
	}
	if len(health.Budgets) < 3 {
		t.Errorf("got %+v", health.Budgets)
	}
}

func suspended(org *oktasim.Server) []string {
	var logins []string
	for _, u := range org.State().Users {
		if u.Status == "SUSPENDED" {
			logins = append(logins, u.Login)
		}
	}
	return logins
}
