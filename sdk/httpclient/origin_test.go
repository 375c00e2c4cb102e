package httpclient

import (
	"net/url"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestCheckOrigin checks that a request with credentials goes only to the configured origin: with
// the same scheme, host and port, and without user information.
func TestCheckOrigin(t *testing.T) {
	for origin, targets := range map[string]map[string]bool{
		"https://acme.okta.com": {
			"https://acme.okta.com/api/v1/users":      true,
			"https://acme.okta.com/oauth2/v1/token":   true,
			"http://acme.okta.com/api/v1/users":       false,
			"//acme.okta.com/api/v1/users":            false,
			"ftp://acme.okta.com/api/v1/users":        false,
			"https://acme.okta.com:8443/api/v1/users": false,
			"https://acme.okta.com./api/v1/users":     false,
			"https://evil.example/api/v1/users":       false,
			"https://acme.okta.com.evil.example/":     false,
			"https://me@acme.okta.com/api/v1/users":   false,
			"https://me:pw@acme.okta.com/":            false,
		},
		"http://127.0.0.1:8080": {
			"http://127.0.0.1:8080/api/v1/users":  true,
			"https://127.0.0.1:8080/api/v1/users": false,
			"http://127.0.0.1:8081/api/v1/users":  false,
			"http://127.0.0.1/api/v1/users":       false,
			"http://localhost:8080/api/v1/users":  false,
		},
	} {
		base, err := url.Parse(origin)
		if err != nil {
			t.Fatal(err)
		}
		for target, allowed := range targets {
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			err = New(base).checkOrigin(u)
			if (err == nil) != allowed {
				t.Errorf("%s with credentials for %s: %v", target, origin, err)
			}
			if e := sdk.AsError(err); e != nil && (e.Code != sdk.Internal || strings.Contains(e.Message, "pw")) {
				t.Errorf("%s: %v", target, e)
			}
		}
	}
}
