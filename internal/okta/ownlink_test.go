package okta

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzOwnLink guards that no link takes a request, and the token with it, anywhere
// else than to the org's own API.
func FuzzOwnLink(f *testing.F) {
	c := &Client{origin: &url.URL{Scheme: "https", Host: "acme.okta.com"}}
	f.Add("https://acme.okta.com/api/v1/logs?after=1")
	f.Fuzz(func(t *testing.T, link string) {
		path, query, err := c.ownLink(link)
		if err != nil {
			return
		}
		u, err := url.Parse("https://acme.okta.com" + path + "?" + query)
		if err != nil {
			t.Skip("no request can be made of it: ", err)
		}
		if u.Host != "acme.okta.com" || u.User != nil || !strings.HasPrefix(u.Path, "/api/v1/") || strings.Contains(u.Path, "..") {
			t.Errorf("%q leads to %s", link, u)
		}
		if asked, err := url.Parse(link); err != nil || !strings.EqualFold(asked.Host, c.origin.Host) {
			t.Errorf("%q was taken for the org's own: %v", link, err)
		}
	})
}
