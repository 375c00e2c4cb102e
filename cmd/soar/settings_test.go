package main

import "testing"

// A token is sent to the org that its settings name, however the address is spelt, and
// to no other.
func TestSameOrg(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://acme.okta.com", "https://acme.okta.com/", true},
		{"https://acme.okta.com", "https://ACME.okta.com", true},
		{"https://acme.okta.com:443", "https://acme.okta.com", true},
		{"https://acme.okta.com.", "https://acme.okta.com:0443/", true},
		{"http://[::1]:80", "http://[0::1]", true},
		{"https://société.example", "https://xn--socit-esab.example", true},
		{"https://acme.okta.com", "https://acme.okta.com:8443", false},
		{"https://acme.okta.com", "http://acme.okta.com", false},
		{"https://acme.okta.com", "https://acme.okta.com.evil.example", false},
		{"https://acme.okta.com", "", false},
	} {
		if got := sameOrg(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: got %t", c.a, c.b, got)
		}
	}
}
