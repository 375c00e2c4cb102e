package okta

import (
	"net/url"
	"strings"
	"testing"

	"soar.example/okta/internal/origin"
)

// FuzzOwnLink checks that a link never leads a request, and its token, outside the org's own API.
func FuzzOwnLink(f *testing.F) {
	c := &Client{origin: &url.URL{Scheme: "https", Host: "acme.okta.com"}}
	f.Add("https://acme.okta.com/api/v1/logs?after=1")
	f.Add("//acme.okta.com.:443/api/v1/logs")
	f.Add("?after=2")
	f.Add("../v1/logs?after=3")
	f.Fuzz(func(t *testing.T, target string) {
		to, err := c.resolve(link{LogPath, "after=1"}, target)
		if err != nil {
			return
		}
		u, err := url.Parse("https://acme.okta.com" + to.path + "?" + to.query)
		if err != nil {
			t.Skip("cannot create a request from it: ", err)
		}
		if u.Host != "acme.okta.com" || u.User != nil || !strings.HasPrefix(u.Path, "/api/v1/") || strings.Contains(u.Path, "..") {
			t.Errorf("%q leads to %s", target, u)
		}
		if asked, err := url.Parse(target); err != nil || asked.Host != "" && !origin.Same("https://"+asked.Host, "https://acme.okta.com") {
			t.Errorf("%q was accepted as the org's own link: %v", target, err)
		}
	})
}
