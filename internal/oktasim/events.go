package oktasim

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/syslog"
	"soar.example/okta/internal/oktasim/wire"
)

// Event is a System Log event or a part of one; Append fills in the rest. The extra key "persisted" (ISO 8601) is the time
// at which the log stores the event, now by default. An event with an older "published" is a late one. A key with nil
// stays null.
type Event map[string]any

// Append writes events to the log in the given order, as if they had happened in the org, and returns their UUIDs. It
// fills in missing values: uuid, published (now), actor (the token's owner), and the rest of the shape that every event
// has, also inside values of the type map[string]any. Other types, such as json.RawMessage, stay unchanged. An actor or
// target that names a user by id or alternateId gets the other fields of that user. Append panics if an event cannot be
// JSON, or if its "persisted" is not an ISO 8601 time up to now.
func (o *Org) Append(events ...Event) []string { return add(o, events, (*Org).insertEvents) }

// insertEvents stores all of the events or none.
func (o *Org) insertEvents(events []Event, now time.Time) ([]string, error) {
	stored := make([]*syslog.Event, len(events))
	for i, e := range events {
		var err error
		if stored[i], err = syslog.NewEvent(o.complete(e, now), e["persisted"], now); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
	}
	o.log.Add(stored...)
	return each(stored, func(e *syslog.Event) string { return e.UUID }), nil
}

func (o *Org) listEvents(c *call) (any, error) { return o.log.List(&c.Call, o.cursors) }

// emptyEvent has the shape of every event and no content.
func (o *Org) emptyEvent(now time.Time) doc {
	return doc{
		"uuid":            o.fresh.UUID(),
		"published":       wire.Stamp(now),
		"eventType":       "user.session.start",
		"version":         "0",
		"severity":        "INFO",
		"legacyEventType": nil,
		"displayMessage":  nil,
		"actor":           o.apiTokens[o.token].owner.target(),
		"client": doc{
			"userAgent": nil, "zone": "null", "device": "Unknown", "id": nil, "ipAddress": nil, "geographicalContext": nil,
		},
		"device": nil,
		"authenticationContext": doc{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil, "interface": nil,
			"authenticationStep": 0, "rootSessionId": nil, "externalSessionId": nil,
		},
		"outcome": doc{"result": "SUCCESS", "reason": nil},
		"securityContext": doc{
			"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil,
		},
		"debugContext": doc{"debugData": doc{}},
		"transaction":  doc{"type": "WEB", "id": o.fresh.RequestID(), "detail": doc{}},
		"request":      doc{"ipChain": []any{}},
		"target":       nil,
	}
}

// complete puts an event into the empty event.
func (o *Org) complete(e Event, now time.Time) doc {
	full := o.emptyEvent(now)
	for k, v := range e {
		list, isList := v.([]any)
		switch {
		case k == "persisted":
		case k == "actor":
			full[k] = o.completeEntity(v)
		case k == "target" && isList:
			full[k] = each(list, o.completeEntity)
		case k == "target":
			full[k] = v
		default:
			full[k] = merge(full[k], v)
		}
	}
	message, known := displayMessages[text(full, "eventType")]
	if _, given := e["displayMessage"]; known && !given {
		full["displayMessage"] = message
	}
	return full
}

// merge puts the keys of one object over those of another. Any other value replaces the value under it.
func merge(under, over any) any {
	base, isDoc := under.(doc)
	top, ok := over.(doc)
	if !isDoc || !ok {
		return over
	}
	out := maps.Clone(base)
	maps.Copy(out, top)
	return out
}

// completeEntity fills in an actor or target, from the user that it names if there is one.
func (o *Org) completeEntity(v any) any {
	given, ok := v.(doc)
	if !ok {
		return v
	}
	base := target("unknown", "User", "unknown", "unknown")
	if u, err := find(o.users, text(given, "id"), "User"); err == nil {
		base = u.target()
	} else if u := o.userByLogin(text(given, "alternateId")); u != nil {
		base = u.target()
	}
	return merge(base, given)
}

// target is an entity in an event: its actor or one of its targets.
func target(id, kind, alternateID, name string) doc {
	return doc{"id": id, "type": kind, "alternateId": alternateID, "displayName": name, "detailEntry": nil}
}

// detail is the content of an event without its type and its targets.
type detail struct {
	actor  doc    // the caller by default
	result string // SUCCESS by default
	reason string
	debug  doc
}

// logEvent logs the effect of a call, with the caller as its actor.
func (o *Org) logEvent(c *call, eventType string, targets ...doc) {
	o.logDetail(c, eventType, detail{}, targets...)
}

func (o *Org) logDetail(c *call, eventType string, d detail, targets ...doc) {
	debug := doc{"requestId": c.RequestID, "requestUri": c.Path, "url": strings.TrimSuffix(c.Path+"?"+c.RawQuery, "?")}
	maps.Copy(debug, d.debug)
	version := "V4"
	if strings.Contains(c.Remote, ":") {
		version = "V6"
	}
	client := doc{"userAgent": doc{"rawUserAgent": c.Header.Get("User-Agent"), "os": "Unknown", "browser": "UNKNOWN"}, "ipAddress": c.Remote}
	transaction, outcome := doc{"id": c.RequestID}, doc{}
	e := Event{
		"eventType": eventType, "target": each(targets, func(t doc) any { return t }), "client": client, "transaction": transaction,
		"outcome": outcome, "debugContext": doc{"debugData": debug},
		"request": doc{"ipChain": []any{doc{"ip": c.Remote, "geographicalContext": nil, "version": version, "source": nil}}},
	}
	if c.app != nil {
		e["actor"], client["id"] = c.app.target(), c.app.ID
	} else {
		token := cmp.Or(c.token, o.apiTokens[o.token])
		e["actor"], transaction["detail"] = token.owner.target(), doc{"requestApiTokenId": token.id}
		e["authenticationContext"] = doc{"externalSessionId": "trs" + token.id[3:]}
	}
	if d.actor != nil {
		e["actor"] = d.actor
	}
	if d.result != "" {
		outcome["result"] = d.result
	}
	if d.reason != "" {
		outcome["reason"] = d.reason
	}
	must(o.insertEvents([]Event{e}, c.Now))
}

// displayMessages are Okta's sentences for the event types of the org.
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
