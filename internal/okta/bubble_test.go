package okta

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// forgetWindows makes the client forget all rate limit windows.
func forgetWindows(c *Client) { c.transport.Budget.Forget() }

// pipes is a listener with connections inside a [synctest] bubble. In a bubble, time passes only while every
// goroutine waits.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var lastPort atomic.Int32

// bubble runs a test in a synctest bubble. The clock of the org is off by skew. The client leaves 30 % of each rate
// limit to writes.
func bubble(t *testing.T, skew time.Duration, test func(*testing.T, *Client, *oktasim.Org)) {
	t.Helper()
	settings := settingsFor(fmt.Sprintf("http://127.0.0.1:%d", lastPort.Add(1)))
	settings.RateReserve = 30
	// The client is created outside the bubble, because the SDK starts a goroutine that does not end.
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	synctest.Test(t, func(t *testing.T) {
		org := oktasim.New(oktasim.Options{Token: canary, Now: func() time.Time { return time.Now().Add(skew) }})
		listener := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: org}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		c.transport.Base.DialContext = listener.dial
		defer func() {
			c.transport.Base.CloseIdleConnections()
			_ = server.Close()
			<-served
		}()
		test(t, c, org)
	})
}

func readLog(ctx context.Context, c *Client) error {
	_, err := c.Logs(ctx, LogQuery{Since: time.Now().Add(-time.Hour), Limit: 10})
	return err
}

// obey waits for the RetryAfter of a rate limit error.
func obey(t *testing.T, err error) (waited bool) {
	t.Helper()
	if err == nil {
		return false
	}
	e := wantCode(t, err, sdk.RateLimited)
	if e.RetryAfter < time.Second || e.RetryAfter > 15*time.Minute+2*time.Second {
		t.Fatalf("retry after %s", e.RetryAfter)
	}
	if err := httpclient.Sleep(t.Context(), e.RetryAfter); err != nil {
		t.Fatal(err)
	}
	return true
}
