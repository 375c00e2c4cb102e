package oktatest

import (
	"net/http"
	"slices"
)

// empty is the body of the life cycle calls that have nothing to tell.
var empty = map[string]any{}

// activateUser leads from STAGED and DEPROVISIONED to ACTIVE, or to PROVISIONED where there is no password.
func (o *Org) activateUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	sendEmail, err := c.flag("sendEmail", true)
	if err != nil {
		return nil, err
	}
	if u.status != StatusStaged && u.status != StatusDeprovisioned {
		return nil, oktaError("E0000016")
	}
	u.activated = c.now
	u.become(firstStatus(u, ""), c.now)
	o.record(c, "user.lifecycle.activate", userTarget(u))
	if sendEmail {
		return jsonReply(http.StatusOK, empty), nil
	}
	token := o.fresh.oneTimeToken()
	return jsonReply(http.StatusOK, map[string]any{
		"activationUrl":   c.url("/welcome/" + token),
		"activationToken": token,
	}), nil
}

// deactivateUser answers 404 for a user who is deactivated already, as Okta does.
func (o *Org) deactivateUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status == StatusDeprovisioned {
		return nil, notFound(c.params[0], "User")
	}
	o.deprovision(c, u)
	return jsonReply(http.StatusOK, empty), nil
}

func (o *Org) deprovision(c *call, u *user) {
	u.become(StatusDeprovisioned, c.now)
	u.hasPassword = false
	u.oauthTokens = 0
	o.endSessionsOf(u)
	o.record(c, "user.lifecycle.deactivate", userTarget(u))
}

func (o *Org) suspendUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status != StatusActive {
		return nil, invalid("user", "Cannot suspend a user that is not active")
	}
	u.become(StatusSuspended, c.now)
	o.endSessionsOf(u)
	o.record(c, "user.lifecycle.suspend", userTarget(u))
	return jsonReply(http.StatusOK, empty), nil
}

func (o *Org) unsuspendUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status != StatusSuspended {
		return nil, invalid("user", "Cannot unsuspend a user that is not suspended")
	}
	u.become(StatusActive, c.now)
	o.record(c, "user.lifecycle.unsuspend", userTarget(u))
	return jsonReply(http.StatusOK, empty), nil
}

func (o *Org) unlockUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status != StatusLockedOut {
		return nil, oktaError("E0000032")
	}
	u.become(StatusActive, c.now)
	o.record(c, "user.account.unlock_by_admin", userTarget(u))
	return jsonReply(http.StatusOK, empty), nil
}

// expirePassword needs a user who could sign in with a password, or could again after some remedy.
func (o *Org) expirePassword(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{StatusActive, StatusRecovery, StatusLockedOut, StatusPasswordExpired}, u.status) {
		return nil, oktaError("E0000038")
	}
	u.become(StatusPasswordExpired, c.now)
	o.record(c, "user.account.expire_password", userTarget(u))
	return jsonReply(http.StatusOK, c.fullUserDoc(u)), nil
}

// resetPassword mints a new token with every call; with sendEmail it goes to the user and not into the answer.
func (o *Org) resetPassword(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if !c.query.Has("sendEmail") {
		return nil, oktaError("E0000028")
	}
	sendEmail, err := c.flag("sendEmail", true)
	if err != nil {
		return nil, err
	}
	revoke, err := c.flag("revokeSessions", false)
	if err != nil {
		return nil, err
	}
	if slices.Contains([]string{StatusStaged, StatusSuspended, StatusDeprovisioned}, u.status) {
		return nil, oktaError("E0000017")
	}
	u.become(StatusRecovery, c.now)
	if revoke {
		o.endSessionsOf(u)
	}
	o.record(c, "user.account.reset_password", userTarget(u))
	if sendEmail {
		return jsonReply(http.StatusOK, empty), nil
	}
	return jsonReply(http.StatusOK, map[string]any{
		"resetPasswordUrl": c.url("/signin/reset-password/" + o.fresh.oneTimeToken()),
	}), nil
}
