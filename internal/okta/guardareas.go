package okta

import (
	"net/http"
	"strings"
)

// An area is what the rules know of one part of Okta's API: it adds whom a write
// there is to. Rest is the path below it.
type area func(t *targets, w write, rest []string)

// areas are the parts of the API in which it can be told whom a write is to
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/).
// What is not here is unclear.
var areas = map[string]area{
	"users":      usersArea,
	"groups":     groupsArea,
	"sessions":   sessionsArea,
	"devices":    devicesArea,
	"apps":       appsArea,
	"idps":       idpsArea,
	"iam":        iamArea,
	"api-tokens": tokensArea,
	"authn":      authnArea,

	// These hold settings of the org, and name users and groups by their ids if at all.
	"authenticators": nobodys, "authorizationservers": nobodys, "behaviors": nobodys, "brands": nobodys,
	"captchas": nobodys, "device-assurances": nobodys, "device-posture-checks": nobodys, "domains": nobodys,
	"email-domains": nobodys, "email-servers": nobodys, "eventhooks": nobodys, "features": nobodys, "hook-keys": nobodys,
	"inlinehooks": nobodys, "logstreams": nobodys, "mappings": nobodys, "meta": nobodys, "policies": nobodys,
	"principal-rate-limits": nobodys, "push-providers": nobodys, "rate-limit-settings": nobodys, "templates": nobodys,
	"trustedorigins": nobodys, "zones": nobodys,
}

func nobodys(*targets, write, []string) {}

func at(rest []string, i int) string {
	if i < len(rest) {
		return rest[i]
	}
	return ""
}

func usersArea(t *targets, _ write, rest []string) {
	t.users = add(t.users, at(rest, 0))
	if strings.EqualFold(at(rest, 1), "linkedObjects") {
		t.users = add(t.users, at(rest, 3))
	}
}

func groupsArea(t *targets, _ write, rest []string) {
	if strings.EqualFold(at(rest, 0), "rules") {
		t.unclear = "a group rule is to whom its condition fits"
		return
	}
	t.groups = add(t.groups, at(rest, 0))
	switch strings.ToLower(at(rest, 1)) {
	case "users", "owners":
		t.users = add(t.users, at(rest, 2))
	}
}

func sessionsArea(t *targets, _ write, rest []string) {
	switch id := at(rest, 0); {
	case id == "":
		t.unclear = "a session that is made by hand is whose token it is made of"
	case strings.EqualFold(id, "me"):
		t.users = add(t.users, "me")
	default:
		t.sessions = add(t.sessions, id)
	}
}

// tokensArea knows whose the token is that a request itself carries, of the API
// tokens only that one.
func tokensArea(t *targets, _ write, rest []string) {
	if strings.EqualFold(at(rest, 0), "current") {
		t.users = add(t.users, "me")
		return
	}
	t.unclear = "whose an API token is cannot be told"
}

func devicesArea(t *targets, _ write, rest []string) { t.devices = add(t.devices, at(rest, 0)) }

func appsArea(t *targets, _ write, rest []string) {
	t.apps = add(t.apps, at(rest, 0))
	switch strings.ToLower(at(rest, 1)) {
	case "users":
		t.users = add(t.users, at(rest, 2))
	case "groups":
		t.groups = add(t.groups, at(rest, 2))
	case "tokens":
		t.unclear = "the tokens of an app are those of all its users"
	case "group-push":
		t.unclear = "a mapping that is deleted may take its group along"
	}
}

// authnArea knows the calls that begin with a username, and not whom those that go on
// with a token are to. A sign-in may know users by more names than their login; failed
// ones lock the account.
func authnArea(t *targets, w write, _ []string) {
	eachString(w.body, func(members []string, text string) {
		if len(members) == 1 && members[0] == "username" {
			t.users = add(t.users, text)
		}
	})
	t.unclear = "a sign-in is by any name that the org allows"
}

func idpsArea(t *targets, _ write, rest []string) {
	if strings.EqualFold(at(rest, 1), "users") {
		t.users = add(t.users, at(rest, 2))
	}
}

// iamArea knows the calls that give roles to whom the body names. Any other changes
// what the holders of a role may do, whoever they are.
func iamArea(t *targets, w write, rest []string) {
	binding := strings.EqualFold(at(rest, 0), "resource-sets") && strings.EqualFold(at(rest, 2), "bindings")
	switch {
	case binding && len(rest) == 3 && w.method == http.MethodPost:
	case binding && len(rest) == 5 && w.method == http.MethodPatch:
	default:
		t.unclear = "it changes what the holders of a role may do"
		return
	}
	if len(t.users)+len(t.groups) == 0 {
		t.unclear = "the body names no user or group by its id"
	}
}

// oauth is the part of the org that gives out tokens and takes them back.
func (t *targets) oauth(w write, call string, segments []string) {
	switch call {
	case "global-token-revocation":
		eachString(w.body, func(members []string, text string) {
			if len(members) == 2 && members[0] == "sub_id" && members[1] != "format" && members[1] != "iss" {
				t.users = add(t.users, text)
			}
		})
		if len(t.users) == 0 {
			t.unclear = "the body names nobody to log out"
		}
	case "clients":
		t.apps = add(t.apps, at(segments, 3))
	default:
		t.unclear = "whose token it is about cannot be told"
	}
}
