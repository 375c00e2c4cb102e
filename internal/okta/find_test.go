package okta

import (
	"net/http"
	"strings"
	"testing"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

func TestFindUser(t *testing.T) {
	c, s := org(t)
	plainUser := s.AddUser(oktasim.NewUser{Login: "isaac@corp.example", Email: "isaac.b@mail.example"})
	slash := s.AddUser(oktasim.NewUser{Login: `a/b?c#d"e\f%g@corp.example`, Email: "odd@corp.example"})
	gone := s.AddUser(oktasim.NewUser{Login: "gone@corp.example", Status: oktasim.StatusDeprovisioned})
	one := s.AddUser(oktasim.NewUser{Login: "one@corp.example", Email: "shared@corp.example"})
	two := s.AddUser(oktasim.NewUser{Login: "two@corp.example", Email: "shared@corp.example", Status: oktasim.StatusSuspended})
	for ref, want := range map[string]string{
		plainUser.ID:                 plainUser.ID,
		"isaac@corp.example":         plainUser.ID,
		"ISAAC@corp.example":         plainUser.ID,
		"isaac.b@mail.example":       plainUser.ID,
		`a/b?c#d"e\f%g@corp.example`: slash.ID,
		"odd@corp.example":           slash.ID,
		"gone@corp.example":          gone.ID,
		gone.ID:                      gone.ID,
		"one@corp.example":           one.ID,
	} {
		u, err := c.FindUser(t.Context(), "/user", ref)
		if err != nil || u.ID != want {
			t.Errorf("%q: got %+v, %v", ref, u, err)
		}
	}
	_, err := c.FindUser(t.Context(), "/user", "shared@corp.example")
	e := wantCode(t, err, sdk.InvalidInput)
	if text := e.Error(); !strings.Contains(text, one.ID) || !strings.Contains(text, two.ID) || !strings.Contains(text, "one@corp.example") {
		t.Errorf("some candidates are missing in: %s", text)
	}
	before := len(s.Requests())
	for _, ref := range []string{"", " ", " isaac@corp.example", "isaac@corp.example\n", "a\x00b", strings.Repeat("x", 501)} {
		_, err := c.FindUser(t.Context(), "/user", ref)
		wantCode(t, err, sdk.InvalidInput)
	}
	if n := len(s.Requests()) - before; n != 0 {
		t.Errorf("rejected names reached Okta in %d requests", n)
	}
	// The short name currently finds Isaac, and "me" finds the token's own user. The others are paths, wildcards and
	// injections. None may find a user.
	for _, ref := range []string{
		"isaac", "me", "ME", "nobody@corp.example", "00u00000000000000000", "..", ".", "a/b", "a?b", "?", "#", "*", "%",
		`x" or profile.login sw "i`, `" or status eq "ACTIVE`, `\`, `\"`, "me/groups", "isaac@corp.example/lifecycle/suspend",
	} {
		u, err := c.FindUser(t.Context(), "/user", ref)
		if err == nil {
			t.Errorf("%q found %s", ref, u.Login)
			continue
		}
		e := wantCode(t, err, sdk.NotFound)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != "/user" {
			t.Errorf("%q: no pointer in %v", ref, e)
		}
	}
	for _, r := range s.Requests() {
		if r.Method != "GET" || !strings.HasPrefix(r.Path, "/api/v1/users") || strings.Contains(r.Path, "/me") || strings.Contains(r.Path, "lifecycle") {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

// TestUserWithoutLogin checks that a user without a login is not accepted as a response of Okta.
func TestUserWithoutLogin(t *testing.T) {
	for _, body := range []string{`{"id":"x"}`, `{"id":"x","profile":null}`, `{"id":"x","profile":{"login":7}}`,
		`{"id":"x","profile":[]}`, `{"id":"x","status":"ok"}`} {
		c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		})
		_, err := c.FindUser(t.Context(), "/user", "isaac@corp.example")
		e := wantCode(t, err, sdk.Unavailable)
		if !strings.HasPrefix(e.Message, "GET /api/v1/users/isaac@corp.example: ") {
			t.Errorf("%s: the request is missing in %q", body, e.Message)
		}
	}
}

func TestFindGroup(t *testing.T) {
	c, s := org(t)
	quarantine := s.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	s.AddGroup(oktasim.NewGroup{Name: "Quarantine West"})
	odd := s.AddGroup(oktasim.NewGroup{Name: `R&D "east"\west / 100%`})
	idLike := s.AddGroup(oktasim.NewGroup{Name: "00gAAAAAAAAAAAAAAAAA"})
	a := s.AddGroup(oktasim.NewGroup{Name: "Salesforce Users", Type: oktasim.TypeApp})
	b := s.AddGroup(oktasim.NewGroup{Name: "Salesforce Users", Type: oktasim.TypeApp})
	for ref, want := range map[string]string{
		quarantine.ID:            quarantine.ID,
		"Quarantine":             quarantine.ID,
		`R&D "east"\west / 100%`: odd.ID,
		"00gAAAAAAAAAAAAAAAAA":   idLike.ID,
		a.ID:                     a.ID,
	} {
		g, err := c.FindGroup(t.Context(), "/group", ref)
		if err != nil || g.ID != want {
			t.Errorf("%q: got %+v, %v", ref, g, err)
		}
	}
	_, err := c.FindGroup(t.Context(), "/group", "Salesforce Users")
	e := wantCode(t, err, sdk.InvalidInput)
	if text := e.Error(); !strings.Contains(text, a.ID) || !strings.Contains(text, b.ID) {
		t.Errorf("some candidates are missing in: %s", text)
	}
	for _, ref := range []string{"Quarantin", "quarantine", "..", "00g00000000000000000", `x" or type eq "OKTA_GROUP`} {
		_, err := c.FindGroup(t.Context(), "/group", ref)
		e := wantCode(t, err, sdk.NotFound)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != "/group" {
			t.Errorf("%q: no pointer in %v", ref, e)
		}
	}
}

// TestCustomRolesInPages covers lists below /api/v1/iam, which have the next link in their body. An invalid link ends
// the list with an error.
func TestCustomRolesInPages(t *testing.T) {
	c, s := guarded(t, guard.Rules{})
	page := func(body string) {
		s.Fault(oktasim.Fault{Path: "/api/v1/iam/roles", Times: 1, Status: 200, Body: body})
	}
	page(`{"roles":[{"id":"cr01","label":"One"}],"_links":{"next":{"href":"` + s.URL + `/api/v1/iam/roles?after=a"}}}`)
	page(`{"roles":[{"id":"cr02","label":"Two"}],"_links":{}}`)
	roles, err := c.CustomRoles(t.Context())
	if err != nil || len(roles) != 2 || roles[1].ID != "cr02" {
		t.Errorf("got %+v, %v", roles, err)
	}
	if r := s.Requests(); r[len(r)-1].Query != "after=a" {
		t.Errorf("the second page was requested with %q", r[len(r)-1].Query)
	}
	for _, broken := range []string{
		`{"roles":[{"id":"cr01"}],"_links":{"next":{"href":"` + s.URL + `/api/v1/iam/roles"}}}`,
		`{"roles":[{"id":"cr01"}],"_links":{"next":{"href":"https://evil.example/api/v1/iam/roles?after=a"}}}`,
		`{"roles":[{"label":"Nobody"}]}`, `{"roles":7}`, `[]`, ``,
	} {
		page(broken)
		if roles, err := c.CustomRoles(t.Context()); err == nil {
			t.Errorf("%s: got %+v", broken, roles)
		}
	}
}
