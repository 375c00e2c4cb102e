// Package cache caches the results of reads for a limited time.
package cache

import (
	"context"
	"sync"
	"time"
)

// A Value caches the result of a read. It is safe for concurrent use.
type Value[T any] struct {
	mu      sync.Mutex
	value   T
	since   time.Time
	until   time.Time
	reading chan struct{} // closed at the end of the current read; nil if there is none
}

// Get returns the cached value, or the result of read, which also returns how long to keep it. Concurrent callers
// wait for the first caller, each within its own ctx. If the first read fails, each caller reads for itself. The
// error may concern only the first caller, and waiting in turn would add up the timeouts.
func (m *Value[T]) Get(ctx context.Context, now time.Time, read func() (T, time.Duration, error)) (value T, err error) {
	m.mu.Lock()
	if now.Before(m.until) {
		defer m.mu.Unlock()
		return m.value, nil
	}
	first := m.reading
	if first == nil {
		mine := make(chan struct{})
		m.reading = mine
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.reading = nil
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
		if value, ok := m.Peek(now); ok {
			return value, nil
		}
	}
	value, keep, err := read()
	if err == nil {
		m.Set(now, keep, value)
	}
	return value, err
}

// Set stores a value.
func (m *Value[T]) Set(now time.Time, keep time.Duration, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value, m.since, m.until = value, now, now.Add(keep)
}

// After returns the value if it was stored at or after t.
func (m *Value[T]) After(t time.Time) (value T, ok bool) {
	return m.valueIf(func() bool { return !m.since.Before(t) })
}

// Peek returns the value if Get would not read.
func (m *Value[T]) Peek(now time.Time) (value T, ok bool) {
	return m.valueIf(func() bool { return now.Before(m.until) })
}

func (m *Value[T]) valueIf(fits func() bool) (value T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ok = fits(); ok {
		value = m.value
	}
	return value, ok
}

// maxValues is the maximum number of values in a Map. Another value clears the map, which only costs new reads.
const maxValues = 1000

// A Map contains a Value for each key.
type Map[T any] struct {
	mu  sync.Mutex
	all map[string]*Value[T]
}

// Of returns the value of a key.
func (m *Map[T]) Of(id string) *Value[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.all[id]
	if !ok {
		if len(m.all) >= maxValues || m.all == nil {
			m.all = map[string]*Value[T]{}
		}
		one = new(Value[T])
		m.all[id] = one
	}
	return one
}

// Forget removes the value of a key.
func (m *Map[T]) Forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, id)
}

// ForgetAll removes every value.
func (m *Map[T]) ForgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}
