package oktasim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

var allStatuses = []string{
	"STAGED", "PROVISIONED", "ACTIVE", "RECOVERY", "LOCKED_OUT", "PASSWORD_EXPIRED", "SUSPENDED", "DEPROVISIONED",
}

// TestLifecycle runs every operation on a user in every status. If a status is not listed, otherwise is the expected
// error.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	type refusal struct {
		status int
		code   string
	}
	for _, op := range []struct {
		path      string
		event     string
		leads     map[string]string
		otherwise refusal
	}{
		{
			"activate", "user.lifecycle.activate",
			map[string]string{"STAGED": "PROVISIONED", "DEPROVISIONED": "PROVISIONED"}, refusal{403, "E0000016"},
		},
		{
			"deactivate", "user.lifecycle.deactivate",
			map[string]string{
				"STAGED": "DEPROVISIONED", "PROVISIONED": "DEPROVISIONED", "ACTIVE": "DEPROVISIONED", "RECOVERY": "DEPROVISIONED",
				"LOCKED_OUT": "DEPROVISIONED", "PASSWORD_EXPIRED": "DEPROVISIONED", "SUSPENDED": "DEPROVISIONED",
			}, refusal{404, "E0000007"},
		},
		{"suspend", "user.lifecycle.suspend", map[string]string{"ACTIVE": "SUSPENDED"}, refusal{400, "E0000001"}},
		{"unsuspend", "user.lifecycle.unsuspend", map[string]string{"SUSPENDED": "ACTIVE"}, refusal{400, "E0000001"}},
		{"unlock", "user.account.unlock_by_admin", map[string]string{"LOCKED_OUT": "ACTIVE"}, refusal{403, "E0000032"}},
		{
			"expire_password", "user.account.expire_password",
			map[string]string{
				"ACTIVE": "PASSWORD_EXPIRED", "RECOVERY": "PASSWORD_EXPIRED", "LOCKED_OUT": "PASSWORD_EXPIRED",
				"PASSWORD_EXPIRED": "PASSWORD_EXPIRED",
			}, refusal{403, "E0000038"},
		},
		{
			"reset_password?sendEmail=true", "user.account.reset_password",
			map[string]string{
				"PROVISIONED": "RECOVERY", "ACTIVE": "RECOVERY", "RECOVERY": "RECOVERY", "LOCKED_OUT": "RECOVERY",
				"PASSWORD_EXPIRED": "RECOVERY",
			}, refusal{403, "E0000017"},
		},
	} {
		t.Run(op.path, func(t *testing.T) {
			c, _ := start(t)
			for i, from := range allStatuses {
				login := fmt.Sprintf("u%d@corp.example", i)
				u := c.org.AddUser(oktasim.NewUser{Login: login, Status: from})
				// Okta accepts both the ID and the login.
				who := []string{u.ID, login}[i%2]
				before := c.org.State().Events
				a := c.do("POST", "/api/v1/users/"+who+"/lifecycle/"+op.path, "")
				to, allowed := op.leads[from]
				want := refusal{200, ""}
				if !allowed {
					want, to = op.otherwise, from
				}
				if a.status != want.status || a.code() != want.code {
					t.Errorf("%s: got %d %s, want %v", from, a.status, a.body, want)
				}
				if got := c.status(login); got != to {
					t.Errorf("%s: now %s, want %s", from, got, to)
				}
				logged := c.org.State().Events - before
				if (logged == 1) != allowed {
					t.Errorf("%s: %d events", from, logged)
				}
			}
			c.want("POST", "/api/v1/users/00unone/lifecycle/"+op.path, "", 404, "E0000007")
			for _, e := range c.get("/api/v1/logs").list(t) {
				if e["eventType"] != op.event {
					t.Errorf("logged %v, want %s", e["eventType"], op.event)
				}
			}
		})
	}
}

func TestSuspendTwice(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c.want("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", "", 200, "")
	a := c.want("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", "", 400, "E0000001")
	if !strings.Contains(a.body, `"errorCauses":[{"errorSummary":"Cannot suspend a user that is not active"}]`) {
		t.Error(a.body)
	}
}

func TestLifecycleLinks(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "staged@corp.example", Status: "STAGED"})
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2})

	got := c.want("POST", "/api/v1/users/staged@corp.example/lifecycle/activate?sendEmail=false", "", 200, "").object(t)
	link, err := url.Parse(got["activationUrl"].(string))
	if err != nil || !strings.HasSuffix(link.Path, got["activationToken"].(string)) {
		t.Errorf("activation: %v", got)
	}

	reset := "/api/v1/users/a@corp.example/lifecycle/reset_password"
	c.want("POST", reset, "", 400, "E0000028")
	c.want("POST", reset+"?sendEmail=maybe", "", 400, "E0000001")
	first := c.want("POST", reset+"?sendEmail=false", "", 200, "").object(t)["resetPasswordUrl"]
	second := c.want("POST", reset+"?sendEmail=false", "", 200, "").object(t)["resetPasswordUrl"]
	if first == nil || first == second {
		t.Errorf("the tokens of two resets are equal: %v, %v", first, second)
	}
	if u, _ := c.org.State().User("a@corp.example"); len(u.Sessions) != 2 {
		t.Errorf("%d sessions after a reset without revocation", len(u.Sessions))
	}
	if body := c.want("POST", reset+"?sendEmail=true&revokeSessions=true", "", 200, "").body; body != "{}" {
		t.Errorf("the response contains a mailed token: %s", body)
	}
	if u, _ := c.org.State().User("a@corp.example"); len(u.Sessions) != 0 {
		t.Errorf("%d sessions left", len(u.Sessions))
	}
}

func TestSuspensionEndsSessions(t *testing.T) {
	for _, end := range []struct{ method, path string }{
		{"POST", "/lifecycle/suspend"}, {"POST", "/lifecycle/deactivate"}, {"DELETE", ""}, {"DELETE", "/sessions"},
	} {
		c, _ := start(t)
		u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
		other := c.org.AddUser(oktasim.NewUser{Login: "b@corp.example", Sessions: 1})
		sid := c.org.AddSession(u.ID)
		c.want("GET", "/api/v1/sessions/"+sid, "", 200, "")
		c.do(end.method, "/api/v1/users/"+u.ID+end.path, "")
		c.want("GET", "/api/v1/sessions/"+sid, "", 404, "E0000007")
		if u, _ := c.org.State().User(u.ID); len(u.Sessions) != 0 {
			t.Errorf("%s %s leaves sessions %v", end.method, end.path, u.Sessions)
		}
		if o, _ := c.org.State().User(other.ID); len(o.Sessions) != 1 {
			t.Errorf("%s %s ends another user's sessions", end.method, end.path)
		}
	}
}
