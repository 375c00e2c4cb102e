// Package inflight counts the calls in progress and waits until they have ended.
package inflight

import "sync"

// Calls counts the calls in progress. The zero value accepts calls.
type Calls struct {
	mu    sync.Mutex
	count int
	idle  chan struct{} // nil until Drain is called; closed when no call is in progress
}

// Begin starts a call and reports whether calls are still accepted. If it returns
// true, the caller must call End.
func (c *Calls) Begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil {
		return false
	}
	c.count++
	return true
}

// End ends a call that Begin started.
func (c *Calls) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	if c.idle != nil && c.count == 0 {
		close(c.idle)
	}
}

// Drain stops accepting calls. It returns a channel that closes when the last call has
// ended. Every call of Drain returns the same channel.
func (c *Calls) Drain() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = make(chan struct{})
		if c.count == 0 {
			close(c.idle)
		}
	}
	return c.idle
}
