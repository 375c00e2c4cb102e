package gate_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"soar.example/okta/plugin/internal/gate"
)

// Shut waits for exactly those who were let in, however they race with it, and
// lets nobody in afterwards.
func TestGate(t *testing.T) {
	var empty gate.Gate
	<-empty.Shut()
	<-empty.Shut()
	if empty.Enter() {
		t.Error("let in after it was shut")
	}
	for range 500 {
		var g gate.Gate
		var inside atomic.Int64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for g.Enter() {
					inside.Add(1)
					inside.Add(-1)
					g.Leave()
				}
			})
		}
		if !g.Enter() {
			t.Fatal("not let in")
		}
		shut := g.Shut()
		select {
		case <-shut:
			t.Fatal("did not wait")
		default:
		}
		g.Leave()
		<-shut
		if n := inside.Load(); n != 0 {
			t.Fatalf("%d are inside", n)
		}
		callers.Wait()
	}
}
