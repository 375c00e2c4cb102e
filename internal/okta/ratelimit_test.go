package okta

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

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
