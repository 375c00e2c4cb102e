package oktasim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestGrantsAndTokens(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", OAuthTokens: 1})
	c.org.AddGrant(oktasim.NewGrant{User: u.ID, Client: "0oaMail", Scopes: []string{"openid", "email"}, Tokens: 2})
	c.org.AddGrant(oktasim.NewGrant{User: u.ID, Client: "0oaNotes", Tokens: 3})
	other := c.org.AddUser(oktasim.NewUser{Login: "b@corp.example"})
	c.org.AddGrant(oktasim.NewGrant{User: other.ID, Client: "0oaMail", Scopes: []string{"openid"}, Tokens: 1})
	path := "/api/v1/users/" + u.ID

	if got := column(c.want("GET", path+"/clients", "", 200, "").list(t), "client_id"); !cmp.Equal(got, []string{"0oaMail", "0oaNotes"}) {
		t.Error(got)
	}
	a := c.want("GET", path+"/grants?limit=1", "", 200, "")
	_, next := a.links(t)
	if got := append(column(a.list(t), "scopeId"), column(c.want("GET", next, "", 200, "").list(t), "scopeId")...); !cmp.Equal(got, []string{"openid", "email"}) {
		t.Error(got)
	}
	if got := c.want("GET", path+"/grants?scopeId=email", "", 200, "").list(t); len(got) != 1 {
		t.Error(got)
	}
	c.want("GET", path+"/grants?limit=201", "", 400, "E0000001")

	for range 2 {
		c.want("DELETE", path+"/clients/0oaNotes/tokens", "", 204, "")
	}
	c.want("DELETE", path+"/clients/0oaNobody/tokens", "", 404, "E0000007")
	if got := c.user(u.ID).OAuthTokens; got != 3 {
		t.Errorf("%d tokens, want one without a client and two of Mail", got)
	}
	for range 2 {
		c.want("DELETE", path+"/grants", "", 204, "")
	}
	if s := c.user(u.ID); len(s.Grants) != 0 || s.OAuthTokens != 3 {
		t.Errorf("%+v", s)
	}
	c.want("DELETE", path+"/sessions?oauthTokens=true", "", 204, "")
	if got := c.want("GET", path+"/clients", "", 200, "").body; got != "[]" || c.user(u.ID).OAuthTokens != 0 {
		t.Error(got)
	}
	if s := c.user(other.ID); len(s.Grants) != 1 || s.OAuthTokens != 1 {
		t.Errorf("another user was changed: %+v", s)
	}
	want := []string{"app.oauth2.token.revoke", "app.oauth2.as.consent.revoke.user", "user.session.clear"}
	if d := cmp.Diff(want, c.logged()); d != "" {
		t.Error(d)
	}
}

func TestRisk(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	path := "/api/v1/users/" + u.ID + "/risk"
	none := c.want("GET", path, "", 200, "").object(t)
	if _, has := none["reason"]; none["riskLevel"] != "NONE" || has {
		t.Error(none)
	}
	for _, body := range []string{
		`{}`, `{"riskLevel":"NONE"}`, `{"riskLevel":"high"}`, `{"riskLevel":"HIGH","riskReason":"a/b"}`,
		`{"riskLevel":"HIGH","riskReason":"` + strings.Repeat("x", 501) + `"}`,
	} {
		c.want("PUT", path, body, 400, "E0000001")
	}
	c.want("PUT", path, ``, 400, "E0000003")
	if c.user(u.ID).Risk != "NONE" {
		t.Error(c.user(u.ID).Risk)
	}
	c.want("PUT", path, `{"riskLevel":"HIGH","riskReason":"Ticket 12, see notes."}`, 201, "")
	got := c.want("PUT", path, `{"riskLevel":"LOW"}`, 200, "").object(t)
	if got["riskLevel"] != "LOW" || got["reason"] != "Admin override risk" || c.user(u.ID).Risk != "LOW" {
		t.Error(got)
	}
	c.want("PUT", "/api/v1/users/none/risk", `{"riskLevel":"LOW"}`, 404, "E0000007")
	if d := cmp.Diff([]string{"user.risk.change", "user.risk.change"}, c.logged()); d != "" {
		t.Error(d)
	}
}

func TestUniversalLogout(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	const path = "/oauth2/v1/global-token-revocation"
	for _, subject := range []string{
		`{"format":"opaque","id":"%[1]s"}`, `{"format":"iss_sub","iss":"%[2]s","sub":"%[1]s"}`, `{"format":"iss_sub","iss":"%[2]s/","sub":"%[3]s"}`,
	} {
		login := unique() + "@corp.example"
		u := c.org.AddUser(oktasim.NewUser{Login: login, Sessions: 2, OAuthTokens: 1, RememberedDevices: 1})
		c.want("POST", path, fmt.Sprintf(`{"sub_id":`+subject+`}`, u.ID, c.org.URL, login)[:], 204, "")
		if s := c.user(u.ID); len(s.Sessions) != 0 || s.OAuthTokens != 0 || s.RememberedDevices != 1 {
			t.Errorf("%s: %+v", subject, s)
		}
	}
	for _, body := range []string{
		`{}`, `{"sub_id":{"format":"email","email":"a@corp.example"}}`, `{"sub_id":{"format":"opaque","id":"00unone"}}`,
		`{"sub_id":{"format":"opaque"}}`, `{"sub_id":{"format":"iss_sub","iss":"https://elsewhere.example","sub":"okta.admin@corp.example"}}`,
	} {
		c.want("POST", path, body, 400, "E0000001")
	}
	if got := c.logged(); len(got) != 3 || got[0] != "user.authentication.universal_logout" {
		t.Error(got)
	}
}
