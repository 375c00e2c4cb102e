// Package auth authenticates requests to Okta with an API token, or as an OAuth 2.0 service app with short-lived
// access tokens.
package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

//go:generate go run soar.example/okta/schema/describe

// Credentials authenticate requests. They are safe for concurrent use.
type Credentials interface {
	// Begin starts the authorization of one request.
	Begin() httpclient.Authorization
	// Describe returns the principal and notes for an operator. login is the login of the principal, and err is the
	// error of the request for it.
	Describe(login string, skew time.Duration, err error) (principal string, notes []string, fault error)
	// Mask removes the secrets of the credentials from a text of Okta.
	Mask(text string) string
	// ClientID returns the client ID of a service app, "" for an API token.
	ClientID() string
	// Scopes returns the OAuth scopes that the principal has, and the requested scopes that it lacks. known is false
	// for an API token, which has no scopes, and until a service app has its first access token.
	Scopes() (granted, missing []string, known bool)
}

// A Config configures credentials. It contains either a token or an app.
type Config struct {
	Org     *url.URL
	Token   sdk.Secret
	App     ServiceApp
	Timeout time.Duration // maximum duration of a token request
	// Send sends a request for an access token.
	Send func(*http.Request) (*httpclient.Response, error)
}

// New returns credentials. It sends nothing.
func New(c Config) (Credentials, error) {
	if err := Validate(c.Token, c.App); err != nil {
		return nil, err
	}
	if c.App.ClientID == "" {
		return apiToken{c.Token}, nil
	}
	if len(c.App.Scopes) == 0 {
		return nil, sdk.InvalidField("/scopes", "is empty: Okta gives a service app no access without any scope")
	}
	return newOAuth(c)
}

// An apiToken is an API token (SSWS).
type apiToken struct{ secret sdk.Secret }

func (a apiToken) Begin() httpclient.Authorization { return a }

func (a apiToken) Authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("Authorization", "SSWS "+a.secret.Reveal())
	return nil
}

func (apiToken) Rejected(*httpclient.Response) bool { return false }

func (apiToken) Describe(login string, skew time.Duration, err error) (string, []string, error) {
	if err != nil {
		return "", nil, err
	}
	return login, skewNotes(skew), nil
}

func (a apiToken) Mask(text string) string {
	return strings.ReplaceAll(text, a.secret.Reveal(), schema.Masked)
}

func (apiToken) ClientID() string { return "" }

func (apiToken) Scopes() (granted, missing []string, known bool) { return nil, nil, false }

// maxSkew is the clock difference above which Describe adds a note for the operator.
const maxSkew = time.Minute

func isSkewed(skew time.Duration) bool { return skew.Abs() > maxSkew }

func skewNotes(skew time.Duration) []string {
	if isSkewed(skew) {
		return []string{describeSkew(skew)}
	}
	return nil
}

func describeSkew(skew time.Duration) string {
	return "this machine's clock differs from Okta's by " + skew.Round(time.Second).String()
}
