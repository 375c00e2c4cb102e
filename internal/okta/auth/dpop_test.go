package auth

import (
	"net/url"
	"testing"
)

// TestProofTarget checks that the target of a proof has Okta's canonical form of its address.
func TestProofTarget(t *testing.T) {
	for in, want := range map[string]string{
		"https://acme.okta.com/api/v1/users?limit=2&search=a%20b":       "https://acme.okta.com/api/v1/users",
		"https://acme.okta.com/api/v1/users/a%2Fb%20c#x":                "https://acme.okta.com/api/v1/users/a%2Fb%20c",
		"https://acme.okta.com:443/oauth2/v1/token":                     "https://acme.okta.com/oauth2/v1/token",
		"https://acme.okta.com:8443/oauth2/v1/token":                    "https://acme.okta.com:8443/oauth2/v1/token",
		"http://127.0.0.1:80/x":                                         "http://127.0.0.1/x",
		"http://127.0.0.1:443/x":                                        "http://127.0.0.1:443/x",
		"https://[::1]:443/x":                                           "https://[::1]/x",
		"https://acme.okta.com/api/v1/groups/00g1/users?after=1&limit=": "https://acme.okta.com/api/v1/groups/00g1/users",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := proofTarget(u); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}
