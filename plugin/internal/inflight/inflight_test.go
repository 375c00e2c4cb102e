package inflight_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"soar.example/okta/plugin/internal/inflight"
)

// TestCalls checks that Drain waits for exactly the calls that began before it, and
// that no call begins after it.
func TestCalls(t *testing.T) {
	var empty inflight.Calls
	<-empty.Drain()
	<-empty.Drain()
	if empty.Begin() {
		t.Error("a call began after Drain")
	}
	for range 500 {
		var c inflight.Calls
		var running atomic.Int64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for c.Begin() {
					running.Add(1)
					running.Add(-1)
					c.End()
				}
			})
		}
		if !c.Begin() {
			t.Fatal("the call did not begin")
		}
		idle := c.Drain()
		select {
		case <-idle:
			t.Fatal("Drain did not wait for a call")
		default:
		}
		c.End()
		<-idle
		if n := running.Load(); n != 0 {
			t.Fatalf("%d calls are in progress", n)
		}
		callers.Wait()
	}
}
