// Package rotation keeps a session usable while the secrets of its connection change in their files.
package rotation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

const (
	// checkEvery is the shortest time between two reads of the files, unless the service rejects the credentials.
	checkEvery = time.Second
	// retryEvery is the wait before rejected settings are tried again.
	retryEvery = 30 * time.Second
	// maxAttempts is more than one repetition, because the secrets can change again during a call.
	maxAttempts = 4
)

// Options say where the settings come from and how a session is opened. Logger is optional.
type Options struct {
	// Settings reads the settings of the connection with the current content of the files.
	Settings func() (json.RawMessage, error)
	Open     func(ctx context.Context, settings json.RawMessage) (sdk.Session, error)
	Logger   hclog.Logger
}

// A Session is a session that follows its settings. Before a call, it reads the files of secrets again, at most once a
// second. If they changed, it opens a new session, checks it, and uses it for all later calls. The former session ends
// after its calls. If the new settings are rejected, the session keeps the former ones.
//
// A call that fails with [sdk.Unauthenticated] is repeated if the files contain new secrets and the service has
// accepted no write of the call.
type Session struct {
	o Options

	renewal chan struct{} // held while the files are read and a session is opened

	mu       sync.Mutex
	current  *generation
	settings json.RawMessage // of current
	target   string          // of the connection, "" until a check has found it
	checked  time.Time       // last read of the files
	rejected json.RawMessage // settings that were tried in vain
	retry    time.Time       // when rejected is tried again, or a read that fails is logged again
	closed   bool
}

// A generation is a session with the number of its calls.
type generation struct {
	sdk.Session
	calls   int
	retired bool
}

var _ sdk.Session = (*Session)(nil)

// Open reads the settings and opens a session.
func Open(ctx context.Context, o Options) (*Session, error) {
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	settings, err := o.Settings()
	if err != nil {
		return nil, err
	}
	first, err := o.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	return &Session{
		o: o, renewal: make(chan struct{}, 1), current: &generation{Session: first}, settings: settings, checked: time.Now(),
	}, nil
}

// Check implements [sdk.Session].
func (s *Session) Check(ctx context.Context) (health sdk.Health, err error) {
	err = s.call(ctx, func(one sdk.Session) (bool, error) {
		health, err = one.Check(ctx)
		return true, err
	})
	if err == nil {
		s.mu.Lock()
		s.target = health.Target
		s.mu.Unlock()
	}
	return health, err
}

// Run implements [sdk.Session].
func (s *Session) Run(ctx context.Context, action string, input json.RawMessage) (result sdk.Result, err error) {
	err = s.call(ctx, func(one sdk.Session) (bool, error) {
		result, err = one.Run(ctx, action, input)
		return !slices.ContainsFunc(result.Calls, mayHaveChanged), err
	})
	return result, err
}

// Poll implements [sdk.Session].
func (s *Session) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (page sdk.RawPage, err error) {
	err = s.call(ctx, func(one sdk.Session) (bool, error) {
		page, err = one.Poll(ctx, trigger, params, from)
		return true, err
	})
	return page, err
}

// Close implements [sdk.Session]. Calls that are under way fail.
func (s *Session) Close() error {
	s.renewal <- struct{}{}
	defer func() { <-s.renewal }()
	s.mu.Lock()
	last := s.current
	s.closed = true
	s.mu.Unlock()
	return last.Close()
}

// mayHaveChanged reports whether a request may have changed something.
func mayHaveChanged(c sdk.Call) bool {
	read := c.Method == http.MethodGet || c.Method == http.MethodHead
	return !read && (c.Status < 400 || c.Status >= 500)
}

// call makes a call in the current session. The call reports whether it can be repeated.
func (s *Session) call(ctx context.Context, do func(sdk.Session) (repeatable bool, err error)) error {
	s.renew(ctx, nil)
	for attempt := 1; ; attempt++ {
		g := s.acquire()
		repeatable, err := do(g.Session)
		s.release(g)
		e := sdk.AsError(err)
		if e == nil || e.Code != sdk.Unauthenticated || !repeatable || attempt == maxAttempts || !s.renew(ctx, g) {
			return err
		}
	}
}

func (s *Session) acquire() *generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current.calls++
	return s.current
}

func (s *Session) release(g *generation) {
	s.mu.Lock()
	g.calls--
	ended := g.retired && g.calls == 0
	s.mu.Unlock()
	if ended {
		s.close(g)
	}
}

func (s *Session) close(g *generation) {
	if err := g.Close(); err != nil {
		s.o.Logger.Warn("cannot close the session with the former secrets", "error", err)
	}
}

// renew opens a new session if the settings have changed. Before a call, failed is nil: renew then reads the files at most
// once a second and does not wait for another renewal. After a call, failed is the generation whose credentials were
// rejected. The result reports whether a later generation is in use.
func (s *Session) renew(ctx context.Context, failed *generation) bool {
	if failed == nil {
		s.mu.Lock()
		recent := time.Since(s.checked) < checkEvery
		s.mu.Unlock()
		if recent {
			return false
		}
		select {
		case s.renewal <- struct{}{}:
		default:
			return false
		}
	} else {
		select {
		case s.renewal <- struct{}{}:
		case <-ctx.Done():
			return false
		}
	}
	defer func() { <-s.renewal }()
	s.mu.Lock()
	s.checked = time.Now()
	before, settings, target, rejected, retry, closed := s.current, s.settings, s.target, s.rejected, s.retry, s.closed
	s.mu.Unlock()
	if closed {
		return false
	}
	if failed != nil && before != failed {
		return true
	}
	now, err := s.o.Settings()
	switch {
	case err != nil:
		if !time.Now().Before(retry) {
			s.keep("cannot read the secrets again. The connection keeps the former ones", rejected, err)
		}
		return false
	case string(now) == string(settings), string(now) == string(rejected) && time.Now().Before(retry):
		return false
	}
	next, err := s.open(ctx, now, target)
	if err != nil {
		s.keep("the new secrets are rejected. The connection keeps the former ones", now, err)
		return false
	}
	s.o.Logger.Info("the connection uses the new secrets")
	s.mu.Lock()
	s.current, s.settings, s.rejected = &generation{Session: next}, now, nil
	before.retired = true
	ended := before.calls == 0
	s.mu.Unlock()
	if ended {
		s.close(before)
	}
	return true
}

// keep logs why the session keeps its secrets, and sets the time of the next attempt.
func (s *Session) keep(message string, rejected json.RawMessage, err error) {
	s.o.Logger.Warn(message, "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejected, s.retry = rejected, time.Now().Add(retryEvery)
}

// open opens a session that the service accepts, and that acts on the same account.
func (s *Session) open(ctx context.Context, settings json.RawMessage, target string) (sdk.Session, error) {
	next, err := s.o.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	health, err := next.Check(ctx)
	if err == nil && target != "" && health.Target != target {
		err = sdk.Invalid("the new secrets belong to " + health.Target + ", and the connection to " + target + ". Restart to change the account")
	}
	if err != nil {
		_ = next.Close() // the error of the check matters more
		return nil, err
	}
	return next, nil
}
