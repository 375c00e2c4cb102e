package embedded

import "sync"

// A signal wakes everybody who waits for something to have changed.
type signal struct {
	mu sync.Mutex
	c  chan struct{}
}

// next returns a channel that the next wake closes. Get it before looking at
// what may change, or the change in between is missed.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c == nil {
		s.c = make(chan struct{})
	}
	return s.c
}

func (s *signal) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		close(s.c)
		s.c = nil
	}
}
