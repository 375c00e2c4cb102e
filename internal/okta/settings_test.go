package okta

import (
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

func TestOrgURL(t *testing.T) {
	good := map[string]string{
		"https://acme.okta.com":      "https://acme.okta.com",
		"https://acme.okta.com/":     "https://acme.okta.com",
		"https://ACME.Okta.com":      "https://acme.okta.com",
		"https://login.acme.example": "https://login.acme.example",
		"https://acme.okta.com:8443": "https://acme.okta.com:8443",
		"http://127.0.0.1:8070":      "http://127.0.0.1:8070",
		"http://localhost:8070":      "http://localhost:8070",
		"http://[::1]:8070":          "http://[::1]:8070",
		"https://[::1]":              "https://[::1]",
		"https://acme.okta.com:443":  "https://acme.okta.com",
		"https://acme.okta.com.":     "https://acme.okta.com",
		"HTTPS://Acme.Okta.com.:443": "https://acme.okta.com",
		"http://127.0.0.1:80":        "http://127.0.0.1",
		"http://[0::1]:80":           "http://[::1]",
		"https://société.example":    "https://xn--socit-esab.example",
	}
	for in, want := range good {
		u, err := settingsFor(in).origin()
		if err != nil || u.String() != want {
			t.Errorf("%q: got %v, %v, want %s", in, u, err, want)
		}
	}
	bad := map[string]string{
		"":                                   "https://",
		"acme.okta.com":                      "https://",
		"acme":                               "https://",
		"//acme.okta.com":                    "https://",
		"https://":                           "https://",
		"https:acme.okta.com":                "https://",
		"ftp://acme.okta.com":                "https://",
		"javascript:alert(1)":                "https://",
		"http://acme.okta.com":               "unencrypted",
		"http://10.0.0.8":                    "unencrypted",
		"http://localhost.evil.example":      "unencrypted",
		"https://user:pass@acme.okta.com":    "user name",
		"https://acme.okta.com@evil.example": "user name",
		"https://acme.okta.com/api/v1":       "end after the host",
		"https://acme.okta.com/api/v1/logs":  "end after the host",
		"https://acme.okta.com?x=1":          "end after the host",
		"https://acme.okta.com?":             "end after the host",
		"https://acme.okta.com#x":            "end after the host",
		"https://acme-admin.okta.com":        "https://acme.okta.com",
		"https://acme-admin.oktapreview.com": "https://acme.oktapreview.com",
		"https://{yourOktaDomain}":           "",
		"https://subdomain.okta.com":         "placeholder",
		"https://acme.okta.com\n":            "",
		"https://acme okta.com":              "",
		"https://аcme.okta.com":              "invalid for an Okta org", // a Cyrillic а
		"https://acme.okta.com:port":         "",
		"https://acme.okta.com:0":            "invalid for an Okta org",
		"https://acme..okta.com":             "invalid for an Okta org",
		"https://ａｃｍｅ.okta.com":              "invalid for an Okta org", // full-width letters
		"https://асме.okta.com":              "invalid for an Okta org", // all letters are Cyrillic
		"https://acme-admin.okta.com.:443":   "https://acme.okta.com",
		"https://Subdomain.okta.com.":        "placeholder",
		"http://localhost.:80.evil.example":  "",
	}
	for in, part := range bad {
		s := settingsFor(in)
		e := wantCode(t, s.Validate(), sdk.InvalidInput)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != "/org_url" || !strings.Contains(e.Violations[0].Message, part) {
			t.Errorf("%q: %v does not say %q", in, e, part)
		}
		if _, err := Open(t.Context(), s); err == nil {
			t.Errorf("%q: a client was opened", in)
		}
	}
}

func TestTokenWithInvalidHeaderCharacters(t *testing.T) {
	for _, token := range []string{
		"two words", "line\nbreak", "Bearer\tx", "ключ", "nul\x00", "a=b", "\u200b00a",
		`"quoted"`, "'quoted'", "<token>", "$OKTA-TOKEN", "$env:OKTA_TOKEN", "env:OKTA_TOKEN", "{env:TOKEN}", "!TOKEN",
		"@TOKEN@", "%TOKEN%", "`cat token`", "op://vault/okta/token",
	} {
		_, err := Open(t.Context(), Settings{OrgURL: "https://acme.okta.com", Token: sdk.NewSecret(token)})
		e := wantCode(t, err, sdk.InvalidInput)
		if strings.Contains(e.Error(), token) {
			t.Errorf("the error repeats the token %q", token)
		}
	}
}
