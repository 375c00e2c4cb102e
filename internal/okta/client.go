// Package okta is the only door to Okta. It returns this project's types and
// errors, and nothing else imports the Okta SDK.
//
// The SDK builds the requests it can build; what comes back is kept by the
// transport, byte for byte, and read here. Its own decoding loses nulls, fails
// whole pages over one odd field and flattens errors to text, so its answers are
// not used.
package okta

//go:generate go run soar.example/okta/schema/describe

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/sdk"
)

// Version is the connector's version, sent to Okta in the User-Agent header.
const Version = "0.1.0"

// A Client acts on one org with one login. It is safe for concurrent use.
type Client struct {
	origin  *url.URL
	login   login
	api     *sdkv4.APIClient
	http    *http.Client
	base    *http.Transport
	timeout time.Duration
	guard   *guard
	offered func(context.Context) ([]Operation, error)
	own     *own
	paces   sync.Map      // filter to *Pace
	named   memos[*Group] // groups by name
	budget  *budget
	leave   func() // gives the budget back
}

// Open makes a client. It reads nothing but settings (no environment, no files)
// and sends nothing.
func Open(_ context.Context, settings Settings) (*Client, error) {
	origin, err := settings.origin()
	if err != nil {
		return nil, err
	}
	timeout := settings.Timeout.Std()
	if timeout <= 0 {
		timeout = time.Minute
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 16
	base.OnProxyConnectResponse = proxyRefusal
	guard := newGuard(settings.Guards)
	own := &own{clientID: settings.ClientID}
	transport := &transport{origin: origin, base: base, guard: guard, own: own, reserve: settings.RateReserve}
	if transport.login, err = settings.login(transport, timeout); err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport: transport,
		// Okta's API does not redirect, and a token must not follow whoever does.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var leave func()
	transport.budget, leave = budgets.join(origin, settings)
	c := &Client{
		budget: transport.budget, leave: leave,
		origin: origin, login: transport.login, base: base, http: client, timeout: timeout, guard: guard, own: own,
		api: sdkv4.NewAPIClient(configuration(origin, client)),
	}
	guard.client = c
	return c, nil
}

// configuration is made by hand because the SDK's NewConfiguration lets the
// environment and two files switch on debug output with the token in it, a proxy,
// or a cache that never expires, prints to stdout, sends an address without a
// scheme to subdomain.okta.com, and drops the port.
func configuration(origin *url.URL, client *http.Client) *sdkv4.Configuration {
	c := &sdkv4.Configuration{
		Host: origin.Host, Scheme: origin.Scheme, HTTPClient: client,
		DefaultHeader: map[string]string{},
		Servers:       sdkv4.ServerConfigurations{{URL: origin.String()}},
	}
	c.Okta.Client.AuthorizationMode = "SSWS" // the transport sets the header itself
	return c
}

// agentName begins every User-Agent of this connector's, of any version.
const agentName = "soar-okta/"

var userAgent = agentName + Version + " " + runtime.Version()

// Close ends the client's connections. Calls that are under way fail.
func (c *Client) Close() error {
	c.leave()
	c.base.CloseIdleConnections()
	return nil
}

// Org returns the org's address.
func (c *Client) Org() string { return c.origin.String() }

// Check reaches the org and says whose login it is, and what is amiss with it. An error
// beside a Health is about the settings: the org was reached.
func Check(ctx context.Context, c *Client) (sdk.Health, error) {
	// The test is to be answered when there is little left, too.
	me, err := c.send(sdk.WithEffect(ctx, sdk.Writes), http.MethodGet, "/api/v1/users/me", nil, nil)
	account, notes, fault := c.login.identify(me, err)
	if fault != nil {
		return sdk.Health{}, fault
	}
	if err == nil {
		notes = append(notes, c.guard.meet(sdk.WithEffect(ctx, sdk.Writes), me)...)
	}
	note, fault := c.guard.checkSettings(sdk.WithEffect(ctx, sdk.Writes))
	if note != "" {
		notes = append(notes, note)
	}
	// One event of the log, whatever comes of it, tells what pollers have left.
	_, _ = c.Logs(ctx, LogQuery{Since: time.Now().Add(-time.Minute), Limit: 1})
	return sdk.Health{Target: c.Org(), Account: account, Notes: notes, Budgets: c.budget.states()}, fault
}

// send makes one request of our own; path must come from [path] or be constant.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader) (*reply, error) {
	return c.exchange(ctx, method, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, method, c.origin.String()+path, body)
		if err != nil {
			return err
		}
		req.URL.RawQuery = query.Encode()
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		return c.do(req)
	})
}

func (c *Client) do(req *http.Request) error {
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
