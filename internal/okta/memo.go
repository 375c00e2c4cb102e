package okta

import (
	"sync"
	"time"
)

// A memo keeps what was learned for a while. Concurrent callers wait for one.
type memo[T any] struct {
	mu    sync.Mutex
	value T
	since time.Time
	until time.Time
}

func (m *memo[T]) get(now time.Time, keep time.Duration, learn func() (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.until) {
		return m.value, nil
	}
	value, err := learn()
	if err == nil {
		m.value, m.since, m.until = value, now, now.Add(keep)
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

// memos are a memo for each of many.
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
