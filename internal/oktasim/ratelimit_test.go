package oktasim_test

import (
	"strconv"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func (a response) rate(t testing.TB) (limit, remaining int, reset time.Time) {
	t.Helper()
	number := func(name string) int {
		n, err := strconv.Atoi(a.header.Get(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	return number("X-Rate-Limit-Limit"), number("X-Rate-Limit-Remaining"), time.Unix(int64(number("X-Rate-Limit-Reset")), 0)
}

func TestRateLimit(t *testing.T) {
	c, clk := start(t)
	c.org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 3, Window: "60s"})
	end := t0.Add(time.Minute).Truncate(time.Second).Add(time.Second) // in whole seconds, not before the window's end
	for want := 2; want >= 0; want-- {
		limit, remaining, reset := c.want("GET", "/api/v1/logs", "", 200, "").rate(t)
		if limit != 3 || remaining != want || !reset.Equal(end) {
			t.Errorf("%d of %d until %s, want %d until %s", remaining, limit, reset, want, end)
		}
	}
	for range 2 {
		a := c.want("GET", "/api/v1/logs", "", 429, "E0000047")
		if _, remaining, reset := a.rate(t); remaining != 0 || !reset.Equal(end) {
			t.Errorf("%d until %s", remaining, reset)
		}
	}
	if limit, _, _ := c.want("GET", "/api/v1/users/me", "", 200, "").rate(t); limit < 1000 {
		t.Errorf("the limit of another path is %d", limit)
	}
	clk.Advance(time.Minute - time.Millisecond)
	c.want("GET", "/api/v1/logs", "", 429, "E0000047")
	clk.Advance(time.Millisecond)
	if _, remaining, _ := c.want("GET", "/api/v1/logs", "", 200, "").rate(t); remaining != 2 {
		t.Errorf("a new window begins with %d", remaining)
	}

	c.org.ClearLimits()
	if limit, _, _ := c.want("GET", "/api/v1/logs", "", 200, "").rate(t); limit < 1000 {
		t.Errorf("limit %d", limit)
	}
}

func TestRateLimitedRequestHasNoEffect(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	none := 0
	c.org.Limit(oktasim.Limit{Path: "/api/v1/users/**", Limit: 10, Remaining: &none})
	c.want("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", "", 429, "E0000047")
	if s := c.status("a@corp.example"); s != "ACTIVE" {
		t.Error(s)
	}
	// The token is checked before the rate limit.
	r := c.request("GET", "/api/v1/users/me", "")
	r.Header.Del("Authorization")
	if a, err := c.send(r); err != nil || a.status != 401 {
		t.Errorf("%d, %v", a.status, err)
	}
}

func TestMisleadingRateLimitHeaders(t *testing.T) {
	c, _ := start(t)
	c.org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 0, OmitReset: true})
	if v, has := c.want("GET", "/api/v1/logs", "", 429, "E0000047").header["X-Rate-Limit-Reset"]; has {
		t.Errorf("reset %v", v)
	}
	c.org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 0, ResetInPast: true})
	if _, _, reset := c.want("GET", "/api/v1/logs", "", 429, "E0000047").rate(t); !reset.Before(t0) {
		t.Errorf("reset %s", reset)
	}
}

func TestFamiliesShareABucket(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	left := func(target string) int {
		t.Helper()
		_, remaining, _ := c.get(target).rate(t)
		return remaining
	}
	groups := left("/api/v1/groups")
	if again := left("/api/v1/groups/none/users"); again != groups-1 {
		t.Errorf("groups: %d, then %d", groups, again)
	}
	one := left("/api/v1/users/" + u.ID)
	if again := left("/api/v1/users/me"); again != one-1 {
		t.Errorf("users/{id}: %d, then %d", one, again)
	}
	if other := left("/api/v1/users/me/groups"); other < one {
		t.Errorf("what is below a user has another bucket: %d, %d", one, other)
	}
}

func TestInvalidLimits(t *testing.T) {
	c, _ := start(t)
	eleven := 11
	for name, l := range map[string]oktasim.Limit{
		"no path": {Limit: 1}, "negative": {Path: "/x", Limit: -1}, "window": {Path: "/x", Limit: 1, Window: "soon"},
		"no window": {Path: "/x", Limit: 1, Window: "0s"}, "glob": {Path: "[", Limit: 1}, "remaining": {Path: "/x", Limit: 10, Remaining: &eleven},
	} {
		if !panics(func() { c.org.Limit(l) }) {
			t.Errorf("%s: accepted", name)
		}
	}
}
