package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// ErrPaused is the cause if all writes of a store are paused.
var ErrPaused = errors.New("all writes are paused")

// pausePoll is how often a write in flight checks whether all writes were paused.
const pausePoll = 100 * time.Millisecond

// A Pause says who paused all writes of a store, when and why.
type Pause struct {
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Actor
}

// PauseWrites pauses all writes of the store, in every process. It cancels the write calls that
// are in flight, and returns when none is left. Their operations are interrupted. If
// the writes were paused before, the earlier reason stays.
func (s *Store) PauseWrites(ctx context.Context, reason string) (*Pause, error) {
	err := s.tx(ctx, func(tx *conn) { pauseIn(tx, reason, time.Now()) })
	if err != nil {
		return nil, fmt.Errorf("pause all writes: %w", err)
	}
	for {
		inFlight, err := s.file.lockedByAnyone(writesByte)
		if err != nil {
			return nil, fmt.Errorf("wait for writes in flight: %w", err)
		}
		if !inFlight {
			return s.WritesPaused(ctx)
		}
		if !sleep(ctx, lockPoll, nil) {
			return nil, fmt.Errorf("wait for writes in flight: %w. All writes are paused, but calls that were in flight may not have ended", ctx.Err())
		}
	}
}

func pauseIn(tx *conn, reason string, now time.Time) {
	a := thisProcess()
	tx.exec(`INSERT INTO pause (one, time, reason, os_user, host, process) VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		now, reason, a.OSUser, a.Host, a.Process)
}

// ResumeWrites ends a pause. It returns the pause, nil if there was none.
func (s *Store) ResumeWrites(ctx context.Context) (p *Pause, err error) {
	err = s.tx(ctx, func(tx *conn) {
		p = readPause(tx)
		tx.exec(`DELETE FROM pause`)
	})
	if err != nil {
		return nil, fmt.Errorf("resume writes: %w", err)
	}
	return p, nil
}

// WritesPaused returns the pause of all writes, nil if there is none.
func (s *Store) WritesPaused(ctx context.Context) (*Pause, error) {
	db := s.reader(ctx)
	return readPause(db), db.failed("read the pause")
}

func readPause(db *conn) *Pause {
	var p Pause
	if !db.row(`SELECT time, reason, os_user, host, process FROM pause`).find(&p.Time, &p.Reason, &p.OSUser, &p.Host, &p.Process) {
		return nil
	}
	return &p
}

// rejection is the error of a write that is not made during the pause.
func (p *Pause) rejection(action string) *sdk.Error {
	return &sdk.Error{Code: sdk.Unavailable, Err: ErrPaused, Message: fmt.Sprintf("cannot run %s: %s paused all writes at %s%s. Run soar resume first",
		action, p.who(), p.Time.Format(time.RFC3339), because(p.Reason))}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// untilPaused returns a context that ends if all writes are paused, with ErrPaused as its
// cause. Stop ends the check, and must be called.
func (s *Store) untilPaused(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for sleep(ctx, pausePoll, nil) {
			// An error of the store shows when the call is completed.
			if p, err := s.WritesPaused(ctx); err == nil && p != nil {
				cancel(ErrPaused)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}

// waitResumed waits until the call can be made: until writes are not paused, if it is a
// write. It returns false if stopCtx ends first.
func (w *worker) waitResumed(info *sdk.ActionInfo, input json.RawMessage) (bool, error) {
	if c := (&call{info: info, input: input}); !c.writes() {
		return true, nil
	}
	for logged := false; ; logged = true {
		p, err := w.store.WritesPaused(w.storeCtx)
		if err != nil || p == nil {
			return true, err
		}
		if !logged {
			w.o.Logger.Warn("all writes are paused", "by", p.OSUser, "host", p.Host, "since", p.Time, "reason", p.Reason)
		}
		if !sleep(w.stopCtx, w.o.watchEvery, nil) {
			return false, nil
		}
	}
}

// Limits are limits of a connection that hold for all processes of a store. 0 is no limit.
type Limits struct {
	WritesPerMinute  int `json:"max_writes_per_minute"`  // requests that write
	ContainedPerHour int `json:"max_contained_per_hour"` // accounts that lose access
}

// LimitsOf returns the limits that the settings of a connection contain.
func LimitsOf(settings json.RawMessage) (l Limits) {
	_ = json.Unmarshal(settings, &l) // members of another type are no limits, and the connector rejects them
	return l
}

// exceeded returns the error of a write that exceeds a limit. Too many contained accounts
// pause all writes: a wrong condition must not lock a company out.
func (l Limits) exceeded(tx *conn, c *call, p *plan) *sdk.Error {
	if c.cause == CauseUndo || p.idle() {
		return nil
	}
	now := engine.Time(c.now())
	if n := p.contained(c); l.ContainedPerHour > 0 && n > 0 {
		var contained int
		tx.row(`SELECT coalesce(sum(o.contained), 0) FROM operations o JOIN audit a ON a.seq = o.seq
			WHERE o.created > ? AND o.org = ? AND o.seq <> ? AND a.outcome NOT IN ('unchanged', 'not_applicable')`,
			now.Add(-time.Hour), c.from.Org, c.entry).into(&contained)
		if contained+n > l.ContainedPerHour {
			reason := fmt.Sprintf("max_contained_per_hour: %d accounts were contained within an hour, and %s would contain %d more (limit %d)",
				contained, c.info.Name, n, l.ContainedPerHour)
			pauseIn(tx, reason, now)
			return readPauseOf(tx, now).rejection(c.info.Name)
		}
	}
	if l.WritesPerMinute == 0 {
		return nil
	}
	var sent int
	var first time.Time
	tx.row(`SELECT coalesce(sum(requests), 0), min(created) FROM operations WHERE created > ? AND org = ? AND seq <> ?`,
		now.Add(-time.Minute), c.from.Org, c.entry).into(&sent, &first)
	if sent == 0 || sent+len(p.Plan) <= l.WritesPerMinute {
		return nil
	}
	return &sdk.Error{Code: sdk.RateLimited, RetryAfter: first.Add(time.Minute).Sub(now),
		Message: fmt.Sprintf("all processes of this store have planned %d writes within a minute, and the limit is %d (max_writes_per_minute). Nothing was written",
			sent, l.WritesPerMinute)}
}

func readPauseOf(tx *conn, now time.Time) *Pause {
	if p := readPause(tx); p != nil {
		return p
	}
	return &Pause{Time: now} // the store failed, and the transaction with it
}
