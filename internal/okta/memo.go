package okta

import (
	"context"
	"sync"
	"time"
)

// A memo keeps what was learned for a while.
type memo[T any] struct {
	mu       sync.Mutex
	value    T
	since    time.Time
	until    time.Time
	learning chan struct{} // closed once whoever learns is done; nil while nobody does
}

// get returns the value, or what learn finds out and for how long that is to be kept.
// Callers at the same time wait for the first of them, each no longer than its ctx
// lets it. If the first fails, each asks for itself: the fault may have been the
// first one's own, and a row of them would wait for one another's timeouts.
func (m *memo[T]) get(ctx context.Context, now time.Time, learn func() (T, time.Duration, error)) (value T, err error) {
	m.mu.Lock()
	if now.Before(m.until) {
		defer m.mu.Unlock()
		return m.value, nil
	}
	first := m.learning
	if first == nil {
		mine := make(chan struct{})
		m.learning = mine
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.learning = nil
			close(mine)
		}()
	}
	m.mu.Unlock()
	if first != nil {
		select {
		case <-first:
		case <-ctx.Done():
			return value, ctx.Err()
		}
		if value, ok := m.peek(now); ok {
			return value, nil
		}
	}
	value, keep, err := learn()
	if err == nil {
		m.set(now, keep, value)
	}
	return value, err
}

func (m *memo[T]) set(now time.Time, keep time.Duration, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value, m.since, m.until = value, now, now.Add(keep)
}

// after returns the value if it was learned at that time or later.
func (m *memo[T]) after(t time.Time) (value T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.Before(t) {
		return value, false
	}
	return m.value, true
}

// peek returns the value if get would ask nobody.
func (m *memo[T]) peek(now time.Time) (value T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !now.Before(m.until) {
		return value, false
	}
	return m.value, true
}

// mostMemos is how many memos are kept of one kind; then all are forgotten, which
// costs no more than asking again.
const mostMemos = 1000

// memos are a memo for each of many. One that is forgotten while somebody learns what
// it is to keep is not there any more when that comes.
type memos[T any] struct {
	mu  sync.Mutex
	all map[string]*memo[T]
}

func (m *memos[T]) of(id string) *memo[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.all[id]
	if !ok {
		if len(m.all) >= mostMemos || m.all == nil {
			m.all = map[string]*memo[T]{}
		}
		one = new(memo[T])
		m.all[id] = one
	}
	return one
}

func (m *memos[T]) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, id)
}

func (m *memos[T]) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}
