package okta

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// hostilePaths are paths that some servers interpret as other paths.
var hostilePaths = []string{
	"", "/", "api/v1/users", "//evil.example/api/v1/users", "https://evil.example/api/v1/users", "/api/v1", "/api/v2/users", "/api/v1/",
	"/API/v1/users", "/oauth2/default/v1/token", "/admin/users", "/idp", "/api/v1/../../admin", "/api/v1/users/..", "/api/v1/./users",
	"/api/v1//users/00u1", "/api/v1/users/", "/api/v1/users/%2e%2e/x", "/api/v1/users%2F00u1", "/api/v1/users/..;/x", "/api/v1/users;a=b/00u1",
	`/api/v1/users\..\x`, "/api/v1/users?limit=1", "/api/v1/users#x", "/api/v1/users\r\nHost: evil", "/api/v1/users\x00", "/api/v1/Users/00u1",
	"/api/v1/users/ME", "/oauth2/v1/token", "/oauth2/v1/TOKEN", "/oauth2/v1/token/", "/api/v1/users/．．/x", "/api/v1/users／00u1", "/api/v1/users/…",
	"/api/v1/.. /x", "/api/v1/@evil.example:80/\t", "/api/v1/" + strings.Repeat("x", 2000),
}

func TestCustomRejectsHostilePaths(t *testing.T) {
	c, s := org(t)
	for _, p := range hostilePaths {
		_, err := c.Custom(t.Context(), CustomCall{Method: "GET", Path: p})
		e := wantCode(t, err, sdk.InvalidInput)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != "/path" {
			t.Errorf("%q: no pointer in %v", p, e)
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("rejected paths reached Okta in %d requests", n)
	}
}

func TestCustomEscapesNames(t *testing.T) {
	c, s := org(t)
	u := s.AddUser(oktasim.NewUser{Login: "zoë smith+x@corp.example"})
	a, err := c.Custom(t.Context(), CustomCall{Method: "GET", Path: "/api/v1/users/zoë smith+x@corp.example"})
	if err != nil || !a.IsJSON || !strings.Contains(string(a.Body), u.ID) {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestCustomWritesObeyTheGuards checks that the rules of a connection apply to custom requests.
func TestCustomWritesObeyTheGuards(t *testing.T) {
	s := oktasim.Start(t, oktasim.Options{Token: canary})
	u := s.AddUser(oktasim.NewUser{Login: "glass@corp.example"})
	settings := settingsFor(s.URL)
	settings.AllowCustomWrites = true
	settings.ProtectedUsers = []string{u.Login}
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, p := range []string{"/api/v1/users/" + u.ID, "/api/v1/users/glass@corp.example", "/api/v1/users/glass",
		"/api/v1/users/" + u.ID + "/lifecycle/suspend", "/api/v1/users/me"} {
		_, err := c.Custom(t.Context(), CustomCall{Method: "POST", Path: p})
		if wantCode(t, err, sdk.Forbidden); !guard.Rejected(err) {
			t.Errorf("%s: %v", p, err)
		}
	}
	for _, r := range s.Requests() {
		if r.Method != "GET" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

func FuzzCustomPath(f *testing.F) {
	for _, p := range append(slices.Clone(hostilePaths), "/api/v1/users/alice@corp.example", "/idp/myaccount", "/oauth2/v1/clients/x/roles", "/api/v1/a b") {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		escaped, err := customPath(p)
		if err != nil {
			return
		}
		u, parseErr := url.Parse("https://acme.okta.com" + escaped)
		if parseErr != nil || u.Host != "acme.okta.com" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			t.Fatalf("%q became %q: %v", p, escaped, u)
		}
		if u.Path != p {
			t.Errorf("%q reads as %q", p, u.Path)
		}
		if !slices.ContainsFunc(customRoots, func(root string) bool { return strings.HasPrefix(u.EscapedPath(), root) }) {
			t.Errorf("%q leaves the API: %q", p, u.EscapedPath())
		}
		for s := range strings.SplitSeq(u.EscapedPath()[1:], "/") {
			if s == "" || strings.Trim(s, ".") == "" {
				t.Errorf("%q has the segment %q", p, s)
			}
		}
	})
}
