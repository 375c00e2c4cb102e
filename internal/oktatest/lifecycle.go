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
	return o.activationReply(c), nil
}

func (o *Org) activationReply(c *call) *reply {
	token := o.fresh.oneTimeToken()
	return jsonReply(http.StatusOK, map[string]any{
		"activationUrl":   c.url("/welcome/" + token),
		"activationToken": token,
	})
}

// reactivateUser begins the activation again of a user who has not finished it.
func (o *Org) reactivateUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	sendEmail, err := c.flag("sendEmail", false)
	if err != nil {
		return nil, err
	}
	if u.status != StatusProvisioned && u.status != StatusRecovery {
		return nil, oktaError("E0000038")
	}
	u.become(StatusProvisioned, c.now)
	o.record(c, "user.lifecycle.reactivate", userTarget(u))
	if sendEmail {
		return jsonReply(http.StatusOK, empty), nil
	}
	return o.activationReply(c), nil
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
	o.revokeTokens(u)
	o.endSessionsOf(u)
	o.record(c, "user.lifecycle.deactivate", userTarget(u))
	for _, a := range o.apps {
		if au := a.has(u); au != nil {
			o.unassign(c, a, au)
		}
	}
	for _, r := range o.rolesHeldBy(holder{user: u}) {
		o.relieve(c, r)
	}
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

func (o *Org) expirePassword(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if err := o.expire(c, u); err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.fullUserDoc(u)), nil
}

// expire needs a user who could sign in with a password, or could again after some remedy.
func (o *Org) expire(c *call, u *user) error {
	if !slices.Contains([]string{StatusActive, StatusRecovery, StatusLockedOut, StatusPasswordExpired}, u.status) {
		return oktaError("E0000038")
	}
	u.become(StatusPasswordExpired, c.now)
	o.record(c, "user.account.expire_password", userTarget(u))
	return nil
}

// expireWithTempPassword makes up a new password with every call and shows it once, in the answer.
func (o *Org) expireWithTempPassword(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	revoke, err := c.flag("revokeSessions", false)
	if err != nil {
		return nil, err
	}
	if err := o.expire(c, u); err != nil {
		return nil, err
	}
	u.hasPassword, u.passwordChanged = true, c.now
	if revoke {
		o.endSessionsOf(u)
	}
	return jsonReply(http.StatusOK, map[string]any{"tempPassword": o.fresh.password()}), nil
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
