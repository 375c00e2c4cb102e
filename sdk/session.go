package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"sync/atomic"
	"unicode/utf8"

	"soar.example/okta/internal/nearest"
)

type session[S, C any] struct {
	backend *backend[S, C]
	client  C
	closed  atomic.Bool
	key     []byte          // of the host, nil if it has none
	ended   context.Context // done when the session is closed
	end     context.CancelFunc
}

func newSession[S, C any](ctx context.Context, b *backend[S, C], client C) *session[S, C] {
	s := &session[S, C]{backend: b, client: client, key: bytes.Clone(HostKey(ctx))}
	// The session outlives the call that opened it.
	s.ended, s.end = context.WithCancel(context.WithoutCancel(ctx))
	return s
}

func (s *session[S, C]) Check(ctx context.Context) (Health, error) {
	var h Health
	l := newLine(ctx, "checked")
	_, err := s.call(ctx, l, func(ctx context.Context) (err error) {
		defer recovered(ctx, "check", &err)
		h, err = s.backend.check(ctx, s.client)
		if empty(err) {
			l.add("target", h.Target)
		}
		return err
	})
	return h, err
}

func (s *session[S, C]) Run(ctx context.Context, action string, input json.RawMessage) (Result, error) {
	var out json.RawMessage
	l := newLine(ctx, "ran action", "action", shorten(action, 80))
	sent, err := s.call(ctx, l, func(ctx context.Context) (err error) {
		op, ok := s.backend.actions[action]
		if !ok {
			return Invalid("there is no action " + quote(action) + nearest.Hint(action, s.backend.manifest.ActionNames()))
		}
		if g, ok := any(s.client).(Authorizer); ok {
			if err := g.Authorize(action); err != nil {
				return err
			}
		}
		out, err = op.run(ctx, s.client, input)
		return err
	})
	return Result{Output: out, Calls: sent}, err
}

func (s *session[S, C]) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (RawPage, error) {
	var page RawPage
	l := newLine(ctx, "polled", "trigger", shorten(trigger, 80))
	sent, err := s.call(ctx, l, func(ctx context.Context) (err error) {
		src, err := s.backend.trigger(trigger)
		if err != nil {
			return err
		}
		page, err = src.poll(ctx, s.client, params, from)
		l.add("seen", page.Seen, "matched", len(page.Events))
		return err
	})
	page.Calls = sent
	return page, err
}

func (s *session[S, C]) Close() (err error) {
	if s.closed.Swap(true) {
		return nil
	}
	s.end()
	c, ok := any(s.client).(io.Closer)
	if !ok {
		c, ok = any(&s.client).(io.Closer)
	}
	if !ok {
		return nil
	}
	defer recovered(s.ended, "closing "+s.backend.manifest.Name, &err)
	return asError(c.Close())
}

// call runs one call of the session's: it ends with the session, leaves line l in
// the log, and returns the requests that were sent.
func (s *session[S, C]) call(ctx context.Context, l *line, run func(context.Context) error) ([]Call, error) {
	ctx, sent := withCalls(WithHostKey(ctx, s.key))
	if s.closed.Load() {
		err := Errorf(InvalidInput, "the session is closed")
		l.write(nil, err)
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	err := ctx.Err()
	if err == nil {
		err = run(ctx)
	}
	requests := sent.list()
	l.write(requests, AsError(err))
	return requests, asError(err)
}

func quote(s string) string {
	b, _ := json.Marshal(shorten(s, 80))
	return string(b)
}

// shorten cuts s between letters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
