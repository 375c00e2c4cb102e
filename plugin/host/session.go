package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// session is a session that is reopened in each new process.
type session struct {
	plugin   *Plugin
	settings json.RawMessage
	turn     turn // to open the session

	mu     sync.Mutex
	at     *instance // process of remote
	remote sdk.Session
	closed bool
}

var _ sdk.Session = (*session)(nil)

func (s *session) Check(ctx context.Context) (sdk.Health, error) {
	return callInSession(ctx, s, "", func(remote sdk.Session) (sdk.Health, error) { return remote.Check(ctx) })
}

func (s *session) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	return callInSession(ctx, s, "; whether the action took effect is not known", func(remote sdk.Session) (sdk.Result, error) {
		return remote.Run(ctx, action, input)
	})
}

func (s *session) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	return callInSession(ctx, s, "", func(remote sdk.Session) (sdk.RawPage, error) { return remote.Poll(ctx, trigger, params, from) })
}

// Close closes the session in its process. A session ends with its process.
func (s *session) Close() error {
	s.mu.Lock()
	at, remote, again := s.at, s.remote, s.closed
	s.closed = true
	s.mu.Unlock()
	if again || remote == nil || !at.process.alive() || !at.calls.Begin() {
		return nil
	}
	defer at.calls.End()
	return remote.Close()
}

// callInSession makes one call in the session, in the current process.
func callInSession[R any](ctx context.Context, s *session, unknown string, call func(sdk.Session) (R, error)) (R, error) {
	if _, err := s.in(nil); err != nil {
		return *new(R), err
	}
	return do(ctx, s.plugin, unknown, func(i *instance) (R, error) {
		remote, err := s.open(ctx, i)
		if err != nil {
			return *new(R), err
		}
		return call(remote)
	})
}

// open returns the session in i. It opens the session once for all concurrent callers.
func (s *session) open(ctx context.Context, i *instance) (sdk.Session, error) {
	if remote, err := s.in(i); remote != nil || err != nil {
		return remote, err
	}
	done, err := s.turn.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if remote, err := s.in(i); remote != nil || err != nil {
		return remote, err
	}
	remote, err := i.backend.Open(sdk.WithHostKey(ctx, s.plugin.config.Key), s.settings)
	if errors.Is(err, plugin.ErrBroken) {
		return nil, fmt.Errorf("%w: %w", errReopen, err)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	closed := s.closed
	s.at, s.remote = i, remote
	s.mu.Unlock()
	if closed {
		_ = remote.Close() // the caller only needs to know that the session is closed
		return nil, errClosed()
	}
	return remote, nil
}

// in returns the session in i, or nil if it is not open in i.
func (s *session) in(i *instance) (sdk.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errClosed()
	case s.at != i:
		return nil, nil
	}
	return s.remote, nil
}

func errClosed() error { return sdk.Errorf(sdk.InvalidInput, "the session is closed") }
