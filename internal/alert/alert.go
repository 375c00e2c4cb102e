// Package alert sends a message after a failure: it calls the action that on_failure names.
package alert

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// The kinds of failures.
const (
	RunFailed    = "run_failed"
	WatchStopped = "watch_stopped"
	Unhealthy    = "unhealthy"
	WritesPaused = "writes_paused"
)

// sendTimeout is the time limit of one alert.
const sendTimeout = 30 * time.Second

// Options configure a Sender. Store and Of are required.
type Options struct {
	Store *embedded.Store
	Case  string // for the audit trail
	// Of returns the alert for failures of the playbook with this name, or for other failures if the name is "", and the
	// connection of its action. Without an alert, it returns nil.
	Of     func(playbook string) (*playbook.Alert, *embedded.Connection)
	Logger hclog.Logger
}

// A Sender sends at most one alert for each cause and window. A cause is a kind of failure, and the playbook if a run
// failed. The windows survive a restart, because the audit trail records the alerts. An alert that cannot be sent is
// logged, and the next failure of its cause is tried at once. A Sender is safe for concurrent use.
type Sender struct {
	o       Options
	waiting chan struct{} // holds a value if a failure waits

	mu     sync.Mutex
	causes map[string]*cause
	order  []string // causes with a failure that waits
}

// A cause is the state of one cause.
type cause struct {
	failure    *playbook.Failure // waits to be sent
	suppressed int               // failures since the last alert
	until      time.Time         // end of the window; zero: the audit trail was not read yet
	read       bool
}

// New returns a Sender.
func New(o Options) *Sender {
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	return &Sender{o: o, waiting: make(chan struct{}, 1), causes: map[string]*cause{}}
}

// key returns the name of the cause of a failure.
func key(f playbook.Failure) string {
	if f.Playbook != "" {
		return f.Kind + " " + f.Playbook
	}
	return f.Kind
}

// Report notes a failure. [Sender.Run] sends the alert.
func (s *Sender) Report(f playbook.Failure) {
	f.Time = time.Now().UTC().Format(time.RFC3339)
	f.Host, _ = os.Hostname() // "" if it is unknown
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.causes[key(f)]
	if c == nil {
		c = new(cause)
		s.causes[key(f)] = c
	}
	if c.failure != nil || time.Now().Before(c.until) {
		c.suppressed++
		return
	}
	c.failure = &f
	s.order = append(s.order, key(f))
	select {
	case s.waiting <- struct{}{}:
	default:
	}
}

// Run sends alerts until ctx ends. Then it sends those that wait.
func (s *Sender) Run(ctx context.Context) {
	for {
		select {
		case <-s.waiting:
			s.sendAll(context.WithoutCancel(ctx))
		case <-ctx.Done():
			s.sendAll(context.WithoutCancel(ctx))
			return
		}
	}
}

func (s *Sender) sendAll(ctx context.Context) {
	for {
		s.mu.Lock()
		if len(s.order) == 0 {
			s.mu.Unlock()
			return
		}
		name := s.order[0]
		c := s.causes[name]
		f := *c.failure
		f.Suppressed = c.suppressed
		s.mu.Unlock()
		until, sent := s.send(ctx, name, f, c.read)
		s.mu.Lock()
		s.order = s.order[1:]
		c.failure, c.read, c.until = nil, true, until
		if sent {
			c.suppressed -= f.Suppressed
		} else {
			c.suppressed++
		}
		s.mu.Unlock()
	}
}

// send sends one alert, unless the audit trail shows an alert of the same cause within the window. It returns the end of
// the window, and whether it has sent the alert.
func (s *Sender) send(ctx context.Context, name string, f playbook.Failure, read bool) (until time.Time, sent bool) {
	alert, c := s.o.Of(f.Playbook)
	if alert == nil {
		return time.Time{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	logger := s.o.Logger.With("cause", name, "action", alert.Connection+"/"+alert.Action)
	if !read {
		last, err := s.o.Store.LastAlert(ctx, name)
		if err != nil {
			logger.Warn("cannot read the last alert", "error", err)
		}
		if until := last.Add(alert.Window); time.Now().Before(until) {
			return until, false
		}
	}
	if err := s.call(ctx, alert, c, name, f); err != nil {
		logger.Error("cannot send the alert", "failure", f.Text, "error", err)
		return time.Time{}, false
	}
	logger.Info("alert sent", "suppressed_before", f.Suppressed)
	return time.Now().Add(alert.Window), true
}

func (s *Sender) call(ctx context.Context, alert *playbook.Alert, c *embedded.Connection, name string, f playbook.Failure) error {
	if c == nil {
		return errors.New("the connection " + alert.Connection + " is not open")
	}
	input, err := alert.Input(f)
	if err != nil {
		return err
	}
	_, err = s.o.Store.Perform(hclog.WithContext(ctx, s.o.Logger), c.Session, alert.Info, input, embedded.Caller{
		Org: c.Org, Manifest: c.Manifest, Limits: c.Limits, Shadow: c.Shadow, Connection: c.Name, Case: s.o.Case, Playbook: f.Playbook, Alert: name,
	})
	if e := sdk.AsError(err); e != nil {
		return e
	}
	return nil
}
