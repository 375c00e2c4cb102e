package sdk

import (
	"context"
	"slices"
	"sync"
)

type callsKey struct{}

// calls collects the requests that one Run or Poll sends.
type calls struct {
	mu  sync.Mutex
	all []Call
}

func withCalls(ctx context.Context) (context.Context, *calls) {
	c := new(calls)
	return context.WithValue(ctx, callsKey{}, c), c
}

func (c *calls) list() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// RecordCall notes a request to the service on the Run or Poll that ctx belongs
// to, for its audit trail. A connector's transport calls it for every request.
func RecordCall(ctx context.Context, call Call) {
	if c, ok := ctx.Value(callsKey{}).(*calls); ok {
		c.mu.Lock()
		c.all = append(c.all, call)
		c.mu.Unlock()
	}
}
