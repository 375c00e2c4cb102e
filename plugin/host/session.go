package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// session is a session that is opened again in every process that follows.
type session struct {
	plugin   *Plugin
	settings json.RawMessage
	turn     chan struct{} // held by whoever opens it

	mu     sync.Mutex
	at     *instance // the process that remote is in
	remote sdk.Session
	closed bool
}

var _ sdk.Session = (*session)(nil)

func newSession(p *Plugin, settings json.RawMessage) *session {
	return &session{plugin: p, settings: slices.Clone(settings), turn: make(chan struct{}, 1)}
}

func (s *session) Check(ctx context.Context) (h sdk.Health, err error) {
	err = s.do(ctx, "", func(remote sdk.Session) error {
		h, err = remote.Check(ctx)
		return err
	})
	return h, err
}

func (s *session) Run(ctx context.Context, action string, input json.RawMessage) (r sdk.Result, err error) {
	err = s.do(ctx, "; whether the action took effect is not known", func(remote sdk.Session) error {
		r, err = remote.Run(ctx, action, input)
		return err
	})
	return r, err
}

func (s *session) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (page sdk.RawPage, err error) {
	err = s.do(ctx, "", func(remote sdk.Session) error {
		page, err = remote.Poll(ctx, trigger, params, from)
		return err
	})
	return page, err
}

// Close closes the session where it is open. A process that is gone took it
// along.
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

// do has f make one call on the session, as it is in the process of now.
func (s *session) do(ctx context.Context, fate string, f func(sdk.Session) error) error {
	if s.isClosed() {
		return errClosed()
	}
	return s.plugin.do(ctx, fate, func(i *instance) error {
		remote, err := s.open(ctx, i)
		if err != nil {
			return err
		}
		return f(remote)
	})
}

// open returns the session in i, opened there once for all who wait for it.
func (s *session) open(ctx context.Context, i *instance) (sdk.Session, error) {
	if remote, err := s.in(i); remote != nil || err != nil {
		return remote, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, sdk.AsError(ctx.Err())
	}
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
		_ = remote.Close() // what counts for the caller is that it is closed
		return nil, errClosed()
	}
	return remote, nil
}

// in returns the session in i, nil if it is not open there.
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

func (s *session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func errClosed() error { return sdk.Errorf(sdk.InvalidInput, "the session is closed") }
