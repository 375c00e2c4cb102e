// Package okta sends requests to Okta. It returns this project's types and errors. No other package imports the
// Okta
// SDK (see docs/adr/0005-okta-sdk.md).
package okta

//go:generate go run soar.example/okta/schema/describe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/cache"
	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/okta/permission"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// Version is the connector's version, sent to Okta in the User-Agent header.
const Version = "0.1.0"

// A Client calls one org with one set of credentials. It is safe for concurrent use.
type Client struct {
	*guard.Guard // authorizes actions and checks each write

	origin      *url.URL
	credentials auth.Credentials
	api         *sdkv4.APIClient
	http        *http.Client
	transport   *httpclient.Transport
	actions     func(context.Context) ([]permission.Action, error)
	self        *selfEvents
	pageSizes   sync.Map            // by filter, with values of type *AdaptivePageSize
	groups      cache.Map[*Group]   // by name
	memberships cache.Map[[]*Group] // groups of users, as the guard last read them
	plans       cache.Map[plan]     // plans of containments, by reference to the user
	written     cache.Map[struct{}] // IDs of users that the client wrote to
	release     func()              // releases the budget
}

// Open creates a client. It uses only settings, reads no environment and no files, and sends nothing.
func Open(_ context.Context, settings Settings) (*Client, error) {
	origin, err := settings.origin()
	if err != nil {
		return nil, err
	}
	c := &Client{origin: origin, transport: httpclient.New(origin), self: &selfEvents{clientID: settings.ClientID}}
	c.Guard = guard.New(settings.Rules, guardedOrg{c}, guard.Principal{Host: origin.Host, ClientID: settings.ClientID})
	t := c.transport
	if timeout := settings.Timeout.Std(); timeout > 0 {
		t.Timeout = timeout
	}
	c.credentials, err = auth.New(auth.Config{Org: origin, Token: settings.Token, App: settings.ServiceApp, Timeout: t.Timeout, Send: t.Send})
	if err != nil {
		return nil, err
	}
	t.UserAgent, t.RequestID = userAgent, "X-Okta-Request-Id"
	t.Begin, t.Guard, t.IsRejection = c.credentials.Begin, c.checkWrite, guard.Rejected
	t.Bucket, t.Rate, t.Reserve = rest.BucketOf, rest.RateOf, settings.RateReserve
	t.Observe = func(req *http.Request, r *httpclient.Response) {
		if req.Method != http.MethodGet {
			c.self.wrote(r.Header.Get(t.RequestID))
		}
	}
	t.Budget, c.release = httpclient.ShareBudget(origin.String(), settings.ClientID+"\n"+settings.Token.Reveal())
	c.http = t.Client()
	// Okta's API sends no redirects, and the token must not follow one.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.api = sdkv4.NewAPIClient(configuration(origin, c.http))
	return c, nil
}

// configuration replaces the SDK's NewConfiguration. That function reads the environment and two files, which
// can enable
// debug output with the token, a proxy, or a cache that never expires. It also prints to stdout, drops the port,
// and
// sends an address without a scheme to subdomain.okta.com.
func configuration(origin *url.URL, client *http.Client) *sdkv4.Configuration {
	c := &sdkv4.Configuration{
		Host: origin.Host, Scheme: origin.Scheme, HTTPClient: client,
		DefaultHeader: map[string]string{},
		Servers:       sdkv4.ServerConfigurations{{URL: origin.String()}},
	}
	c.Okta.Client.AuthorizationMode = "SSWS" // the transport sets the header
	return c
}

// agentName is the start of the User-Agent of every version of this connector.
const agentName = "soar-okta/"

var userAgent = agentName + Version + " " + runtime.Version()

// Close closes the client's connections. Running calls fail.
func (c *Client) Close() error {
	c.release()
	c.transport.Close()
	return nil
}

// Org returns the org's address.
func (c *Client) Org() string { return c.origin.String() }

// Budget returns the rate limit of the System Log, or nil if it is not known yet.
func (c *Client) Budget() *sdk.Budget {
	return c.transport.Budget.State(rest.BucketOf(http.MethodGet, LogPath))
}

// Scopes returns the OAuth scopes of the credentials, see [auth.Credentials].
func (c *Client) Scopes() (granted, missing []string, known bool) { return c.credentials.Scopes() }

// Check tests the connection and reports the principal and problems. The Health has the target beside an error, too.
// The error for an unknown host name points at the setting org_url.
func Check(ctx context.Context, c *Client) (sdk.Health, error) {
	// The check must also work when little of the rate limit is left.
	writing := sdk.WithEffect(ctx, sdk.Writes)
	me, skew, err := guardedOrg{c}.Self(writing)
	account, notes, fault := c.credentials.Describe(me.Login, skew, err)
	if dns := (*net.DNSError)(nil); errors.As(fault, &dns) && dns.IsNotFound {
		e := *sdk.AsError(fault)
		e.Violations = append(e.Violations, schema.Violation{Pointer: "/org_url", Message: "names a host that does not exist"})
		fault = &e
	}
	if fault != nil {
		return sdk.Health{Target: c.Org()}, fault
	}
	if err == nil {
		notes = append(notes, c.Guard.SetSelf(writing, me.ID)...)
	}
	note, fault := c.Guard.CheckSettings(writing)
	if note != "" {
		notes = append(notes, note)
	}
	// The response to a read of one event contains the remaining rate limit of pollers.
	_, _ = c.Logs(ctx, LogQuery{Since: time.Now().Add(-time.Minute), Limit: 1})
	return sdk.Health{Target: c.Org(), Account: account, Notes: notes, Budgets: c.transport.Budget.States()}, fault
}

// SetActions sets the actions that [Client.Permissions] reports. Call it before any other method.
func (c *Client) SetActions(actions func(context.Context) ([]permission.Action, error)) {
	c.actions = actions
}

// Permissions reports which actions the principal can run. It sends only reads.
func (c *Client) Permissions(ctx context.Context) (*permission.Report, error) {
	if c.actions == nil {
		return nil, sdk.Errorf(sdk.Internal, "SetActions was not called")
	}
	actions, err := c.actions(ctx)
	if err != nil {
		return nil, err
	}
	return permission.Survey(ctx, guardedOrg{c}, c.credentials, c.Guard, actions)
}
