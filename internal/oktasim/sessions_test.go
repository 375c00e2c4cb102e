package oktasim_test

import (
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func TestSession(t *testing.T) {
	c, clk := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	first, second := c.org.AddSession(u.ID), c.org.AddSession("a@corp.example")

	s := c.want("GET", "/api/v1/sessions/"+first, "", 200, "").object(t)
	if s["userId"] != u.ID || s["login"] != "a@corp.example" || s["status"] != "ACTIVE" {
		t.Errorf("session: %v", s)
	}
	c.want("DELETE", "/api/v1/sessions/"+first, "", 204, "")
	c.want("DELETE", "/api/v1/sessions/"+first, "", 404, "E0000007")
	c.want("GET", "/api/v1/sessions/"+first, "", 404, "E0000007")
	c.want("GET", "/api/v1/sessions/me", "", 404, "E0000007")

	clk.Advance(11 * time.Hour)
	c.want("GET", "/api/v1/sessions/"+second, "", 200, "")
	clk.Advance(time.Hour)
	c.want("GET", "/api/v1/sessions/"+second, "", 404, "E0000007")
	c.want("DELETE", "/api/v1/sessions/"+second, "", 404, "E0000007")
	if u, _ := c.org.State().User(u.ID); len(u.Sessions) != 0 {
		t.Errorf("state shows an expired session: %v", u.Sessions)
	}
}

func TestClearSessions(t *testing.T) {
	for _, tc := range []struct {
		query           string
		tokens, devices int
	}{
		{"", 2, 0},
		{"?oauthTokens=true", 0, 0},
		{"?oauthTokens=false&forgetDevices=false", 2, 3},
		{"?oauthTokens=true&forgetDevices=false", 0, 3},
	} {
		c, _ := start(t)
		u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2, OAuthTokens: 2, RememberedDevices: 3})
		path := "/api/v1/users/" + u.ID + "/sessions" + tc.query
		c.want("DELETE", path, "", 204, "")
		got, _ := c.org.State().User(u.ID)
		if len(got.Sessions) != 0 || got.OAuthTokens != tc.tokens || got.RememberedDevices != tc.devices {
			t.Errorf("%q: %+v", tc.query, got)
		}
		c.want("DELETE", path, "", 204, "")
		c.want("DELETE", "/api/v1/users/none/sessions", "", 404, "E0000007")
		c.want("DELETE", "/api/v1/users/"+u.ID+"/sessions?oauthTokens=ja", "", 400, "E0000001")
	}
}
