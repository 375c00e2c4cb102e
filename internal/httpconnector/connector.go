// Package httpconnector is the connector of services that speak HTTP: a request to any API,
// and messages to the incoming webhooks of chat services. It is built on the public SDK
// alone.
package httpconnector

//go:generate go run soar.example/okta/schema/describe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/invopop/jsonschema"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http/httpproxy"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

const (
	version   = "0.1.0"
	docs      = "https://www.rfc-editor.org/rfc/rfc9110"
	requestID = "X-Request-Id"
)

// Connector declares the actions.
var Connector = sdk.Connector[Settings, *Client]{
	Name:    "http",
	Title:   "HTTP",
	Summary: "Sends requests to any HTTP API, and messages to Slack, Microsoft Teams, Mattermost and Google Chat.",
	Docs:    docs,
	Version: version,
	Open:    func(_ context.Context, s Settings) (*Client, error) { return newClient(s, net.DefaultResolver) },
	Check:   check,
	Actions: []sdk.AnyAction[*Client]{request, postMessage},
}

// Backend returns the compiled connector. It compiles once.
var Backend = sync.OnceValues(func() (sdk.Backend, error) { return Connector.Compile() })

// Settings are the settings of a connection to one origin.
type Settings struct {
	// Base address of all requests, such as https://desk.example/api/v2, or the whole address of an incoming webhook.
	// It counts as a secret: only its scheme, host and port are shown.
	BaseURL sdk.Secret `json:"base_url" jsonschema:"title=Base URL,minLength=1,maxLength=4096"`
	// Headers of every request, such as Authorization. Their values are secrets.
	Headers SecretHeaders `json:"headers,omitempty"`
	// Chat service that receives the messages. Required if the host name of base_url does not show the service, as with
	// Mattermost.
	Format string `json:"format,omitempty" jsonschema:"enum=slack,enum=teams,enum=mattermost,enum=google_chat"`
	// IP ranges that the connection may reach although they are private, loopback, link-local or otherwise not public.
	AllowCIDRs []string `json:"allow_cidrs,omitempty" jsonschema:"title=Allowed IP ranges,uniqueItems=true,example=10.20.0.0/16"`
	// Send requests through the proxy that the environment names (HTTPS_PROXY). The proxy then resolves the host name,
	// so the connection cannot check the IP address.
	AllowProxy bool `json:"allow_proxy,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Maximum duration of one request with its repetitions.
	Timeout sdk.Duration `json:"timeout,omitempty" jsonschema:"title=Request timeout,default=30s,example=10s" jsonschema_extras:"x-group=advanced"`
	// Maximum size of a response. A longer response is cut.
	MaxResponseBytes int64 `json:"max_response_bytes,omitempty" jsonschema:"default=262144,minimum=1024,maximum=16777216" jsonschema_extras:"x-group=advanced"`
	// Reject every write.
	ReadOnly bool `json:"read_only,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// The only actions that this connection may run. All of them if empty.
	AllowedActions []string `json:"allowed_actions,omitempty" jsonschema:"uniqueItems=true,example=post_message" jsonschema_extras:"x-group=advanced"`
	// Maximum number of writes that this connection sends in a minute, over all processes of one store. Unlimited if
	// absent.
	MaxWritesPerMinute int `json:"max_writes_per_minute,omitempty" jsonschema:"title=Most writes a minute,minimum=1" jsonschema_extras:"x-group=advanced"`
	// Make every write of this connection a dry run.
	Shadow bool `json:"shadow,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
}

// SecretHeaders are headers whose values are secret.
type SecretHeaders map[string]sdk.Secret

// JSONSchema returns the schema of an object of texts that is a secret as a whole.
func (SecretHeaders) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", WriteOnly: true, AdditionalProperties: sdk.Secret{}.JSONSchema()}
}

// Validate rejects an address that the connection could not keep to, and headers that
// belong to the transport.
func (s Settings) Validate() error {
	_, err := parseBase(s)
	if err != nil {
		return err
	}
	for name, value := range s.Headers {
		if problem := headerProblem(name, value.Reveal()); problem != "" {
			return sdk.InvalidField("/headers", "the header %s %s", strconv.Quote(name), problem)
		}
	}
	if s.Timeout < 0 || s.Timeout.Std() > 10*time.Minute || s.Timeout != 0 && s.Timeout.Std() < time.Millisecond {
		return sdk.InvalidField("/timeout", "must be from 1ms to 10m")
	}
	return nil
}

// transportHeaders are the headers that only the transport sets.
var transportHeaders = []string{
	"Host", "Content-Length", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Accept-Encoding",
}

// headerProblem says why no request may have a header, "" if it may.
func headerProblem(name, value string) string {
	canonical := http.CanonicalHeaderKey(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "has a name that HTTP does not allow"
	case !httpguts.ValidHeaderFieldValue(value):
		return "has a value with characters that HTTP does not allow"
	case slices.Contains(transportHeaders, canonical) || strings.HasPrefix(canonical, "Proxy-"):
		return "is set by the connector only"
	}
	return ""
}

// A base is a parsed base_url.
type base struct {
	origin   *url.URL
	path     string // escaped; secret
	query    string // encoded; secret
	firewall *firewall
}

func parseBase(s Settings) (*base, error) {
	bad := func(problem string) (*base, error) { return nil, sdk.InvalidField("/base_url", "%s", problem) }
	u, err := url.Parse(strings.TrimSpace(s.BaseURL.Reveal()))
	if err != nil { // the error would repeat the secret
		return bad("is not an address such as https://desk.example/api")
	}
	origin, ip, problem := originOf(u)
	if problem != "" {
		return bad(problem)
	}
	if u.Fragment != "" || hasDotSegment(u.EscapedPath()) || strings.Contains(u.EscapedPath(), "//") {
		return bad("must not contain a fragment, an empty segment, or the segments . and ..")
	}
	allowed, err := parseCIDRs(s.AllowCIDRs)
	if err != nil {
		return nil, err
	}
	b := &base{origin: origin, path: u.EscapedPath(), query: u.RawQuery, firewall: &firewall{origin.Hostname(), allowed}}
	if ip.IsValid() {
		if err := b.firewall.check(ip); err != nil {
			return bad(sdk.AsError(err).Message)
		}
	}
	return b, nil
}

// hasDotSegment reports whether an escaped path has a segment that some servers read as
// . or .., also escaped or with parameters.
func hasDotSegment(escaped string) bool {
	for segment := range strings.SplitSeq(escaped, "/") {
		plain, err := url.PathUnescape(segment)
		for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
			name, _, _ := strings.Cut(part, ";")
			if err != nil || strings.Trim(name, ". ") == "" {
				return true
			}
		}
	}
	return false
}

// complete adds the path and the query of base_url to an address that is relative to it.
func (b *base) complete(u *url.URL) {
	escaped := b.path
	if relative := u.EscapedPath(); relative != "" && relative != "/" {
		escaped = strings.TrimSuffix(b.path, "/") + relative
	}
	u.Path, _ = url.PathUnescape(escaped) // both parts were parsed before
	u.RawPath = escaped
	u.RawQuery = strings.Trim(b.query+"&"+u.RawQuery, "&")
}

// relative returns an address below base_url as [base.complete] takes it.
func (b *base) relative(u *url.URL) (*url.URL, error) {
	origin, _, problem := originOf(u)
	if problem != "" || *origin != *b.origin {
		return nil, errors.New("another origin than " + b.origin.String())
	}
	prefix, escaped := strings.TrimSuffix(b.path, "/"), u.EscapedPath()
	rest, below := strings.CutPrefix(strings.TrimSuffix(escaped, "/")+"/", prefix+"/")
	if !below || hasDotSegment(escaped) {
		return nil, errors.New("an address outside of base_url")
	}
	query := u.Query()
	for name := range b.queryNames() {
		query.Del(name)
	}
	result := *b.origin
	if !strings.HasSuffix(escaped, "/") {
		rest = strings.TrimSuffix(rest, "/")
	}
	result.RawPath, result.RawQuery = "/"+rest, query.Encode()
	result.Path, _ = url.PathUnescape(result.RawPath)
	return &result, nil
}

func (b *base) queryNames() url.Values {
	values, _ := url.ParseQuery(b.query) // only what can be parsed matters
	return values
}

// A Client sends the requests of one connection.
type Client struct {
	settings  Settings
	base      *base
	transport *httpclient.Transport
	probe     *httpclient.Transport // sends no credentials and nothing of the path
	secrets   *strings.Replacer
	proxied   bool
}

// newClient makes a client. It sends nothing.
func newClient(s Settings, resolver *net.Resolver) (*Client, error) {
	b, err := parseBase(s)
	if err != nil {
		return nil, err
	}
	proxy, err := httpproxy.FromEnvironment().ProxyFunc()(b.origin)
	if err != nil || proxy != nil && !s.AllowProxy {
		return nil, sdk.InvalidField("/allow_proxy", "the environment names a proxy for %s (HTTPS_PROXY or HTTP_PROXY), and behind a proxy the connection "+
			"cannot check IP addresses. Add the host to NO_PROXY, or set allow_proxy: true", b.origin.Host)
	}
	c := &Client{settings: s, base: b, proxied: proxy != nil, secrets: secretsOf(s, b)}
	c.probe = httpclient.New(b.origin)
	c.probe.UserAgent, c.probe.RequestID = "soar-plugin-http/"+version, requestID
	c.probe.Timeout, c.probe.Retries = s.Timeout.Std(), 2
	c.probe.MaxBody, c.probe.CutBody = s.MaxResponseBytes, true
	c.probe.Base.MaxResponseHeaderBytes = 256 << 10
	dialer := &net.Dialer{Timeout: 10 * time.Second, Resolver: resolver}
	c.probe.Base.Proxy = http.ProxyURL(proxy)
	if proxy == nil {
		dialer.ControlContext = b.firewall.control
		c.probe.Base.Proxy = nil
	}
	c.probe.Base.DialContext = dialer.DialContext
	whole := *c.probe
	whole.Complete = b.complete
	whole.Begin = func() httpclient.Authorization { return s.Headers }
	whole.Guard = c.guard
	whole.IsRejection = func(err error) bool { return errors.Is(err, sdk.ErrUnsent) }
	c.transport = &whole
	return c, nil
}

// Authorize puts the headers on a request.
func (h SecretHeaders) Authorize(_ context.Context, req *http.Request) error {
	for name, value := range h {
		req.Header.Set(name, value.Reveal())
	}
	return nil
}

// Rejected returns false: the headers never change.
func (SecretHeaders) Rejected(*httpclient.Response) bool { return false }

// reject returns the error of a request that a rule of the settings forbids.
func reject(rule, message string) error {
	return &sdk.Error{Code: sdk.Forbidden, Message: message + " (rule " + rule + ")", Err: sdk.ErrUnsent}
}

func (c *Client) guard(*http.Request, []byte) (func(), error) {
	if c.settings.ReadOnly {
		return nil, reject("read_only", "this connection only reads")
	}
	return nil, nil
}

// Authorize rejects an action that the settings do not list.
func (c *Client) Authorize(action string) error {
	if allowed := c.settings.AllowedActions; len(allowed) > 0 && !slices.Contains(allowed, action) {
		return reject("allowed_actions", "this connection may not run "+action)
	}
	return nil
}

// Close closes idle connections.
func (c *Client) Close() error {
	c.transport.Close()
	return nil
}

// check sends HEAD / without credentials, since a request to a webhook could post a
// message.
func check(ctx context.Context, c *Client) (sdk.Health, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.base.origin.String()+"/", http.NoBody)
	if err != nil {
		return sdk.Health{}, err
	}
	resp, err := c.probe.RoundTrip(req)
	if err != nil {
		return sdk.Health{Target: c.base.origin.String()}, err
	}
	h := sdk.Health{Target: c.base.origin.String(), Account: "unverified principal", Notes: []string{
		"HEAD / without credentials got the status " + strconv.Itoa(resp.StatusCode) + ". The host is reachable. The credentials and the path of base_url " +
			"are not verified, since a request to a webhook could post a message.",
	}}
	if c.base.origin.Scheme == "http" {
		h.Notes = append(h.Notes, "Requests are not encrypted: base_url begins with http://.")
	}
	if c.proxied {
		h.Notes = append(h.Notes, "Requests go through a proxy, which resolves the host name. The connection cannot check the IP address.")
	}
	return h, nil
}
