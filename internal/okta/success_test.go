package okta

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// userOne has the form of an ID. Therefore the guard does not look it up.
const userOne = "00u00000000000000001"

// documentedWrites maps each write to the responses that Okta documents, as status and body.
var documentedWrites = map[string]struct {
	write func(context.Context, *Client) error
	ok    []string
}{
	"suspend":           {func(ctx context.Context, c *Client) error { return c.SuspendUser(ctx, userOne) }, []string{"200", "200 {}"}},
	"unsuspend":         {func(ctx context.Context, c *Client) error { return c.UnsuspendUser(ctx, userOne) }, []string{"200", "200 {}"}},
	"unlock":            {func(ctx context.Context, c *Client) error { return c.UnlockUser(ctx, userOne) }, []string{"200", "200 {}"}},
	"deactivate":        {func(ctx context.Context, c *Client) error { return c.DeactivateUser(ctx, userOne, false) }, []string{"200", "200 {}"}},
	"reset factors":     {func(ctx context.Context, c *Client) error { return c.ResetFactors(ctx, userOne) }, []string{"200", "200 {}"}},
	"deactivate app":    {func(ctx context.Context, c *Client) error { return c.DeactivateApp(ctx, "0oa1") }, []string{"200", "200 {}"}},
	"delete user":       {func(ctx context.Context, c *Client) error { return c.DeleteUser(ctx, userOne) }, []string{"204"}},
	"revoke sessions":   {func(ctx context.Context, c *Client) error { return c.RevokeSessions(ctx, userOne, true, true) }, []string{"204"}},
	"end session":       {func(ctx context.Context, c *Client) error { return c.EndSession(ctx, "102x") }, []string{"204"}},
	"universal logout":  {func(ctx context.Context, c *Client) error { return c.UniversalLogout(ctx, userOne) }, []string{"204"}},
	"revoke grants":     {func(ctx context.Context, c *Client) error { return c.RevokeGrants(ctx, userOne) }, []string{"204"}},
	"revoke app tokens": {func(ctx context.Context, c *Client) error { return c.RevokeAppTokens(ctx, userOne, "0oa1") }, []string{"204"}},
	"add member":        {func(ctx context.Context, c *Client) error { return c.AddMember(ctx, "00g1", userOne) }, []string{"204"}},
	"remove member":     {func(ctx context.Context, c *Client) error { return c.RemoveMember(ctx, "00g1", userOne) }, []string{"204"}},
	"delete factor":     {func(ctx context.Context, c *Client) error { return c.DeleteFactor(ctx, userOne, "opf1", false) }, []string{"204"}},
	"unassign role":     {func(ctx context.Context, c *Client) error { return c.UnassignRole(ctx, userOne, "ra1") }, []string{"204"}},
	"unassign app":      {func(ctx context.Context, c *Client) error { return c.UnassignApp(ctx, "0oa1", userOne) }, []string{"204"}},
	"suspend device":    {func(ctx context.Context, c *Client) error { return c.SuspendDevice(ctx, "guo1") }, []string{"204"}},
	"unsuspend device":  {func(ctx context.Context, c *Client) error { return c.UnsuspendDevice(ctx, "guo1") }, []string{"204"}},
	"deactivate device": {func(ctx context.Context, c *Client) error { return c.DeactivateDevice(ctx, "guo1") }, []string{"204"}},
	"create user":       {func(ctx context.Context, c *Client) error { return c.CreateUser(ctx, NewUser{}) }, []string{`200 {"id":"00u1"}`}},
	"update profile":    {func(ctx context.Context, c *Client) error { return c.UpdateProfile(ctx, userOne, nil) }, []string{`200 {"id":"00u1"}`}},
	"expire password":   {func(ctx context.Context, c *Client) error { return c.ExpirePassword(ctx, userOne) }, []string{`200 {"id":"00u1"}`}},
	"assign role": {
		func(ctx context.Context, c *Client) error { return c.AssignRole(ctx, userOne, "ORG_ADMIN", "") },
		[]string{`200 {"id":"ra1"}`, `201 {"id":"ra1"}`},
	},
	"replace zone": {
		func(ctx context.Context, c *Client) error { return c.ReplaceGateways(ctx, &Zone{ID: "nzo1"}, nil) },
		[]string{`200 {"id":"nzo1"}`},
	},
	"set risk": {
		func(ctx context.Context, c *Client) error { return c.SetRisk(ctx, userOne, "HIGH", "") },
		[]string{`200 {"riskLevel":"HIGH"}`, `201 {"riskLevel":"HIGH"}`},
	},
	"activate by mail": {
		func(ctx context.Context, c *Client) error { _, err := c.ActivateUser(ctx, userOne, true); return err },
		[]string{"200", "200 {}"},
	},
	"activate": {
		func(ctx context.Context, c *Client) error { _, err := c.ActivateUser(ctx, userOne, false); return err },
		[]string{`200 {"activationUrl":"u","activationToken":"t"}`},
	},
	"reset password": {
		func(ctx context.Context, c *Client) error {
			_, err := c.ResetPassword(ctx, userOne, false, true)
			return err
		},
		[]string{`200 {"resetPasswordUrl":"u"}`},
	},
	"reset by mail": {
		func(ctx context.Context, c *Client) error {
			_, err := c.ResetPassword(ctx, userOne, true, true)
			return err
		},
		[]string{"200", "200 {}"},
	},
	"temporary password": {
		func(ctx context.Context, c *Client) error {
			_, err := c.ExpirePasswordWithTemporary(ctx, userOne, true)
			return err
		},
		[]string{`200 {"tempPassword":"p"}`},
	},
	"create group": {
		func(ctx context.Context, c *Client) error { _, err := c.CreateGroup(ctx, "n", ""); return err },
		[]string{`200 {"id":"00g1"}`},
	},
	"push": {
		func(ctx context.Context, c *Client) error {
			_, err := c.SendPush(ctx, userOne, "opf1", false)
			return err
		},
		[]string{`200 {"factorResult":"SUCCESS"}`, `201 {"factorResult":"SUCCESS"}`},
	},
}

// TestWritesAcceptOnlyDocumentedResponses checks that a write succeeds only with a documented response. Any other 2xx
// comes from a proxy or a captive portal, and the result of the write is unknown.
func TestWritesAcceptOnlyDocumentedResponses(t *testing.T) {
	others := []string{
		"200", "200 {}", "204", "201 {}", "202", "203 {}", "206 {}", `200 {"status":"ok"}`, "200 []", `200 "ok"`, "200 1", "200 true", "200 null", "200 {",
		"200 <html>sign in</html>", "201 <html>sign in</html>", "202 <html>queued</html>", "200 OK", `200 {"id":""}`, `200 {"id":7}`, `200 [{"id":"x"}]`,
		`201 {"id":"x"}`, `202 {"id":"x"}`, `200 {"id":"x"}`,
	}
	var response string
	c, _ := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // a read of the guard
			w.Header().Set("Content-Type", "application/json")
			body := "[]"
			if r.URL.Path == "/api/v1/users/me" {
				body = `{"id":"00ume","status":"ACTIVE"}`
			}
			if strings.HasPrefix(r.URL.Path, "/api/v1/sessions/") {
				body = `{"id":"102x","userId":"00u1"}`
			}
			_, _ = fmt.Fprint(w, body)
			return
		}
		status, body, _ := strings.Cut(response, " ")
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(body, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		code := http.StatusOK
		_, _ = fmt.Sscan(status, &code)
		w.WriteHeader(code)
		_, _ = fmt.Fprint(w, body)
	})
	for name, w := range documentedWrites {
		for _, response = range w.ok {
			if err := w.write(t.Context(), c); err != nil {
				t.Errorf("%s: response %s: %v", name, response, err)
			}
		}
		for _, response = range others {
			if documented(response, w.ok) {
				continue
			}
			err := w.write(t.Context(), c)
			e := sdk.AsError(err)
			if e == nil || e.Code != sdk.Unavailable || !strings.Contains(e.Message, "did not come from Okta") || !strings.Contains(e.Message, "is not known") {
				t.Errorf("%s: response %s: %v", name, response, err)
			}
		}
	}
}

// documented reports whether a response has a documented status, and returns the members of a documented body.
func documented(response string, ok []string) bool {
	for _, d := range ok {
		if response == d || strings.Contains(d, `"id"`) && strings.HasPrefix(d, response[:3]) && strings.HasSuffix(response, `{"id":"x"}`) {
			return true
		}
	}
	return false
}
