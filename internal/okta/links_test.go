package okta

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
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
		"empty target, then another":    {[]string{`<>; rel="self", <https://x/>; rel=next`}, "https://x/"},
		"spaces":                        {[]string{` < https://x/ > ; rel = "next" `}, "https://x/"},
		"tabs":                          {[]string{"<https://x/>\t;\trel\t=\tnext\t"}, "https://x/"},
		"rel in a title":                {[]string{`<https://x/>; title="a; rel=next, <b>"; rel=self`}, ""},
		"escaped quote in a title":      {[]string{`<https://x/>; title="\"; rel=\"next"; rel=self, <https://y/>; rel=next`}, "https://y/"},
		"the first rel counts":          {[]string{`<https://x/>; rel=self; rel=next`}, ""},
		"rel with a tab between":        {[]string{"<https://x/>; rel=\"prev\tNEXT\""}, "https://x/"},
		"rel of another document":       {[]string{`<https://x/>; rel=next; anchor="#other"`}, ""},
		"an empty anchor is this page":  {[]string{`<https://x/>; rel=next; anchor=""`}, "https://x/"},
		"rel* is another parameter":     {[]string{`<https://x/>; rel*=next`}, ""},
		"rel without a value":           {[]string{`<https://x/>; rel`, `<https://y/>; rel=`}, ""},
		"URI as rel":                    {[]string{`<https://x/>; rel="https://example.com/next next"`}, "https://x/"},
		"query only":                    {[]string{`<?after=a,b>; rel=next`}, "?after=a,b"},
		"after a malformed parameter":   {[]string{`<https://x/>; title="a"b; rel=next`}, "https://x/"},
		"unclosed quote":                {[]string{`<https://x/>; rel="next`, `<https://y/>; title="a, <z>; rel=next`}, "https://x/"},
	} {
		if got, _ := httpclient.NextLink(http.Header{"Link": test.lines}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if _, found := httpclient.NextLink(http.Header{"Link": {`<>; rel="next"`}}); !found {
		t.Error("an empty reference was not found, although it leads to the page itself")
	}
	if _, found := httpclient.NextLink(http.Header{"Link": {self}}); found {
		t.Error("a self link was returned as the next link")
	}
}

// TestOwnLink checks that a link is resolved against the request (RFC 3986). The resolved origin must be the org's,
// in any spelling, and the path must be in the org's API.
func TestOwnLink(t *testing.T) {
	const page = "/api/v1/logs?after=1"
	for org, links := range map[string]map[string]string{
		"https://acme.okta.com": {
			"https://acme.okta.com/api/v1/logs?after=1":                       page,
			"https://ACME.okta.com/api/v1/logs?after=1":                       page,
			"HTTPS://acme.okta.com:443/api/v1/logs?after=1":                   page,
			"https://acme.okta.com.:443/api/v1/logs?after=1#top":              page,
			"https://acme.okta.com:/api/v1/logs?after=1":                      page,
			"https://acme.okta.com/api/v1/users/../logs?after=1":              page,
			"/api/v1/logs?after=1":                                            page,
			"?after=1":                                                        page,
			"?after=a%2Cb,c&x=":                                               "/api/v1/logs?after=a%2Cb,c&x=",
			"//acme.okta.com/api/v1/logs?after=1":                             page,
			"//ACME.okta.com:443/api/v1/logs?after=1":                         page,
			"logs?after=1":                                                    page,
			"./logs?after=1":                                                  page,
			"../v1/logs?after=1":                                              page,
			"../../../../api/v1/logs?after=1":                                 page,
			"":                                                                "/api/v1/logs?since=0",
			"#next":                                                           "/api/v1/logs?since=0",
			"./users":                                                         "/api/v1/users?",
			"http://acme.okta.com/api/v1/logs?after=1":                        "",
			"http://acme.okta.com:443/api/v1/logs":                            "",
			"https://acme.okta.com:80/api/v1/logs":                            "",
			"https://acme.okta.com:444/api/v1/logs":                           "",
			"https://acme.okta.com:0/api/v1/logs":                             "",
			"https://evil.example/api/v1/logs":                                "",
			"//evil.example/api/v1/logs":                                      "",
			"//evil.example:443/api/v1/logs":                                  "",
			"///evil.example/api/v1/logs":                                     "",
			"\\\\evil.example\\api":                                           "/api/v1/%5C%5Cevil.example%5Capi?",
			"https:/api/v1/logs":                                              "",
			"https:api/v1/logs":                                               "",
			"https://acme.okta.com@evil.example/api/v1/logs":                  "",
			"https://acme.okta.com.evil.example/api/v1/logs":                  "",
			"https://acme.okta.com..../api/v1/logs":                           "",
			"https://аcme.okta.com/api/v1/logs":                               "", // a Cyrillic а
			"https://evil.example/?x=https://acme.okta.com/api/v1/logs":       "",
			"https://user@acme.okta.com/api/v1/logs":                          "",
			"//user:secret@acme.okta.com/api/v1/logs":                         "",
			"https://acme.okta.com/oauth2/v1/token":                           "",
			"/oauth2/v1/token":                                                "",
			"../../oauth2/v1/token":                                           "",
			"https://acme.okta.com/api/v1/../../x":                            "",
			"https://acme.okta.com/api/v1/%2e%2e/users":                       "",
			"%2e%2e/%2e%2e/x":                                                 "",
			"::":                                                              "",
			"https://acme.okta.com/api/v1/logs\x7f":                           "",
			"javascript:alert(1)":                                             "",
			"https://acme.okta.com/api/v1/logs?" + strings.Repeat("x", 9<<10): "",
		},
		"https://ACME.okta.com.:443": {"https://acme.okta.com/api/v1/logs?after=1": page, "?after=1": page},
		"https://acme.example:8443": {
			"https://acme.example:8443/api/v1/logs?after=1": page, "https://acme.example:08443/api/v1/logs?after=1": page,
			"//acme.example:8443/api/v1/logs?after=1": page, "https://acme.example/api/v1/logs?after=1": "",
		},
		"http://[0:0::1]:80": {
			"http://[::1]/api/v1/logs?after=1": page, "http://[::1]:80/api/v1/logs?after=1": page, "http://[::1]:8080/api/v1/logs?after=1": "",
			"//[::0001]/api/v1/logs?after=1": page,
		},
		"https://login.société.example": {
			"https://login.xn--socit-esab.example/api/v1/logs?after=1": page, "https://login.soci%C3%A9t%C3%A9.example/api/v1/logs?after=1": page,
		},
	} {
		c := open(t, org)
		for target, want := range links {
			to, err := c.resolve(link{LogPath, "since=0"}, target)
			if got := to.path + "?" + to.query; err == nil && got != want || (err == nil) != (want != "") {
				t.Errorf("%s: %.80q leads to %s, %v, want %s", org, target, got, err, want)
			}
		}
	}
}

// TestRelativeLinksOfLists checks that a relative link is resolved against its own page, not against the first
// page.
func TestRelativeLinksOfLists(t *testing.T) {
	var asked []string
	page := 0
	org := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/json")
		links := []string{`<?after=2>; rel="next"`, `</api/v1/groups/more/b?after=3>; title="x, y"; rel=next`,
			`<c?after=4>; rel="prev next"`, `<../more/>; rel=next`, `<https://x/>; rel=prev`}
		w.Header().Set("Link", links[page])
		page++
		fmt.Fprintf(w, `[{"id":"g%d"}]`, page)
	}))
	defer org.Close()
	c := open(t, org.URL)
	all, rest, err := c.List(t.Context(), []string{"groups"}, url.Values{}, Span{Most: 100, All: true})
	want := []string{"/api/v1/groups", "/api/v1/groups?after=2", "/api/v1/groups/more/b?after=3", "/api/v1/groups/more/c?after=4", "/api/v1/groups/more/"}
	if diff := cmp.Diff(want, asked); diff != "" || err != nil || rest.Truncated || len(all) != 5 {
		t.Errorf("read %d groups, %+v, %v: %s", len(all), rest, err, diff)
	}
}

// TestCircularLinks checks that circular links end a list with an error, for any length of the circle.
func TestCircularLinks(t *testing.T) {
	for _, length := range []int{1, 2, 3, 7, 20} {
		n := 0
		org := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			n++
			w.Header().Set("Link", fmt.Sprintf(`<?after=%d>; rel=next`, n%length))
			fmt.Fprint(w, "[]")
		}))
		_, _, err := open(t, org.URL).List(t.Context(), []string{"groups"}, url.Values{}, Span{Most: 100, All: true})
		org.Close()
		if e := sdk.AsError(err); e == nil || e.Code != sdk.Unavailable || n > 4*length+4 {
			t.Errorf("a circle of %d pages took %d requests and ended with %v", length, n, err)
		}
	}
}

// FuzzNextLink parses links that a proxy may have changed.
func FuzzNextLink(f *testing.F) {
	f.Add(`<https://acme.okta.com/api/v1/logs?after=1>; rel="next"`)
	f.Add(`<a>; rel=self, <b>; rel="x next"; title="a,b"`)
	f.Add(`<<>>;;,,rel="`)
	f.Fuzz(func(t *testing.T, line string) {
		if got, _ := httpclient.NextLink(http.Header{"Link": {line}}); got != "" && !strings.Contains(line, got) {
			t.Errorf("%q is not in %q", got, line)
		}
	})
}
