package guard

import (
	"context"
	"testing"
)

// A write to a super administrator that waits for another one ends with its context.
func TestLockSupersEndsWithItsContext(t *testing.T) {
	g := New(Rules{}, nil, Principal{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unlock, err := g.lockSupers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := g.lockSupers(ctx); err == nil {
		t.Error("two writes to super administrators are under way")
	}
}
