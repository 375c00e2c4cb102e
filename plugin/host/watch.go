package host

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

// A Source is a trigger with its session and parameters.
type Source struct {
	Session sdk.Session
	Trigger string
	Params  json.RawMessage // parameters of the trigger
	Every   time.Duration   // interval between polls if there are no further pages
}

// WatchOptions configures Watch.
type WatchOptions struct {
	// From is the checkpoint at which to continue: the Next of the last handled page. It is nil
	// for the first Watch of a trigger.
	From json.RawMessage
	// Handle stores a page together with its Next, and returns nil. After an error, Watch calls
	// Handle with the same page again until it succeeds. Handle also receives pages without
	// events, because they advance the checkpoint.
	Handle func(ctx context.Context, page sdk.RawPage) error
	// Observe, unless nil, is called after each attempt, in the goroutine that polls.
	Observe func(Status)
	// Logger receives messages for an operator. Default: no log.
	Logger hclog.Logger
}

// maxInternal is the number of consecutive internal errors after which Watch ends. Internal
// errors are faults of the program and rarely disappear.
const maxInternal = 5

// Watch polls a trigger and calls Handle with each page. It returns nil when ctx ends, and an
// [sdk.Error] for a permanent error.
//
// Watch polls at once. If there are more pages, it polls again after the pause of the page. After
// the last page, it waits for Every, plus or minus a tenth. After a rate limit, an outage or a
// timeout, it waits 1 s, doubling up to 1 min, but at least the RetryAfter of the error. It
// tolerates five consecutive internal errors.
func Watch(ctx context.Context, s Source, o WatchOptions) error {
	if s.Session == nil || o.Handle == nil || s.Every <= 0 {
		return sdk.Invalid("cannot watch: the session, the interval or the function Handle is missing")
	}
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	w := &watch{source: s, options: o, from: o.From, log: o.Logger.With("trigger", s.Trigger)}
	for ctx.Err() == nil {
		st := w.attempt(ctx)
		if st.Err != nil && ctx.Err() != nil {
			break // the end of ctx is not an error of the trigger
		}
		w.report(st)
		if st.Ended {
			return st.Err
		}
		if !pause(ctx, st.Wait) {
			break
		}
	}
	return nil
}

// watch is the state of a Watch.
type watch struct {
	source   Source
	options  WatchOptions
	log      hclog.Logger
	from     json.RawMessage
	kept     *sdk.RawPage // polled, but not handled yet
	failures int          // consecutive failures
	internal int          // consecutive internal errors among them
}

// attempt polls, unless a page is kept, and calls Handle with the page.
func (w *watch) attempt(ctx context.Context) (st Status) {
	start := time.Now()
	defer func() { st.Took = time.Since(start) }()
	if w.kept == nil {
		page, err := w.source.Session.Poll(ctx, w.source.Trigger, w.source.Params, w.from)
		if err != nil {
			return w.failed(page, sdk.AsError(err))
		}
		w.kept, w.failures, w.internal = &page, 0, 0
	}
	page := *w.kept
	st = Status{
		Seen: page.Seen, Matched: len(page.Events), More: page.More,
		Notices: page.Notices, Calls: page.Calls,
	}
	if err := w.options.Handle(ctx, page); err != nil {
		w.failures++
		st.Err, st.Handling, st.Failures, st.Wait = err, true, w.failures, backoff(w.failures)
		return st
	}
	w.kept, w.failures = nil, 0
	stuck := page.Seen == 0 && bytes.Equal(page.Next, w.from)
	if len(page.Next) > 0 {
		w.from = page.Next
	}
	if !page.More || stuck {
		// A trigger that reports more pages without moving its checkpoint must not be polled in a
		// tight loop.
		st.Wait = jitter(w.source.Every)
	} else if page.Pause > 0 {
		st.Wait = min(page.Pause, jitter(w.source.Every))
	}
	return st
}

// failed decides what to do after a failed poll.
func (w *watch) failed(page sdk.RawPage, err *sdk.Error) Status {
	w.failures++
	st := Status{Calls: page.Calls, Err: err, Failures: w.failures, Wait: backoff(w.failures)}
	switch err.Code {
	case sdk.RateLimited, sdk.Unavailable, sdk.Timeout:
		w.internal = 0
		if err.RetryAfter > 0 {
			st.Wait = max(st.Wait, notBefore(err.RetryAfter))
		}
	case sdk.InvalidInput, sdk.Unauthenticated, sdk.Forbidden, sdk.NotFound, sdk.Conflict:
		st.Ended = true
	default:
		w.internal++
		st.Ended = w.internal > maxInternal
	}
	if st.Ended {
		st.Wait = 0
	}
	return st
}

// report logs an attempt and calls the observer.
func (w *watch) report(st Status) {
	switch {
	case st.Ended:
		w.log.Error("watching ended", "error", st.Err)
	case st.Handling:
		w.log.Warn("page not handled, will retry", "error", st.Err, "failures", st.Failures, "wait", st.Wait)
	case st.Err != nil:
		w.log.Warn("poll failed", "error", st.Err, "failures", st.Failures, "wait", st.Wait)
	default:
		w.log.Debug("page handled", "seen", st.Seen, "matched", st.Matched, "more", st.More, "wait", st.Wait)
	}
	if st.Err == nil {
		for _, n := range st.Notices {
			w.log.Warn("notice of the trigger", "notice", n)
		}
	}
	if w.options.Observe != nil {
		w.options.Observe(st)
	}
}

// pause waits for d, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Status is the result of an attempt to poll, or to handle a kept page.
type Status struct {
	Seen     int           // events read
	Matched  int           // events in the page
	More     bool          // there are further pages
	Notices  []string      // messages for an operator
	Calls    []sdk.Call    // requests sent, also by a failed attempt
	Took     time.Duration // duration of the attempt
	Err      error         // nil if the page was handled
	Handling bool          // Err is the error of Handle
	Failures int           // consecutive failures, including this one
	Wait     time.Duration // time until the next attempt
	Ended    bool          // there is no further attempt: Watch returns Err
}

const (
	firstBackoff = time.Second
	maxBackoff   = time.Minute
)

// backoff returns the wait after a number of consecutive failures.
func backoff(failures int) time.Duration {
	d := firstBackoff
	for ; failures > 1 && d < maxBackoff; failures-- {
		d *= 2
	}
	return jitter(min(d, maxBackoff))
}

// jitter returns d, plus or minus a tenth, so that hosts that started together do not always poll
// together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + spread(d/5)
}

// notBefore returns d or slightly more.
func notBefore(d time.Duration) time.Duration {
	return min(d, 1<<62) + spread(min(d/10, time.Minute))
}

func spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

// Retry calls do until it succeeds, and waits between the calls as [Watch] does. It returns nil if
// ctx ends, and a permanent error: one that is not transient or that names a wrong setting. It
// calls observe after each failure.
func Retry(ctx context.Context, observe func(Status), do func(context.Context) error) error {
	w := &watch{log: hclog.NewNullLogger()}
	for ctx.Err() == nil {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			break
		}
		e := sdk.AsError(err)
		if !e.Code.Transient() || len(e.Violations) > 0 {
			return err
		}
		st := w.failed(sdk.RawPage{}, e)
		observe(st)
		pause(ctx, st.Wait)
	}
	return nil
}
