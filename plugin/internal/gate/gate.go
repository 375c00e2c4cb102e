// Package gate counts who is inside, and lets one wait until all have left.
package gate

import "sync"

// A Gate lets callers in until it is shut. The zero Gate is open.
type Gate struct {
	mu     sync.Mutex
	inside int
	empty  chan struct{} // not nil once shut; closed when the last has left
}

// Enter reports whether the caller is let in, and must call Leave.
func (g *Gate) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty != nil {
		return false
	}
	g.inside++
	return true
}

// Leave lets the caller out.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.empty != nil && g.inside == 0 {
		close(g.empty)
	}
}

// Shut lets nobody in any more. The channel closes when all have left. It may be
// called again, and returns the same channel.
func (g *Gate) Shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
		if g.inside == 0 {
			close(g.empty)
		}
	}
	return g.empty
}
