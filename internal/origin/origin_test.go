package origin_test

import (
	"strings"
	"testing"

	"soar.example/okta/internal/origin"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://acme.okta.com":                "https://acme.okta.com",
		"HTTPS://ACME.Okta.COM":                "https://acme.okta.com",
		"https://acme.okta.com/":               "https://acme.okta.com",
		"https://acme.okta.com/api/v1?x=1#y":   "https://acme.okta.com",
		"https://acme.okta.com:443":            "https://acme.okta.com",
		"https://acme.okta.com:0443":           "https://acme.okta.com",
		"https://acme.okta.com:":               "https://acme.okta.com",
		"https://acme.okta.com.":               "https://acme.okta.com",
		"https://acme.okta.com.:443":           "https://acme.okta.com",
		" https://acme.okta.com\t":             "https://acme.okta.com",
		"https://acme.okta.com:80":             "https://acme.okta.com:80",
		"https://acme.okta.com:08443":          "https://acme.okta.com:8443",
		"http://acme.example:80":               "http://acme.example",
		"http://acme.example:443":              "http://acme.example:443",
		"https://login.société.example":        "https://login.xn--socit-esab.example",
		"https://LOGIN.SOCIÉTÉ.example:443":    "https://login.xn--socit-esab.example",
		"https://login.xn--SOCIT-esab.example": "https://login.xn--socit-esab.example",
		"https://acme。example":                 "https://acme.example",
		"https://ａｃｍｅ.example":                 "https://acme.example",
		"https://пример.example":               "https://xn--e1afmkfd.example",
		"https://okta_org:8443":                "https://okta_org:8443",
		"http://127.0.0.1:8070":                "http://127.0.0.1:8070",
		"http://LOCALHOST:80":                  "http://localhost",
		"http://[::1]:8070":                    "http://[::1]:8070",
		"http://[0:0:0:0:0:0:0:1]:80":          "http://[::1]",
		"https://[2001:DB8::0:1]":              "https://[2001:db8::1]",
		"https://[2001:db8::1]:443":            "https://[2001:db8::1]",
	} {
		got, err := origin.Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %v, %v, want %s", in, got, err, want)
			continue
		}
		if again, err := origin.Parse(got.String()); err != nil || *again != *got {
			t.Errorf("%q: the canonical form of %s is %v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{
		"", "acme.okta.com", "https://", "https://.", "https://:443", "https:acme.okta.com", "https://acme..okta.com", "https://acme.okta.com..",
		"https://acme.okta.com:0", "https://acme.okta.com:65536", "https://acme.okta.com:port", "https://[fe80::1%25eth0]", "https://[1.2.3.4]",
		"https://acme okta.com", "https://acme.okta.com\\@evil.example", "https://{org}", "https://*.okta.com", "https://аcme.okta.com", // a Cyrillic а
		"https://" + strings.Repeat("a", 64) + ".example", "https://" + strings.Repeat("a.", 130) + "example",
	} {
		if got, err := origin.Parse(in); err == nil {
			t.Errorf("%q: got %s, want an error", in, got)
		}
	}
}

func TestSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"https://acme.okta.com", "https://ACME.okta.com.:443/"},
		{"http://[::1]", "http://[0::1]:80"},
	} {
		if !origin.Same(pair[0], pair[1]) {
			t.Errorf("%v differ", pair)
		}
	}
	for _, pair := range [][2]string{
		{"https://acme.okta.com", "http://acme.okta.com"},
		{"https://acme.okta.com", "https://acme.okta.com:8443"},
		{"https://acme.okta.com", "https://acme.okta.com.evil.example"},
		{"", ""},
		{"not an address", "not an address"},
	} {
		if origin.Same(pair[0], pair[1]) {
			t.Errorf("%v have the same origin", pair)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://acme.okta.com.:443")
	f.Add("http://[::1]:80")
	f.Add("https://société.example")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := origin.Parse(raw)
		if err != nil {
			return
		}
		if again, err := origin.Parse(u.String()); err != nil || *again != *u {
			t.Errorf("%q: the canonical form of %s is %v, %v", raw, u, again, err)
		}
	})
}
