package oktasim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

// logged returns the event types in the log, oldest first.
func (c *caller) logged() []string {
	c.t.Helper()
	return column(c.want("GET", "/api/v1/logs?limit=1000", "", 200, "").list(c.t), "eventType")
}

func (c *caller) user(login string) oktasim.UserState {
	c.t.Helper()
	u, ok := c.org.State().User(login)
	if !ok {
		c.t.Fatalf("no user %s", login)
	}
	return u
}

func TestDeleteFactor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		deleted string
		left    []string
	}{
		{"push", []string{"token:software:totp@GOOGLE", "sms@OKTA"}},
		{"signed_nonce", []string{"token:software:totp@GOOGLE", "sms@OKTA"}},
		{"token:software:totp", []string{"push@OKTA", "signed_nonce@OKTA", "token:software:totp@GOOGLE", "sms@OKTA"}},
		{"sms", []string{"push@OKTA", "signed_nonce@OKTA", "token:software:totp@OKTA", "token:software:totp@GOOGLE"}},
	} {
		t.Run(tc.deleted, func(t *testing.T) {
			c, _ := start(t)
			u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			other := c.org.AddUser(oktasim.NewUser{Login: "b@corp.example"})
			ids := map[string]string{}
			for _, f := range []oktasim.NewFactor{
				{Type: "push"}, {Type: "signed_nonce"}, {Type: "token:software:totp"}, {Type: "token:software:totp", Provider: "GOOGLE"}, {Type: "sms"},
			} {
				f.User = u.Login
				if id := c.org.AddFactor(f).ID; ids[f.Type] == "" {
					ids[f.Type] = id
				}
			}
			c.org.AddFactor(oktasim.NewFactor{User: other.ID, Type: "push"})
			path := "/api/v1/users/" + u.ID + "/factors/" + ids[tc.deleted]
			c.want("DELETE", "/api/v1/users/"+other.ID+"/factors/"+ids[tc.deleted], "", 404, "E0000007")
			c.want("DELETE", path+"?removeRecoveryEnrollment=perhaps", "", 400, "E0000001")
			c.want("DELETE", path, "", 204, "")
			c.want("DELETE", path, "", 404, "E0000007")
			left := []string{}
			for _, f := range c.user(u.ID).Factors {
				left = append(left, f.Type+"@"+f.Provider)
			}
			if d := cmp.Diff(tc.left, left); d != "" {
				t.Error(d)
			}
			if n := len(c.user(other.ID).Factors); n != 1 {
				t.Errorf("the other user has %d factors", n)
			}
			if got := c.logged(); len(got) != 5-len(tc.left) || got[0] != "user.mfa.factor.deactivate" {
				t.Errorf("logged %v", got)
			}
		})
	}
}

func TestFactorsOfDeprovisionedUsers(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: "DEPROVISIONED"})
	f := c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: "push"})
	path := "/api/v1/users/" + u.ID
	c.want("DELETE", path+"/factors/"+f.ID, "", 403, "E0000038")
	c.want("POST", path+"/factors/"+f.ID+"/verify", "", 403, "E0000038")
	c.want("POST", path+"/lifecycle/reset_factors", "", 200, "")
	c.want("POST", path+"/lifecycle/reset_factors", "", 200, "")
	if got := c.want("GET", path+"/factors", "", 200, "").body; got != "[]" {
		t.Error(got)
	}
	c.want("GET", "/api/v1/users/none/factors", "", 404, "E0000007")
	if got := c.logged(); !slices.Equal(got, []string{"user.mfa.factor.reset_all", "user.mfa.factor.reset_all"}) {
		t.Errorf("logged %v", got)
	}
}

// TestFactorsQuestionsIsUnknown checks that the name of an unknown endpoint is not used as a factor's ID.
func TestFactorsQuestionsIsUnknown(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	c.org.AllowUnknown()
	c.want("GET", "/api/v1/users/me/factors/questions", "", 404, "E0000008")
	c.want("GET", "/api/v1/groups/rules", "", 404, "E0000008")
	if len(c.org.Defects()) != 2 {
		t.Error(c.org.Defects())
	}
}

func TestVerifyOtherFactors(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for _, tc := range []struct {
		kind, status, body string
		want               int
		code               string
	}{
		{"sms", "", "", 200, ""},
		{"sms", "", `{}`, 200, ""},
		{"sms", "", `{"passCode":"123456"}`, 403, "E0000068"},
		{"email", "", ``, 200, ""},
		{"token:software:totp", "", ``, 403, "E0000068"},
		{"question", "", `{"answer":"?"}`, 403, "E0000068"},
		{"question", "", `{"answer"`, 400, "E0000003"},
		{"push", "PENDING_ACTIVATION", ``, 403, "E0000079"},
	} {
		f := c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: tc.kind, Status: tc.status})
		c.want("POST", "/api/v1/users/"+u.ID+"/factors/"+f.ID+"/verify", tc.body, tc.want, tc.code)
	}
}

type pushAnswer struct {
	Result   string `json:"factorResult"`
	Expires  string `json:"expiresAt"`
	Embedded struct {
		Challenge struct {
			Answer int `json:"correctAnswer"`
		} `json:"challenge"`
	} `json:"_embedded"`
	Links struct {
		Poll struct{ Href string } `json:"poll"`
	} `json:"_links"`
}

func TestPush(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		before  *oktasim.Push
		after   *oktasim.Push // a command that arrives after the push was sent
		advance time.Duration
		polls   []string
		number  int
		event   string
	}{
		{name: "nobody reacts", polls: []string{"WAITING", "WAITING"}},
		{name: "no reaction in time", advance: 5 * time.Minute, polls: []string{"TIMEOUT", "TIMEOUT"}, event: "user.authentication.auth_via_mfa"},
		{name: "yes", before: &oktasim.Push{Answer: "SUCCESS"}, polls: []string{"SUCCESS", "SUCCESS"}, event: "user.authentication.auth_via_mfa"},
		{
			name: "rejected after a while", before: &oktasim.Push{Answer: "REJECTED", AfterPolls: 2, Number: 72},
			polls: []string{"WAITING", "WAITING", "REJECTED", "REJECTED"}, number: 72, event: "user.mfa.okta_verify.deny_push",
		},
		{name: "rejected by a late command", after: &oktasim.Push{Answer: "REJECTED"}, polls: []string{"REJECTED"}, event: "user.mfa.okta_verify.deny_push"},
		{
			name: "changed reaction", before: &oktasim.Push{Answer: "SUCCESS", Number: 7}, after: &oktasim.Push{Answer: "TIMEOUT", Number: 9},
			polls: []string{"TIMEOUT"}, number: 7, event: "user.authentication.auth_via_mfa",
		},
		{name: "accepted too late", before: &oktasim.Push{Answer: "SUCCESS"}, advance: time.Hour, polls: []string{"TIMEOUT"},
			event: "user.authentication.auth_via_mfa"},
		{name: "wait", before: &oktasim.Push{Answer: "WAITING"}, polls: []string{"WAITING"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, clock := start(t)
			u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			f := c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: "push"})
			order := func(p *oktasim.Push) {
				if p != nil {
					p.User = u.Login
					c.org.AnswerPush(*p)
				}
			}
			order(tc.before)
			sent := decode[pushAnswer](t, c.want("POST", "/api/v1/users/"+u.ID+"/factors/"+f.ID+"/verify", "", 201, ""))
			if sent.Result != "WAITING" || sent.Expires != at(5*time.Minute) || sent.Embedded.Challenge.Answer != tc.number {
				t.Errorf("sent %+v", sent)
			}
			order(tc.after)
			clock.Advance(tc.advance)
			for i, want := range tc.polls {
				got := decode[pushAnswer](t, c.want("GET", sent.Links.Poll.Href, "", 200, ""))
				if got.Result != want {
					t.Errorf("poll %d: %s, want %s", i, got.Result, want)
				}
				if want == "WAITING" && (got.Links.Poll.Href != sent.Links.Poll.Href || got.Embedded != sent.Embedded) {
					t.Errorf("poll %d: %+v", i, got)
				}
			}
			want := []string{"system.push.send_factor_verify_push"}
			if tc.event != "" {
				want = append(want, tc.event)
			}
			if d := cmp.Diff(want, c.logged()); d != "" {
				t.Error(d)
			}
			c.want("GET", sent.Links.Poll.Href+"x", "", 404, "E0000007")
			c.want("DELETE", "/api/v1/users/"+u.ID+"/factors/"+f.ID, "", 204, "")
			c.want("GET", sent.Links.Poll.Href, "", 404, "E0000007")
		})
	}
}

func TestDeletedUserLosesEverything(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: "push"})
	c.org.AddDevice(oktasim.NewDevice{Name: "laptop", Users: []string{u.ID}})
	app := c.org.AddApp(oktasim.NewApp{Label: "Payroll"})
	c.org.AssignApp(oktasim.NewAssignment{App: app.ID, User: u.ID})
	c.org.AddRole(oktasim.NewRole{User: u.ID, Type: "SUPER_ADMIN"})
	c.org.AddGrant(oktasim.NewGrant{User: u.ID, Client: "0oaMail", Scopes: []string{"openid"}, Tokens: 2})

	c.want("DELETE", "/api/v1/users/"+u.ID, "", 204, "")
	s := c.user(u.ID)
	if s.OAuthTokens != 0 || len(s.Apps) != 0 || len(s.Roles) != 0 || len(s.Sessions) != 0 || len(s.Factors) != 1 || len(s.Devices) != 1 {
		t.Errorf("deactivated: %+v", s)
	}
	want := []string{"user.lifecycle.deactivate", "application.user_membership.remove", "user.account.privilege.revoke"}
	if d := cmp.Diff(want, c.logged()); d != "" {
		t.Error(d)
	}
	c.want("DELETE", "/api/v1/users/"+u.ID, "", 204, "")
	if users := c.org.State().Devices[0].Users; len(users) != 0 {
		t.Errorf("the device still has %v", users)
	}
	again := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", ID: u.ID})
	if s := c.user(again.ID); len(s.Factors)+len(s.Grants)+len(s.Devices) != 0 {
		t.Errorf("a new user has %+v", s)
	}
}

func TestExpiredPasswords(t *testing.T) {
	t.Parallel()
	for i, status := range allStatuses {
		c, _ := start(t)
		u := c.org.AddUser(oktasim.NewUser{Login: fmt.Sprint("u", i, "@corp.example"), Status: status, Sessions: 2})
		path := "/api/v1/users/" + u.ID + "/lifecycle/"
		if slices.Contains([]string{"ACTIVE", "RECOVERY", "LOCKED_OUT", "PASSWORD_EXPIRED"}, status) {
			first := c.want("POST", path+"expire_password_with_temp_password", "", 200, "").object(t)["tempPassword"]
			if s := c.user(u.ID); s.Status != "PASSWORD_EXPIRED" || len(s.Sessions) != 2 {
				t.Errorf("%s: %+v", status, s)
			}
			second := c.want("POST", path+"expire_password_with_temp_password?revokeSessions=true", "", 200, "").object(t)["tempPassword"]
			if first == "" || first == second || len(c.user(u.ID).Sessions) != 0 {
				t.Errorf("%s: %v, %v", status, first, second)
			}
		} else {
			c.want("POST", path+"expire_password_with_temp_password", "", 403, "E0000038")
		}
	}
	for _, status := range allStatuses {
		c, _ := start(t)
		u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: status})
		path := "/api/v1/users/" + u.ID + "/lifecycle/reactivate"
		if status != "PROVISIONED" && status != "RECOVERY" {
			c.want("POST", path, "", 403, "E0000038")
			continue
		}
		if c.want("POST", path, "", 200, "").object(t)["activationToken"] == nil || c.status("a@corp.example") != "PROVISIONED" {
			t.Errorf("%s: %s", status, c.status("a@corp.example"))
		}
		if body := c.want("POST", path+"?sendEmail=true", "", 200, "").body; body != "{}" {
			t.Error(body)
		}
	}
}
