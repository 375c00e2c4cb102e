package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// exitWait is the time that a broken connection waits for the state of the process.
const exitWait = 250 * time.Millisecond

// errReopen is the error of a call that had not begun when the process was lost.
var errReopen = errors.New("the plugin process was lost before the call began")

// do makes one call to the process, and starts the process if there is none. unknown is added to
// the error of an interrupted call; it says which effect is not known.
func do[R any](ctx context.Context, p *Plugin, unknown string, call func(*instance) (R, error)) (R, error) {
	for {
		i, err := p.enter(ctx)
		if err != nil {
			return *new(R), err
		}
		r, err := call(i)
		i.calls.End()
		switch {
		case errors.Is(err, plugin.ErrNotStarted), errors.Is(err, errReopen):
			// The call had no effect, so it can be repeated in the next process. The limit of
			// deaths ends this loop. enter returns an error if ctx ends.
			p.lost(ctx, i)
		case errors.Is(err, plugin.ErrBroken):
			return r, &sdk.Error{Code: sdk.Unavailable, Message: p.lost(ctx, i) + " during the call" + unknown, Err: err}
		default:
			return r, err
		}
	}
}

// A turn is a lock. A caller can wait for it until a context ends.
type turn chan struct{}

// take waits for the turn and returns the function that releases it. If ctx ends first, take
// returns its error.
func (t turn) take(ctx context.Context) (func(), error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, sdk.AsError(ctx.Err())
	}
}

// enter returns the process, and starts one if there is none. The caller must end the call that
// enter begins.
func (p *Plugin) enter(ctx context.Context) (*instance, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, sdk.AsError(err)
		}
		i, err := p.current()
		if err != nil {
			return nil, err
		}
		if i == nil {
			if i, err = p.restart(ctx); err != nil {
				return nil, err
			}
		}
		if i.process.alive() && i.calls.Begin() {
			return i, nil
		}
		p.retire(i)
	}
}

// current returns the process, or nil if there is none.
func (p *Plugin) current() (*instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, sdk.Invalid("the plugin is closed")
	}
	return p.now, nil
}

// restart starts the process once for all waiting callers.
func (p *Plugin) restart(ctx context.Context) (*instance, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.base, cancel)()
	done, err := p.turn.take(limited)
	if err == nil {
		defer done()
	}
	// Close takes the turn and cancels limited.
	if i, closed := p.current(); i != nil || closed != nil {
		return i, closed
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	wait := p.deaths.wait(time.Now())
	p.mu.Unlock()
	if wait > 0 {
		return nil, &sdk.Error{
			Code: sdk.Unavailable, RetryAfter: wait,
			Message: fmt.Sprintf("the plugin process died %d times within a minute; it is not started again for another %s",
				maxDeaths, wait.Round(time.Second)),
		}
	}
	i, err := start(limited, p.config)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.now = i // Close waits for the turn, and then ends this process
		return i, nil
	case p.closed:
		return nil, sdk.Invalid("the plugin is closed")
	case ctx.Err() == nil:
		p.deaths.note(time.Now())
	}
	return nil, err
}

// lost ends a process with a broken connection, and returns the reason for an error.
func (p *Plugin) lost(ctx context.Context, i *instance) string {
	limit := time.NewTimer(exitWait)
	defer limit.Stop()
	select {
	case <-i.process.done:
	case <-limit.C:
	case <-ctx.Done():
	}
	p.retire(i)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state := i.process.ended(); {
	case p.closed:
		return "the plugin was closed"
	case state != "":
		return "the plugin process died (" + state + ")"
	default:
		return "the connection to the plugin process broke"
	}
}

// retire accepts no more calls for i. It ends i after the calls in progress or after the grace
// period.
func (p *Plugin) retire(i *instance) {
	i.retired.Do(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.now == i {
			p.now = nil
		}
		if !p.closed {
			p.deaths.note(time.Now())
			p.config.Logger.Warn("plugin process lost", "path", p.config.Path, "pid", i.process.ID(), "state", i.process.ended())
		}
		idle := i.calls.Drain()
		p.retiring.Go(func() {
			limit := time.NewTimer(p.config.Grace)
			defer limit.Stop()
			select {
			case <-idle:
			case <-i.process.done:
			case <-limit.C:
			}
			i.end()
		})
	})
}

// deaths limits how often a plugin that dies repeatedly is started.
type deaths struct {
	last [maxDeaths]time.Time // the oldest is at index next
	next int
}

const (
	maxDeaths   = 5
	deathWindow = time.Minute
)

func (d *deaths) note(now time.Time) {
	d.last[d.next] = now
	d.next = (d.next + 1) % maxDeaths
}

// wait returns the time until the next start is allowed.
func (d *deaths) wait(now time.Time) time.Duration {
	oldest := d.last[d.next]
	if oldest.IsZero() {
		return 0
	}
	return max(0, deathWindow-now.Sub(oldest))
}
