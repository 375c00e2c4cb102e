package okta

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// TestReserveIsKeptForWrites checks that reads stop at the reserve until the window ends, without a request. Writes,
// and the reads for them, use the whole limit.
func TestReserveIsKeptForWrites(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktasim.Org) {
		org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 20})
		begun := time.Now()
		for n := 1; n <= 14; n++ {
			if err := readLog(t.Context(), c); err != nil {
				t.Fatalf("request %d: %v", n, err)
			}
		}
		e := wantCode(t, readLog(t.Context(), c), sdk.RateLimited)
		if e.RetryAfter < time.Minute || e.RetryAfter > time.Minute+3*time.Second || e.Upstream != nil {
			t.Errorf("retry after %s, %+v", e.RetryAfter, e.Upstream)
		}
		if b := c.Budget(); b == nil || b.Limit != 20 || b.Remaining != 6 || b.Bucket != "/api/v1/logs" ||
			b.Reset.Sub(begun) < time.Minute || b.Reset.Sub(begun) > 62*time.Second {
			t.Errorf("the budget is %+v", b)
		}
		dryRun := sdk.WithDryRun(sdk.WithEffect(t.Context(), sdk.Writes))
		wantCode(t, readLog(dryRun, c), sdk.RateLimited)
		if n := len(org.Requests()); n != 14 {
			t.Errorf("%d requests were sent", n)
		}
		writing := sdk.WithEffect(t.Context(), sdk.Writes)
		for n := range 6 {
			if err := readLog(writing, c); err != nil {
				t.Fatalf("read %d of a write: %v", n, err)
			}
		}
		// The limit is used up. The write also waits, and sends nothing.
		obey(t, readLog(writing, c))
		if n := len(org.Requests()); n != 20 {
			t.Errorf("%d requests were sent", n)
		}
		if err := readLog(t.Context(), c); err != nil {
			t.Errorf("in the next window: %v", err)
		}
	})
}

// TestConcurrentCallsAtTheRateLimit checks that no request is sent in a closed window, for any number of callers and
// any clock.
func TestConcurrentCallsAtTheRateLimit(t *testing.T) {
	for name, skew := range map[string]time.Duration{"clocks agree": 0, "Okta's is behind": -time.Hour, "Okta's is ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, skew, func(t *testing.T, c *Client, org *oktasim.Org) {
				org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 40})
				if err := readLog(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				// Other clients use up the limit. This client does not know it yet.
				none := 0
				org.Limit(oktasim.Limit{Path: "/api/v1/logs", Limit: 40, Remaining: &none})
				org.ForgetRequests()
				shut := time.Now().Add(skew)
				var wait sync.WaitGroup
				for n := range 64 {
					wait.Go(func() {
						ctx := t.Context()
						if n%2 == 0 {
							ctx = sdk.WithEffect(ctx, sdk.Writes)
						}
						for obey(t, readLog(ctx, c)) {
						}
					})
				}
				wait.Wait()
				inside, rejected, served := 0, 0, 0
				for _, r := range org.Requests() {
					if r.At.After(shut) && r.At.Before(shut.Add(time.Minute)) {
						inside++
					}
					if r.Status == http.StatusOK {
						served++
					} else if r.At.After(shut) {
						rejected++
					}
				}
				if inside != 0 || rejected != 0 || served != 64 {
					t.Errorf("%d requests in the closed window, %d rejected later, %d served", inside, rejected, served)
				}
			})
		})
	}
}

// TestMisleadingRateLimits checks that callers retry at growing intervals if a 429 has a wrong reset time.
func TestMisleadingRateLimits(t *testing.T) {
	for name, test := range map[string]struct {
		headers map[string]string
		most    int // maximum number of requests in a quarter of an hour
		least   int
	}{
		"no reset":             {map[string]string{"X-Rate-Limit-Reset": ""}, 40, 10},
		"reset in words":       {map[string]string{"X-Rate-Limit-Reset": "soon"}, 40, 10},
		"reset is past":        {map[string]string{"X-Rate-Limit-Reset": "86400"}, 24, 10},
		"reset is years ahead": {map[string]string{"X-Rate-Limit-Reset": "99999999999"}, 2, 1},
		"reset overflows":      {map[string]string{"X-Rate-Limit-Reset": "9223372036854775807"}, 2, 1},
		"a proxy's":            {map[string]string{"X-Rate-Limit-Reset": "", "X-Rate-Limit-Limit": "", "X-Rate-Limit-Remaining": ""}, 40, 10},
		"numbers in words":     {map[string]string{"X-Rate-Limit-Reset": "", "X-Rate-Limit-Limit": "60, 60", "X-Rate-Limit-Remaining": "-1"}, 40, 10},
		"no time":              {map[string]string{"X-Rate-Limit-Reset": "", "Date": "yesterday"}, 40, 10},
		"Retry-After":          {map[string]string{"Retry-After": "120"}, 8, 7},
		"Retry-After is huge":  {map[string]string{"Retry-After": "9223372036854775807"}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 0, func(t *testing.T, c *Client, org *oktasim.Org) {
				org.Fault(oktasim.Fault{Status: 429, ErrorCode: "E0000047", Headers: test.headers})
				quarter, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
				defer cancel()
				var wait sync.WaitGroup
				for range 8 {
					wait.Go(func() {
						for quarter.Err() == nil {
							e := sdk.AsError(readLog(quarter, c))
							if e == nil || httpclient.Sleep(quarter, e.RetryAfter) != nil {
								return
							}
						}
					})
				}
				wait.Wait()
				// All eight callers may send a request before the first response arrives.
				if n := len(org.Requests()); n > test.most+7 || n < test.least {
					t.Errorf("%d requests", n)
				}
				org.ClearFaults()
				for obey(t, readLog(t.Context(), c)) {
				}
			})
		})
	}
}

// TestListingWaitsAtTheReserve checks that a list of several windows waits for each window, and is read
// completely.
func TestListingWaitsAtTheReserve(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktasim.Org) {
		for n := range 30 {
			org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%d@corp.example", n)})
		}
		org.Limit(oktasim.Limit{Path: "/api/v1/users", Limit: 10})
		begun := time.Now()
		all, _, err := c.List(t.Context(), []string{"users"}, url.Values{}, Span{Page: 2, Most: 1000, All: true})
		if err != nil || len(all) != 31 {
			t.Fatalf("got %d users, %v", len(all), err)
		}
		if took := time.Since(begun); took < 2*time.Minute || took > 2*time.Minute+15*time.Second {
			t.Errorf("16 pages at 7 a minute took %s", took)
		}
		for _, r := range org.Requests() {
			if r.Status != http.StatusOK {
				t.Errorf("%s: %d", r.Path, r.Status)
			}
		}
	})
}

// TestCrowdedOrg checks the limit of concurrent requests of the whole org. After such a rejection all reads wait, and
// writes are sent.
func TestCrowdedOrg(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktasim.Org) {
		org.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 429, ErrorCode: "E0000047", Headers: map[string]string{
			"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0",
			"X-Rate-Limit-Reset": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
		}})
		e := wantCode(t, readLog(t.Context(), c), sdk.RateLimited)
		if e.RetryAfter < time.Minute || e.RetryAfter > 63*time.Second {
			t.Errorf("retry after %s", e.RetryAfter)
		}
		_, err := c.User(t.Context(), "me")
		wantCode(t, err, sdk.RateLimited)
		if n := len(org.Requests()); n != 1 {
			t.Errorf("%d requests were sent", n)
		}
		u := org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
		if err := c.SuspendUser(sdk.WithEffect(t.Context(), sdk.Writes), u.ID); err != nil {
			t.Error(err)
		}
		if err := httpclient.Sleep(t.Context(), e.RetryAfter); err != nil {
			t.Fatal(err)
		}
		if err := readLog(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// TestLimitOfOneObject checks that a rate limit of one object does not delay requests for other objects.
func TestLimitOfOneObject(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktasim.Org) {
		org.Fault(oktasim.Fault{Path: "/api/v1/groups/**", Times: 1, Status: 429, ErrorCode: "E0000109", Headers: map[string]string{
			"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "59", "Retry-After": "30",
		}})
		read := func() error {
			_, _, err := c.List(t.Context(), []string{"groups"}, url.Values{}, Span{Page: 2, Most: 2})
			return err
		}
		if e := wantCode(t, read(), sdk.RateLimited); e.RetryAfter != 30*time.Second {
			t.Errorf("retry after %s", e.RetryAfter)
		}
		if err := read(); err != nil {
			t.Error(err)
		}
	})
}
