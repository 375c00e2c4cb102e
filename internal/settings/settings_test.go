package settings

import "testing"

// TestSameAddress checks that a token goes only to the org of its settings, in any spelling of
// the address.
func TestSameAddress(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://acme.example.com", "https://acme.example.com/", true},
		{"https://acme.example.com", "https://ACME.example.com", true},
		{"https://acme.example.com:443", "https://acme.example.com", true},
		{"https://acme.example.com.", "https://acme.example.com:0443/", true},
		{"http://[::1]:80", "http://[0::1]", true},
		{"https://société.example", "https://xn--socit-esab.example", true},
		{"https://acme.example.com", "https://acme.example.com:8443", false},
		{"https://acme.example.com", "http://acme.example.com", false},
		{"https://acme.example.com", "https://acme.example.com.evil.example", false},
		{"https://acme.example.com", "", false},
	} {
		if got := sameAddress(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: got %t", c.a, c.b, got)
		}
	}
}
