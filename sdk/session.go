package sdk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"

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
		defer Recover(ctx, "check", &err)
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
	defer Recover(s.ended, "closing "+s.backend.manifest.Name, &err)
	return asError(c.Close())
}

// call runs one call of the session's: it ends with the session, leaves line l in
// the log, and returns the requests that were sent.
func (s *session[S, C]) call(ctx context.Context, l *line, run func(context.Context) error) ([]Call, error) {
	ctx = withList[Call](WithHostKey(ctx, s.key))
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
	requests := recorded[Call](ctx).values()
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

// RecordCall records a request to the service on the Run or Poll that ctx belongs
// to, for its audit trail. A connector's transport calls it for every request.
func RecordCall(ctx context.Context, call Call) { recorded[Call](ctx).add(call) }

// A list gathers values of one call in its context. A nil list takes none.
type list[T any] struct {
	mu  sync.Mutex
	all []T
}

type listKey[T any] struct{}

func withList[T any](ctx context.Context) context.Context {
	return context.WithValue(ctx, listKey[T]{}, new(list[T]))
}

func recorded[T any](ctx context.Context) *list[T] {
	l, _ := ctx.Value(listKey[T]{}).(*list[T])
	return l
}

func (l *list[T]) add(value T) {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, value)
	}
}

func (l *list[T]) values() []T {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// A line is the one that every call of a session leaves in the log.
type line struct {
	logger hclog.Logger
	msg    string
	start  time.Time
	fields []any
}

func newLine(ctx context.Context, msg string, fields ...any) *line {
	return &line{logger: hclog.FromContext(ctx), msg: msg, start: time.Now(), fields: fields}
}

func (l *line) add(fields ...any) { l.fields = append(l.fields, fields...) }

func (l *line) write(requests []Call, e *Error) {
	l.add("duration", time.Since(l.start).Round(time.Microsecond), "requests", len(requests))
	if n := len(requests); n > 0 && requests[n-1].RequestID != "" {
		l.add("request_id", requests[n-1].RequestID)
	}
	if e != nil {
		l.add("code", e.Code, "error", e.Message)
	}
	l.logger.Info(l.msg, l.fields...)
}

type hostKeyKey struct{}

// HostKeySize is the size of a host's key in bytes.
const HostKeySize = 32

// WithHostKey returns a context in which a session is opened with the host's key. A
// host makes the key once, at random, and keeps it secret. Sessions that are opened
// with the same key know each other's signatures; see [Sign].
func WithHostKey(ctx context.Context, key []byte) context.Context {
	return context.WithValue(ctx, hostKeyKey{}, key)
}

// HostKey returns the key of ctx, nil if there is none.
func HostKey(ctx context.Context) []byte {
	key, _ := ctx.Value(hostKeyKey{}).([]byte)
	return key
}

// Sign returns the signature of a document that one action outputs and another action
// accepts as input. A signature is valid only for its purpose.
// Sign returns "" if the session was opened without a key.
func Sign(ctx context.Context, purpose string, doc []byte) string {
	key := HostKey(ctx)
	if len(key) != HostKeySize {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write(doc)
	return hex.EncodeToString(mac.Sum(nil))
}

// Signed reports whether [Sign] made the signature of this document for this purpose,
// in a session with the same key.
func Signed(ctx context.Context, purpose string, doc []byte, signature string) bool {
	want := Sign(ctx, purpose, doc)
	return want != "" && hmac.Equal([]byte(want), []byte(signature))
}
