package engine

import (
	"encoding/json"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// LongestRetryAfter is the longest wait that a service may ask for. A step that would
// wait longer fails, so that it does not occupy a worker.
const LongestRetryAfter = 15 * time.Minute

// UndoRetry is the retry policy of undos. Its attempts take about a day.
var UndoRetry = playbook.Retry{Attempts: 100, Wait: 5 * time.Second, MaxWait: LongestRetryAfter}

// A Result says what follows from an attempt: Succeeded and Failed are final. Pending
// means that another attempt follows after Wait.
type Result struct {
	Status  Status
	Outcome string
	Error   *sdk.ErrorBody // with secrets masked
	Wait    time.Duration
}

// AfterAttempt returns what follows from an attempt of a call with this output or
// failure. Failures is the number of failed attempts, this one included. Random is
// a number from 0 to 1 that spreads the next attempts of different runs.
func AfterAttempt(retry playbook.Retry, failures int, output json.RawMessage, failure *sdk.Error, random float64) Result {
	if failure == nil {
		r := Result{Status: Succeeded, Outcome: Outcome(output)}
		if r.Outcome == string(sdk.NotApplicable) || r.Outcome == string(sdk.Partial) {
			r.Status, r.Error = Failed, &sdk.ErrorBody{Code: sdk.Code(r.Outcome), Message: reason(output)}
		}
		return r
	}
	r := Result{Status: Failed, Error: ErrorBody(failure)}
	if wait, again := retryWait(retry, failures, failure, random); again {
		r.Status, r.Wait = Pending, wait
	}
	return r
}

// AfterUndo is [AfterAttempt] for an attempt at an undo. An undo occupies no worker, so
// it can wait as long as the service asks. It is retried while the credentials are
// rejected: an administrator can replace them at any time.
func AfterUndo(failures int, output json.RawMessage, failure *sdk.Error, random float64) Result {
	if failure == nil {
		return AfterAttempt(UndoRetry, failures, output, nil, random)
	}
	policy := *failure
	policy.RetryAfter = 0
	if failure.Code == sdk.Unauthenticated {
		policy.Code = sdk.Unavailable
	}
	r := AfterAttempt(UndoRetry, failures, output, &policy, random)
	r.Error = ErrorBody(failure)
	if r.Status == Pending {
		r.Wait = max(r.Wait, failure.RetryAfter)
	}
	return r
}

// retryWait reports whether another attempt follows, and after which wait. The wait
// doubles each time, varies by a fifth, and is never shorter than the service asks.
func retryWait(retry playbook.Retry, failures int, failure *sdk.Error, random float64) (wait time.Duration, again bool) {
	if !failure.Code.Transient() || failures >= retry.Attempts || failure.RetryAfter > LongestRetryAfter {
		return 0, false
	}
	wait = min(retry.Wait, retry.MaxWait)
	for i := 1; i < failures && wait < retry.MaxWait; i++ {
		// Not min(2*wait, …): the double may exceed a Duration.
		wait += min(wait, retry.MaxWait-wait)
	}
	wait = max(wait, time.Millisecond)
	wait = time.Duration(float64(wait) * (0.8 + 0.4*random))
	return max(wait, failure.RetryAfter), true
}

// LongestWait is the longest wait between two attempts under this policy. An engine
// waits no longer, even if its clock was set back.
func LongestWait(retry playbook.Retry) time.Duration {
	return max(LongestRetryAfter, retry.MaxWait+retry.MaxWait/5)
}

// Outcome returns the outcome that an output reports, "" if it reports none.
func Outcome(output json.RawMessage) string { return member(output, "outcome") }

// reason returns why an action could not establish the requested state.
func reason(output json.RawMessage) string {
	if reason := member(output, "reason"); reason != "" {
		return reason
	}
	return "the action could not establish the requested state"
}

// member returns a text of a JSON object, "" if there is none.
func member(object json.RawMessage, name string) string {
	var members map[string]json.RawMessage
	var text string
	if json.Unmarshal(object, &members) != nil || json.Unmarshal(members[name], &text) != nil {
		return ""
	}
	return text
}
