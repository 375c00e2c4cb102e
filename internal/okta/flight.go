package okta

import (
	"context"

	"soar.example/okta/sdk"
)

// A flight is one fetch of an access token, which every request that needs one
// waits for. It ends with its result, or when nobody waits any more: whoever gives
// up does not spoil it for the others.
type flight struct {
	landed  chan struct{} // closed once token and err are there
	token   *accessToken
	err     error
	waiting int
	abort   context.CancelFunc
}

// takeOff begins a flight. It is logged and recorded with the call that began it,
// and does not end with it. The caller holds the lock.
func (o *oauth) takeOff(ctx context.Context) *flight {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.timeout)
	f := &flight{landed: make(chan struct{}), abort: cancel}
	o.flight = f
	go func() {
		defer cancel()
		t, err := o.fetch(ctx)
		o.land(f, t, err)
	}()
	return f
}

func (o *oauth) land(f *flight, t *accessToken, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flight == f {
		o.flight = nil
		switch old := o.current; {
		case err == nil:
			o.current = t
			o.scopes.said(t.scopes)
		case old != nil && o.now().Before(old.ends) && sdk.AsError(o.failure(err)).Code.Transient():
			// It was early to renew. The old token still serves.
			t, err = old, nil
		}
	}
	f.token, f.err = t, err
	close(f.landed)
}

func (o *oauth) leave(f *flight) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && o.flight == f {
		o.flight = nil
		f.abort()
	}
}
