package okta

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/oktatest"
	"soar.example/okta/sdk"
)

// forgetWindows lets c go on as if every window had passed.
func forgetWindows(c *Client) {
	c.budget.mu.Lock()
	defer c.budget.mu.Unlock()
	clear(c.budget.buckets)
	c.budget.crowded = time.Time{}
}

// pipes is a listener whose connections stay in a bubble of [synctest], where time
// passes only when everyone waits.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var lastPort atomic.Int32

// bubble runs test in a bubble with an org whose clock is off by skew, and a client
// of it that keeps 30 % for writes.
func bubble(t *testing.T, skew time.Duration, test func(*testing.T, *Client, *oktatest.Org)) {
	t.Helper()
	settings := settingsFor(fmt.Sprintf("http://127.0.0.1:%d", lastPort.Add(1)))
	settings.RateReserve = 30
	// Outside: the SDK's client has a goroutine that does not end.
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	synctest.Test(t, func(t *testing.T) {
		org := oktatest.New(oktatest.Options{Token: canary, Now: func() time.Time { return time.Now().Add(skew) }})
		listener := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: org}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		c.base.DialContext = listener.dial
		test(t, c, org)
		c.base.CloseIdleConnections()
		_ = server.Close()
		<-served
	})
}

func readLog(ctx context.Context, c *Client) error {
	_, err := c.Logs(ctx, LogQuery{Since: time.Now().Add(-time.Hour), Limit: 10})
	return err
}

// obey waits for as long as err says, if that is what is wrong.
func obey(t *testing.T, err error) (waited bool) {
	t.Helper()
	if err == nil {
		return false
	}
	e := wantCode(t, err, sdk.RateLimited)
	if e.RetryAfter < time.Second || e.RetryAfter > maxWait+2*time.Second {
		t.Fatalf("told to wait %s", e.RetryAfter)
	}
	if err := sleep(t.Context(), e.RetryAfter); err != nil {
		t.Fatal(err)
	}
	return true
}

// Reading stops at the reserve, without a request and to the end of the window; a
// write and what is read for it go on to the last request.
func TestReserveIsKeptForWrites(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktatest.Org) {
		org.Limit(oktatest.Limit{Path: "/api/v1/logs", Limit: 20})
		begun := time.Now()
		for n := 1; n <= 14; n++ {
			if err := readLog(t.Context(), c); err != nil {
				t.Fatalf("request %d: %v", n, err)
			}
		}
		e := wantCode(t, readLog(t.Context(), c), sdk.RateLimited)
		if e.RetryAfter < time.Minute || e.RetryAfter > time.Minute+3*time.Second || e.Upstream != nil {
			t.Errorf("told to wait %s, %+v", e.RetryAfter, e.Upstream)
		}
		if b := c.Budget(); b == nil || b.Limit != 20 || b.Remaining != 6 || b.Bucket != "/api/v1/logs" || b.Reset.Sub(begun) < time.Minute || b.Reset.Sub(begun) > 62*time.Second {
			t.Errorf("the budget is %+v", b)
		}
		rehearsal := sdk.WithDryRun(sdk.WithEffect(t.Context(), sdk.Writes))
		wantCode(t, readLog(rehearsal, c), sdk.RateLimited)
		if n := len(org.Requests()); n != 14 {
			t.Errorf("%d requests were sent", n)
		}
		writing := sdk.WithEffect(t.Context(), sdk.Writes)
		for n := range 6 {
			if err := readLog(writing, c); err != nil {
				t.Fatalf("read %d of a write: %v", n, err)
			}
		}
		// Nothing is left at all: now the write waits too, and sends nothing.
		obey(t, readLog(writing, c))
		if n := len(org.Requests()); n != 20 {
			t.Errorf("%d requests were sent", n)
		}
		if err := readLog(t.Context(), c); err != nil {
			t.Errorf("in the next window: %v", err)
		}
	})
}

// However many call and whatever the clocks say, a closed window meets no request.
func TestStormMeetsAClosedDoor(t *testing.T) {
	for name, skew := range map[string]time.Duration{"clocks agree": 0, "Okta's is behind": -time.Hour, "Okta's is ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, skew, func(t *testing.T, c *Client, org *oktatest.Org) {
				org.Limit(oktatest.Limit{Path: "/api/v1/logs", Limit: 40})
				if err := readLog(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				// Others use the limit up, of which nothing is known here.
				none := 0
				org.Limit(oktatest.Limit{Path: "/api/v1/logs", Limit: 40, Remaining: &none})
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
				inside, refused, served := 0, 0, 0
				for _, r := range org.Requests() {
					if r.At.After(shut) && r.At.Before(shut.Add(time.Minute)) {
						inside++
					}
					if r.Status == http.StatusOK {
						served++
					} else if r.At.After(shut) {
						refused++
					}
				}
				if inside != 0 || refused != 0 || served != 64 {
					t.Errorf("%d requests inside the closed window, %d refused later, %d served", inside, refused, served)
				}
			})
		})
	}
}

// Whatever a refusal says about its end, callers come again, and ever less often.
func TestRefusalsThatMakeNoSense(t *testing.T) {
	for name, test := range map[string]struct {
		headers map[string]string
		most    int // requests in a quarter of an hour
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
			bubble(t, 0, func(t *testing.T, c *Client, org *oktatest.Org) {
				org.Fault(oktatest.Fault{Status: 429, ErrorCode: "E0000047", Headers: test.headers})
				quarter, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
				defer cancel()
				var wait sync.WaitGroup
				for range 8 {
					wait.Go(func() {
						for quarter.Err() == nil {
							e := sdk.AsError(readLog(quarter, c))
							if e == nil || sleep(quarter, e.RetryAfter) != nil {
								return
							}
						}
					})
				}
				wait.Wait()
				// All eight may knock at once before anything is known.
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

// A list that is longer than a window waits for the next one and is read to its end.
func TestListingWaitsAtTheReserve(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktatest.Org) {
		for n := range 30 {
			org.AddUser(oktatest.NewUser{Login: fmt.Sprintf("u%d@corp.example", n)})
		}
		org.Limit(oktatest.Limit{Path: "/api/v1/users", Limit: 10})
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

// Okta's limit of requests at a time is the whole org's: reading makes room, and a
// write tries again when it likes.
func TestCrowdedOrg(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktatest.Org) {
		org.Fault(oktatest.Fault{Path: "/api/v1/logs", Times: 1, Status: 429, ErrorCode: "E0000047", Headers: map[string]string{
			"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0",
			"X-Rate-Limit-Reset": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
		}})
		e := wantCode(t, readLog(t.Context(), c), sdk.RateLimited)
		if e.RetryAfter < time.Minute || e.RetryAfter > 63*time.Second {
			t.Errorf("told to wait %s", e.RetryAfter)
		}
		_, err := c.User(t.Context(), "me")
		wantCode(t, err, sdk.RateLimited)
		if n := len(org.Requests()); n != 1 {
			t.Errorf("%d requests were sent", n)
		}
		u := org.AddUser(oktatest.NewUser{Login: "a@corp.example"})
		if err := c.SuspendUser(sdk.WithEffect(t.Context(), sdk.Writes), u.ID); err != nil {
			t.Error(err)
		}
		if err := sleep(t.Context(), e.RetryAfter); err != nil {
			t.Fatal(err)
		}
		if err := readLog(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// A limit of one object's own closes nothing for the others.
func TestLimitOfOneObject(t *testing.T) {
	bubble(t, 0, func(t *testing.T, c *Client, org *oktatest.Org) {
		org.Fault(oktatest.Fault{Path: "/api/v1/groups/**", Times: 1, Status: 429, ErrorCode: "E0000109", Headers: map[string]string{
			"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "59", "Retry-After": "30",
		}})
		read := func() error {
			_, _, err := c.List(t.Context(), []string{"groups"}, url.Values{}, Span{Page: 2, Most: 2})
			return err
		}
		if e := wantCode(t, read(), sdk.RateLimited); e.RetryAfter != 30*time.Second {
			t.Errorf("told to wait %s", e.RetryAfter)
		}
		if err := read(); err != nil {
			t.Error(err)
		}
	})
}

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
	s.Limit(oktatest.Limit{Path: "/api/v1/logs", Limit: 10, Remaining: &none})
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
		time.Sleep(time.Minute)
		s.join(origin, login(200))
		if len(s.all) != 2 {
			t.Errorf("%d budgets are kept", len(s.all))
		}
	})
}

// Answers overtake each other.
func TestAnswersOutOfOrder(t *testing.T) {
	now := time.Now()
	later := now.Add(time.Minute)
	k := new(bucket)
	first := func(remaining int) rate { return rate{counted: true, limit: 60, remaining: remaining, reset: 100} }
	k.learn(first(50), now, later)
	k.learn(first(52), now.Add(-time.Second), later)
	if k.remaining != 50 {
		t.Errorf("%d are left by an older answer", k.remaining)
	}
	k.learn(rate{counted: true, limit: 60, remaining: 59, reset: 160}, now.Add(time.Second), later.Add(time.Minute))
	k.learn(first(3), now, later)
	if k.remaining != 59 || !k.ends.Equal(later.Add(time.Minute)) {
		t.Errorf("%d are left until %s by an answer of the window before", k.remaining, k.ends)
	}
}

// Custom requests to paths of all sorts do not make the budget grow for ever.
func TestManyPaths(t *testing.T) {
	b := newBudget()
	for n := range 3 * mostBuckets {
		ticket, err := b.take(fmt.Sprint("/", n), true, 30)
		if err != nil {
			t.Fatal(err)
		}
		ticket.done(nil)
	}
	if n := len(b.buckets); n > mostBuckets+1 {
		t.Errorf("%d buckets", n)
	}
}

func TestBucketOf(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/logs": "/api/v1/logs", "/api/v1/logs/": "/api/v1/logs",
		"/api/v1/users": "/api/v1/users", "/api/v1/users/00u1": "GET /api/v1/users/{id}", "/api/v1/users/me": "GET /api/v1/users/{id}",
		"/api/v1/users/00u1/sessions": otherBucket, "/api/v1/users/00u1/lifecycle/suspend": otherBucket,
		"/api/v1/groups": "/api/v1/groups", "/api/v1/groups/00g1/users/00u1": "/api/v1/groups",
		"/api/v1/apps": "/api/v1/apps", "/api/v1/apps/0oa1/users": "/api/v1/apps/{id}", "/api/v1/devices/guo1": "/api/v1/devices",
		"/api/v1/zones/nzo1": otherBucket, "/oauth2/v1/token": "/oauth2/v1", "/oauth2/default/v1/token": "/oauth2/default/v1/token",
		"/api/v1/eventHooks/who1": "/api/v1/eventHooks/{id}", "/api/v1/domains/OcD1": "/api/v1/domains/{id}", "/idp/myaccount": "/idp/myaccount",
		"": "/", "/": "/", "/idp/a%20b/x/": "/idp/{id}/x",
	} {
		if got := bucketOf(http.MethodGet, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if got := bucketOf(http.MethodPost, "/api/v1/users/00u1"); got != "/api/v1/users/{id}" {
		t.Errorf("a write to a user: %s", got)
	}
}

func FuzzRateHeaders(f *testing.F) {
	f.Add("60", "59", "1773455460", "Sat, 14 Mar 2026 02:31:00 GMT", "7")
	f.Add("-1", "60, 60", "9223372036854775807", "Thu, 01 Jan 0000 00:00:00 GMT", "9223372036854775807")
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date, after string) {
		now := time.Now()
		header := http.Header{
			"X-Rate-Limit-Limit": {limit}, "X-Rate-Limit-Remaining": {remaining}, "X-Rate-Limit-Reset": {reset},
			"Date": {date}, "Retry-After": {after},
		}
		for _, status := range slices.Repeat([]int{200, 429}, 2) {
			b := newBudget()
			ticket, err := b.take("/x", true, 30)
			if err != nil {
				t.Fatal(err)
			}
			r := &reply{status: status, header: header, sent: now, received: now}
			ticket.done(r)
			if status == 429 && (r.wait < time.Second || r.wait > maxWait+2*time.Second) {
				t.Fatalf("told to wait %s", r.wait)
			}
			if s := b.state("/x"); s != nil && (s.Remaining < 0 || s.Remaining > s.Limit) {
				t.Fatalf("the budget is %+v", s)
			}
			_, err = b.take("/x", false, 0)
			var e *sdk.Error
			if errors.As(err, &e) && (e.RetryAfter < time.Second || e.RetryAfter > maxWait+2*time.Second) {
				t.Fatalf("told to wait %s", e.RetryAfter)
			}
		}
	})
}
