package okta

import (
	"context"
	"sync"

	"soar.example/okta/sdk"
)

// zoneLocks holds a channel of one place for each org. An org outlives the clients
// that are opened on it, and there are few of them.
var zoneLocks sync.Map

// LockZones waits until nobody else in this process changes network zones of the
// org: each change replaces a whole zone, so that two at once would lose one.
func (c *Client) LockZones(ctx context.Context) (unlock func(), err error) {
	v, _ := zoneLocks.LoadOrStore(c.Org(), make(chan struct{}, 1))
	place := v.(chan struct{})
	select {
	case place <- struct{}{}:
		return func() { <-place }, nil
	case <-ctx.Done():
		return nil, sdk.AsError(ctx.Err())
	}
}
