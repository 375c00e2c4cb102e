package host_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// TestRetry checks the number of calls and the result for each sequence of errors.
func TestRetry(t *testing.T) {
	down := sdk.Errorf(sdk.Unavailable, "the service is down")
	limited := &sdk.Error{Code: sdk.RateLimited, Message: "the rate limit is used up", RetryAfter: 90 * time.Second}
	denied := sdk.Errorf(sdk.Unauthenticated, "the token is not valid")
	wrongSetting := &sdk.Error{Code: sdk.Unavailable, Message: "there is no such host", Violations: []schema.Violation{{Pointer: "/org_url"}}}
	for name, c := range map[string]struct {
		errs     []error // of the first calls; later calls succeed
		canceled bool
		want     error
		calls    int
		least    time.Duration
	}{
		"success":                {calls: 1},
		"outage":                 {errs: []error{down, down, down}, calls: 4, least: 6 * time.Second},
		"rate limit":             {errs: []error{limited}, calls: 2, least: 90 * time.Second},
		"wrong credentials":      {errs: []error{denied}, calls: 1, want: denied},
		"credentials revoked":    {errs: []error{down, denied}, calls: 2, want: denied},
		"wrong setting":          {errs: []error{wrongSetting}, calls: 1, want: wrongSetting},
		"stopped during a wait":  {errs: []error{down}, canceled: true, calls: 1},
		"fault of the connector": {errs: []error{sdk.Errorf(sdk.Internal, "a fault")}, calls: 1, want: sdk.Errorf(sdk.Internal, "a fault")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				start, calls, failures := time.Now(), 0, 0
				err := host.Retry(ctx, func(s host.Status) {
					if failures++; s.Err == nil || s.Wait <= 0 || s.Failures != failures {
						t.Errorf("failure %d is %+v", failures, s)
					}
					if c.canceled {
						time.AfterFunc(time.Millisecond, cancel)
					}
				}, func(context.Context) error {
					if calls++; calls <= len(c.errs) {
						return c.errs[calls-1]
					}
					return nil
				})
				if (err == nil) != (c.want == nil) || err != nil && err.Error() != c.want.Error() || calls != c.calls {
					t.Errorf("%d calls and %v, want %d and %v", calls, err, c.calls, c.want)
				}
				if took := time.Since(start); took < c.least*9/10 {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}
