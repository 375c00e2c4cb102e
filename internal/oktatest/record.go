package oktatest

import "maps"

// displayMessages are the sentences that Okta shows for the org's own event types.
var displayMessages = map[string]string{
	"app.oauth2.token.grant.access_token":  "OAuth2 access token is granted",
	"app.oauth2.token.revoke":              "OAuth2 token revocation request",
	"app.oauth2.as.consent.revoke.user":    "Consent is revoked for a user",
	"application.lifecycle.activate":       "Activate application",
	"application.lifecycle.deactivate":     "Deactivate application",
	"application.user_membership.remove":   "Remove user's application membership",
	"device.lifecycle.activate":            "Activate device",
	"device.lifecycle.deactivate":          "Deactivate device",
	"device.lifecycle.delete":              "Delete device",
	"device.lifecycle.suspend":             "Suspend device",
	"device.lifecycle.unsuspend":           "Unsuspend device",
	"group.lifecycle.create":               "Create Okta group",
	"group.lifecycle.delete":               "Delete Okta group",
	"group.privilege.grant":                "Grant privilege to group",
	"group.privilege.revoke":               "Revoke privilege from group",
	"group.profile.update":                 "Okta group profile updated",
	"group.user_membership.add":            "Add user to group membership",
	"group.user_membership.remove":         "Remove user from group membership",
	"system.push.send_factor_verify_push":  "Send Push verify message",
	"user.account.expire_password":         "Expire a user's password",
	"user.account.lock":                    "Max sign in attempts exceeded",
	"user.account.privilege.grant":         "Grant user privilege",
	"user.account.privilege.revoke":        "Revoke user privilege",
	"user.account.reset_password":          "User reset password for Okta",
	"user.account.unlock_by_admin":         "User account unlocked by admin",
	"user.account.update_password":         "User update password for Okta",
	"user.account.update_profile":          "Update user profile for Okta",
	"user.authentication.auth_via_mfa":     "Authentication of user via MFA",
	"user.authentication.sso":              "User single sign on to app",
	"user.authentication.universal_logout": "Universal Logout",
	"user.lifecycle.activate":              "Activate Okta user",
	"user.lifecycle.create":                "Create Okta user",
	"user.lifecycle.deactivate":            "Deactivate Okta user",
	"user.lifecycle.delete.completed":      "Delete Okta user completed",
	"user.lifecycle.delete.initiated":      "Delete Okta user initiated",
	"user.lifecycle.reactivate":            "Reactivate Okta user",
	"user.lifecycle.suspend":               "Suspend Okta user",
	"user.lifecycle.unsuspend":             "Unsuspend Okta user",
	"user.mfa.factor.deactivate":           "Reset factor for user",
	"user.mfa.factor.reset_all":            "Reset all factors for user",
	"user.mfa.okta_verify.deny_push":       "User rejected Okta push verify",
	"user.risk.change":                     "User's risk level changed",
	"user.session.clear":                   "Clear user session",
	"user.session.end":                     "User logout from Okta",
	"user.session.start":                   "User login to Okta",
	"zone.activate":                        "Network zone activate",
	"zone.create":                          "Network zone create",
	"zone.deactivate":                      "Network zone deactivate",
	"zone.delete":                          "Network zone delete",
	"zone.update":                          "Network zone update",
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

// detail is what an event of the org's own says beside its type and its targets.
type detail struct {
	actor  map[string]any // nil where it is the caller
	result string         // SUCCESS when empty
	reason string
	debug  map[string]any
}

// record writes to the log what a call did, with the caller as its actor.
func (o *Org) record(c *call, eventType string, targets ...map[string]any) {
	o.recordDetail(c, eventType, detail{}, targets...)
}

func (o *Org) recordDetail(c *call, eventType string, d detail, targets ...map[string]any) {
	list := make([]any, len(targets))
	for i, t := range targets {
		list[i] = t
	}
	url := c.path
	if c.rawQuery != "" {
		url += "?" + c.rawQuery
	}
	agent := c.header.Get("User-Agent")
	debug := map[string]any{"requestId": c.requestID, "requestUri": c.path, "url": url}
	maps.Copy(debug, d.debug)
	e := Event{
		"eventType": eventType,
		"target":    list,
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": agent, "os": "Unknown", "browser": "UNKNOWN"},
			"ipAddress": c.remote,
		},
		"debugContext": map[string]any{"debugData": debug},
		"transaction":  map[string]any{"id": c.requestID},
		"request": map[string]any{"ipChain": []any{map[string]any{
			"ip": c.remote, "geographicalContext": nil, "version": ipVersion(c.remote), "source": nil,
		}}},
	}
	if c.app != nil {
		e["actor"] = c.app.target()
		e["client"].(map[string]any)["id"] = c.app.id
	} else {
		owner, tokenID := c.owner, c.tokenID
		if owner == nil { // a public endpoint, or nobody's call
			owner, tokenID = o.owner, o.tokenID
		}
		e["actor"] = userTarget(owner)
		e["authenticationContext"] = map[string]any{"externalSessionId": "trs" + tokenID[3:]}
		e["transaction"] = map[string]any{"id": c.requestID, "detail": map[string]any{"requestApiTokenId": tokenID}}
	}
	if d.actor != nil {
		e["actor"] = d.actor
	}
	if d.result != "" || d.reason != "" {
		outcome := map[string]any{"result": orElse(d.result, "SUCCESS")}
		if d.reason != "" {
			outcome["reason"] = d.reason
		}
		e["outcome"] = outcome
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
