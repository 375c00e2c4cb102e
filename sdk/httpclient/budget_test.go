package httpclient

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
)

// TestResponsesOutOfOrder checks that a response to an earlier request does not replace a later
// state.
func TestResponsesOutOfOrder(t *testing.T) {
	now := time.Now()
	later := now.Add(time.Minute)
	k := new(bucket)
	first := func(remaining int) Rate { return Rate{Known: true, Limit: 60, Remaining: remaining, Window: 100} }
	k.update(first(50), now, later)
	k.update(first(52), now.Add(-time.Second), later)
	if k.remaining != 50 {
		t.Errorf("after an older response, %d requests are left", k.remaining)
	}
	k.update(Rate{Known: true, Limit: 60, Remaining: 59, Window: 160}, now.Add(time.Second), later.Add(time.Minute))
	k.update(first(3), now, later)
	if k.remaining != 59 || !k.ends.Equal(later.Add(time.Minute)) {
		t.Errorf("after a response of the previous window, %d requests are left until %s", k.remaining, k.ends)
	}
}

// TestManyPaths checks that requests to many paths do not make the budget grow without a limit.
func TestManyPaths(t *testing.T) {
	b := newBudget()
	for n := range 3 * maxBuckets {
		ticket, err := b.Take(fmt.Sprint("/", n), true, 30)
		if err != nil {
			t.Fatal(err)
		}
		ticket.Done(nil, Rate{})
	}
	if n := len(b.buckets); n > maxBuckets+1 {
		t.Errorf("%d buckets", n)
	}
}

// TestUnusedBudgets checks that unused budgets are removed.
func TestUnusedBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := registry{all: map[key]*entry{}}
		share := func(n int) (*Budget, func()) { return s.share("https://a.okta.com", strconv.Itoa(n)) }
		for n := range 100 {
			b, leave := share(n)
			ticket, err := b.Take("/x", true, 30)
			if err != nil {
				t.Fatal(err)
			}
			ticket.Done(&Response{Status: 429, Sent: time.Now(), Received: time.Now()}, Rate{Wait: time.Minute})
			leave()
			leave()
		}
		if b, _ := share(0); len(s.all) != 100 {
			t.Errorf("%d budgets are kept", len(s.all))
		} else if _, err := b.Take("/x", false, 0); err == nil {
			t.Error("the budget with an open window was removed")
		}
		time.Sleep(time.Minute)
		share(200)
		if len(s.all) != 2 {
			t.Errorf("%d budgets are kept", len(s.all))
		}
	})
}

// TestOneReadProbesTheLimit checks that, after a rejection, one read finds out for all whether the
// limit is open again. A write does not wait for it.
func TestOneReadProbesTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		answer := func(ticket *Ticket, status int) {
			ticket.Done(&Response{Status: status, Sent: time.Now(), Received: time.Now()}, Rate{Wait: DefaultWait})
		}
		take := func(spares, want bool) *Ticket {
			t.Helper()
			ticket, err := b.Take("/x", spares, 30)
			if (err == nil) != want {
				t.Fatalf("got %v", err)
			}
			return ticket
		}
		answer(take(true, true), http.StatusTooManyRequests)
		take(false, false)
		time.Sleep(DefaultWait)
		probe := take(true, true)
		take(true, false)
		answer(take(false, true), http.StatusBadGateway)
		answer(probe, http.StatusOK)
		take(true, true)
		take(true, true)
	})
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
		for _, status := range []int{200, 429} {
			b := newBudget()
			ticket, err := b.Take("/x", true, 30)
			if err != nil {
				t.Fatal(err)
			}
			r := &Response{Status: status, Header: header, Sent: now, Received: now}
			ticket.Done(r, RateHeaders("X-Rate-Limit-")(r))
			if status == 429 && (r.Wait < time.Second || r.Wait > maxWait+2*time.Second) {
				t.Fatalf("the wait is %s", r.Wait)
			}
			if s := b.State("/x"); s != nil && (s.Remaining < 0 || s.Remaining > s.Limit) {
				t.Fatalf("the budget is %+v", s)
			}
			_, err = b.Take("/x", false, 0)
			var e *sdk.Error
			if errors.As(err, &e) && (e.RetryAfter < time.Second || e.RetryAfter > maxWait+2*time.Second) {
				t.Fatalf("the wait is %s", e.RetryAfter)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 14, 2, 41, 0, 0, time.UTC)
	date := now.Format(http.TimeFormat)
	reset := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	for name, test := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"Retry-After is a date":       {map[string]string{"Date": date, "Retry-After": now.Add(9 * time.Second).Format(http.TimeFormat)}, 9 * time.Second},
		"reset by Date":               {map[string]string{"Date": date, "X-Rate-Limit-Reset": reset(20 * time.Second)}, 20 * time.Second},
		"no reset":                    {map[string]string{"Date": date}, DefaultWait},
		"reset in the past":           {map[string]string{"Date": date, "X-Rate-Limit-Reset": reset(-time.Hour)}, time.Second},
		"reset is not a number":       {map[string]string{"X-Rate-Limit-Reset": "soon"}, DefaultWait},
		"reset is 0":                  {map[string]string{"X-Rate-Limit-Reset": "0"}, DefaultWait},
		"reset in the far future":     {map[string]string{"Date": date, "X-Rate-Limit-Reset": "99999999999"}, maxWait},
		"a proxy's Retry-After":       {map[string]string{"Retry-After": "7"}, 7 * time.Second},
		"bad date":                    {map[string]string{"Date": "yesterday", "X-Rate-Limit-Reset": reset(5 * time.Second)}, 5 * time.Second},
		"Retry-After is not a number": {map[string]string{"Retry-After": "Wed"}, DefaultWait},
	} {
		r := &Response{Header: http.Header{}, Received: now}
		for k, v := range test.header {
			r.Header.Set(k, v)
		}
		if got := RateHeaders("X-Rate-Limit-")(r).Wait; got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
