package okta

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// What two sessions of one login send, Okta counts together.
func TestSessionsOfALoginShareItsBudget(t *testing.T) {
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
	// A session that ends does not take along what it learnt.
	_, _ = one.Close(), two.Close()
	wantCode(t, readLog(t.Context(), open(t, s.URL)), sdk.RateLimited)
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
	wantCode(t, readLog(t.Context(), third), sdk.Unauthenticated)
}

// What nobody uses any more does not stay for ever.
func TestBudgetsOfThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sharedBudgets{all: map[budgetKey]*sharedBudget{}}
		origin := &url.URL{Scheme: "https", Host: "a.okta.com"}
		login := func(n int) Settings { return Settings{Token: sdk.NewSecret(strconv.Itoa(n))} }
		for n := range 100 {
			b, leave := s.join(origin, login(n))
			ticket, err := b.take("/x", true, 30)
			if err != nil {
				t.Fatal(err)
			}
			ticket.done(&reply{status: 429, header: http.Header{"Retry-After": {"60"}}, sent: time.Now(), received: time.Now()})
			leave()
			leave()
		}
		if b, _ := s.join(origin, login(0)); len(s.all) != 100 {
			t.Errorf("%d budgets are kept", len(s.all))
		} else if _, err := b.take("/x", false, 0); err == nil {
			t.Error("the closed window was forgotten")
		}
		if err := sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		s.join(origin, login(200))
		if len(s.all) != 2 {
			t.Errorf("%d budgets are kept", len(s.all))
		}
	})
}

// After a refusal one reader finds out for all whether the limit is open again. A
// write does not wait for it.
func TestOneAsksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		answer := func(ticket *ticket, status int) {
			ticket.done(&reply{status: status, header: http.Header{}, sent: time.Now(), received: time.Now()})
		}
		take := func(spares, want bool) *ticket {
			t.Helper()
			ticket, err := b.take("/x", spares, 30)
			if (err == nil) != want {
				t.Fatalf("got %v", err)
			}
			return ticket
		}
		answer(take(true, true), http.StatusTooManyRequests)
		take(false, false)
		if err := sleep(t.Context(), defaultWait); err != nil {
			t.Fatal(err)
		}
		probe := take(true, true)
		take(true, false)
		answer(take(false, true), http.StatusBadGateway)
		answer(probe, http.StatusOK)
		take(true, true)
		take(true, true)
	})
}
