package oktatest

// displayMessages are the sentences that Okta shows for the org's own event types.
var displayMessages = map[string]string{
	"group.lifecycle.create":          "Create Okta group",
	"group.lifecycle.delete":          "Delete Okta group",
	"group.profile.update":            "Okta group profile updated",
	"group.user_membership.add":       "Add user to group membership",
	"group.user_membership.remove":    "Remove user from group membership",
	"user.account.expire_password":    "Expire a user's password",
	"user.account.lock":               "Max sign in attempts exceeded",
	"user.account.reset_password":     "User reset password for Okta",
	"user.account.unlock_by_admin":    "User account unlocked by admin",
	"user.account.update_profile":     "Update user profile for Okta",
	"user.authentication.sso":         "User single sign on to app",
	"user.lifecycle.activate":         "Activate Okta user",
	"user.lifecycle.create":           "Create Okta user",
	"user.lifecycle.deactivate":       "Deactivate Okta user",
	"user.lifecycle.delete.completed": "Delete Okta user completed",
	"user.lifecycle.delete.initiated": "Delete Okta user initiated",
	"user.lifecycle.suspend":          "Suspend Okta user",
	"user.lifecycle.unsuspend":        "Unsuspend Okta user",
	"user.session.clear":              "Clear user session",
	"user.session.end":                "User logout from Okta",
	"user.session.start":              "User login to Okta",
}

func displayMessage(eventType string) any {
	if m, ok := displayMessages[eventType]; ok {
		return m
	}
	return nil
}

func userTarget(u *user) map[string]any {
	return map[string]any{
		"id": u.id, "type": "User", "alternateId": u.login(), "displayName": u.name(), "detailEntry": nil,
	}
}

func groupTarget(g *group) map[string]any {
	return map[string]any{
		"id": g.id, "type": "UserGroup", "alternateId": "unknown", "displayName": g.name, "detailEntry": nil,
	}
}

// record writes to the log what a call did, with the token's owner as its actor.
func (o *Org) record(c *call, eventType string, targets ...map[string]any) {
	list := make([]any, len(targets))
	for i, t := range targets {
		list[i] = t
	}
	url := c.path
	if c.rawQuery != "" {
		url += "?" + c.rawQuery
	}
	agent := c.header.Get("User-Agent")
	e := Event{
		"eventType": eventType,
		"target":    list,
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": agent, "os": "Unknown", "browser": "UNKNOWN"},
			"ipAddress": c.remote,
		},
		"authenticationContext": map[string]any{"externalSessionId": "trs" + o.tokenID[3:]},
		"debugContext": map[string]any{"debugData": map[string]any{
			"requestId": c.requestID, "requestUri": c.path, "url": url,
		}},
		"transaction": map[string]any{"id": c.requestID, "detail": map[string]any{"requestApiTokenId": o.tokenID}},
		"request": map[string]any{"ipChain": []any{map[string]any{
			"ip": c.remote, "geographicalContext": nil, "version": ipVersion(c.remote), "source": nil,
		}}},
	}
	s, err := o.store(e, c.now)
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	o.log.add(s)
}

func ipVersion(ip string) string {
	for i := range len(ip) {
		if ip[i] == ':' {
			return "V6"
		}
	}
	return "V4"
}
