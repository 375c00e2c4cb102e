package sdk

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/nearest"
)

type session[S, C any] struct {
	backend *backend[S, C]
	client  C
	closed  atomic.Bool
}

func (s *session[S, C]) Check(ctx context.Context) (h Health, err error) {
	if err := s.usable(ctx); err != nil {
		return Health{}, err
	}
	start := time.Now()
	ctx, sent := withCalls(ctx)
	func() {
		defer recovered(ctx, "check", &err)
		h, err = s.backend.check(ctx, s.client)
	}()
	log(ctx, "checked", start, sent, err, "target", h.Target)
	return h, asError(err)
}

func (s *session[S, C]) Run(ctx context.Context, action string, input json.RawMessage) (Result, error) {
	if err := s.usable(ctx); err != nil {
		return Result{}, err
	}
	op, ok := s.backend.actions[action]
	if !ok {
		return Result{}, Invalid("there is no action " + quote(action) + nearest.Hint(action, s.backend.manifest.ActionNames()))
	}
	start := time.Now()
	ctx, sent := withCalls(ctx)
	out, err := op.run(ctx, s.client, input)
	log(ctx, "ran action", start, sent, err, "action", action)
	return Result{Output: out, Calls: sent.list()}, asError(err)
}

func (s *session[S, C]) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (RawPage, error) {
	if err := s.usable(ctx); err != nil {
		return RawPage{}, err
	}
	src, ok := s.backend.triggers[trigger]
	if !ok {
		return RawPage{}, Invalid("there is no trigger " + quote(trigger) + nearest.Hint(trigger, s.backend.manifest.TriggerNames()))
	}
	start := time.Now()
	ctx, sent := withCalls(ctx)
	page, err := src.poll(ctx, s.client, params, from)
	page.Calls = sent.list()
	log(ctx, "polled", start, sent, err, "trigger", trigger, "seen", page.Seen, "matched", len(page.Events))
	return page, asError(err)
}

func (s *session[S, C]) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if c, ok := any(s.client).(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (s *session[S, C]) usable(ctx context.Context) error {
	if s.closed.Load() {
		return Errorf(InvalidInput, "the session is closed")
	}
	return asError(ctx.Err())
}

// asError keeps a nil *Error from becoming an error that is not nil.
func asError(err error) error {
	if err == nil {
		return nil
	}
	return AsError(err)
}

// log writes the one line that every call leaves.
func log(ctx context.Context, msg string, start time.Time, sent *calls, err error, args ...any) {
	args = append(slices.Clip(args), "duration", time.Since(start).Round(time.Microsecond))
	requests := sent.list()
	args = append(args, "requests", len(requests))
	if n := len(requests); n > 0 && requests[n-1].RequestID != "" {
		args = append(args, "request_id", requests[n-1].RequestID)
	}
	if err != nil {
		e := AsError(err)
		args = append(args, "code", e.Code, "error", e.Message)
	}
	hclog.FromContext(ctx).Info(msg, args...)
}

func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	b, _ := json.Marshal(s)
	return string(b)
}
