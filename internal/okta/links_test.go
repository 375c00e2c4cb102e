package okta

import (
	"net/http"
	"strings"
	"testing"
)

func TestNextLink(t *testing.T) {
	const self, next = `<https://acme.okta.com/api/v1/logs?limit=1>; rel="self"`, `<https://acme.okta.com/api/v1/logs?after=a,b>; rel="next"`
	const want = "https://acme.okta.com/api/v1/logs?after=a,b"
	for name, test := range map[string]struct {
		lines []string
		want  string
	}{
		"two lines, as Okta sends them": {[]string{self, next}, want},
		"next first":                    {[]string{next, self}, want},
		"joined":                        {[]string{self + ", " + next}, want},
		"joined, next first":            {[]string{next + "," + self}, want},
		"self only":                     {[]string{self}, ""},
		"none":                          {nil, ""},
		"rel without quotes":            {[]string{`<https://x/>; rel=next`}, "https://x/"},
		"REL":                           {[]string{`<https://x/>; REL="Next"`}, "https://x/"},
		"several rels":                  {[]string{`<https://x/>; rel="last next"`}, "https://x/"},
		"other parameters":              {[]string{`<https://x/>; title="a, b; rel=\"next\""; rel="self"`, `<https://y/>;a=b;rel="next";c`}, "https://y/"},
		"nextish":                       {[]string{`<https://x/>; rel="nextish"`}, ""},
		"unclosed":                      {[]string{`<https://x/; rel="next"`}, ""},
		"no target":                     {[]string{`rel="next"`}, ""},
		"empty":                         {[]string{"", ",,", "<>"}, ""},
		"empty target":                  {[]string{`<>; rel="next"`}, ""},
	} {
		if got := nextLink(http.Header{"Link": test.lines}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestOwnLink(t *testing.T) {
	c := open(t, "https://acme.okta.com")
	for link, want := range map[string]bool{
		"https://acme.okta.com/api/v1/logs?after=1":                       true,
		"https://ACME.okta.com/api/v1/logs?after=1":                       true,
		"http://acme.okta.com/api/v1/logs?after=1":                        false,
		"https://acme.okta.com:444/api/v1/logs":                           false,
		"https://evil.example/api/v1/logs":                                false,
		"https://acme.okta.com@evil.example/api/v1/logs":                  false,
		"https://acme.okta.com.evil.example/api/v1/logs":                  false,
		"https://evil.example/?x=https://acme.okta.com/api/v1/logs":       false,
		"https://user@acme.okta.com/api/v1/logs":                          false,
		"https://acme.okta.com/oauth2/v1/token":                           false,
		"https://acme.okta.com/api/v1/../../x":                            false,
		"https://acme.okta.com/api/v1/%2e%2e/users":                       false,
		"//acme.okta.com/api/v1/logs":                                     false,
		"/api/v1/logs":                                                    false,
		"":                                                                false,
		"::":                                                              false,
		"https://acme.okta.com/api/v1/logs?" + strings.Repeat("x", 9<<10): false,
	} {
		if _, _, err := c.ownLink(link); (err == nil) != want {
			t.Errorf("%.80s: %v", link, err)
		}
	}
}

// FuzzNextLink guards the parser of what a proxy may have mangled.
func FuzzNextLink(f *testing.F) {
	f.Add(`<https://acme.okta.com/api/v1/logs?after=1>; rel="next"`)
	f.Add(`<a>; rel=self, <b>; rel="x next"; title="a,b"`)
	f.Add(`<<>>;;,,rel="`)
	f.Fuzz(func(t *testing.T, line string) {
		if got := nextLink(http.Header{"Link": {line}}); got != "" && !strings.Contains(line, "<"+got+">") {
			t.Errorf("%q is not in %q", got, line)
		}
	})
}
