package guard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"soar.example/okta/internal/okta/rest"
)

// A Write is a request that may change something.
type Write struct {
	Method string
	Path   string // escaped
	Body   []byte
}

// targets are the objects of a write, as far as the request itself tells.
type targets struct {
	users    []string // IDs, logins or "me", as Okta reads them
	groups   []string // IDs
	devices  []string // IDs
	sessions []string // IDs
	apps     []string // IDs
	names    []string // texts in the body that may be the login or address of a user
	// unclear says why there may be further targets, "" if there are none.
	unclear string
}

// targetsOf reads a request as a server might that ignores the case of a path and doubled
// slashes. A request that could be read in yet another way is unclear.
func targetsOf(w Write) targets {
	var t targets
	segments, ok := segmentsOf(w.Path)
	if !ok {
		t.unclear = "the path can be read in more than one way"
	}
	for _, s := range segments {
		t.mention(s)
	}
	if !t.readBody(w.Body) {
		t.unclear = "the body cannot be read"
	}
	word := func(i int) string { return strings.ToLower(at(segments, i)) }
	switch word(0) + "/" + word(1) {
	case "api/v1":
		if area, known := areas[word(2)]; known {
			area(&t, w, segments[3:])
		} else {
			t.unclear = "no rule knows /api/v1/" + word(2)
		}
	case "oauth2/v1":
		t.oauth(w, word(2), segments)
	default:
		t.unclear = "no rule knows this part of the org"
	}
	return t
}

// segmentsOf splits a path. It is not ok if a segment is escaped twice, or has a
// character that only some servers take for its end.
func segmentsOf(path string) (segments []string, ok bool) {
	ok = true
	for s := range strings.SplitSeq(path, "/") {
		if s == "" {
			continue
		}
		plain, err := url.PathUnescape(s)
		if err != nil {
			plain, ok = s, false
		}
		if strings.ContainsAny(plain, "%/\\;?#\x00") || strings.Trim(plain, ". \t") == "" {
			ok = false
		}
		segments = append(segments, plain)
	}
	return segments, ok
}

// mention adds the parts of a text that have the form of an ID.
func (t *targets) mention(text string) {
	isBreak := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	for token := range strings.FieldsFuncSeq(text, isBreak) {
		switch {
		case rest.IsUserID(token):
			t.users = add(t.users, token)
		case rest.IsGroupID(token):
			t.groups = add(t.groups, token)
		}
	}
}

// readBody adds the IDs in a body, except in a profile: an attribute that names a manager
// is no write to the manager. A repeated member counts each time.
func (t *targets) readBody(body []byte) bool {
	if len(bytes.TrimSpace(body)) == 0 {
		return true
	}
	return eachString(body, func(member []string, text string) {
		if slices.Contains(member, "profile") {
			return
		}
		t.mention(text)
		if len(text) <= 500 {
			t.names = add(t.names, text)
		}
	})
}

// eachString calls each with every string of a JSON document and the names of the
// members around it, outermost first, in lower case. It reports whether the document is
// JSON.
func eachString(doc []byte, each func(members []string, text string)) bool {
	if !json.Valid(doc) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var walk func(members []string)
	walk = func(members []string) {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch token := token.(type) {
		case json.Delim:
			for d.More() {
				inner := members
				if token == '{' {
					name, _ := d.Token()
					text, _ := name.(string)
					inner = append(slices.Clip(members), strings.ToLower(text))
				}
				walk(inner)
			}
			_, _ = d.Token() // the closing delimiter
		case string:
			each(members, token)
		}
	}
	walk(nil)
	return true
}

// An area adds the targets of a write to one part of Okta's API. rest is the path below
// it.
type area func(t *targets, w Write, rest []string)

// areas are the parts of the API with known targets
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/). Any
// other part is unclear.
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

	// These hold settings of the org, and name users and groups by their IDs if at all.
	"authenticators": settingsArea, "authorizationservers": settingsArea, "behaviors": settingsArea, "brands": settingsArea,
	"captchas": settingsArea, "device-assurances": settingsArea, "device-posture-checks": settingsArea, "domains": settingsArea,
	"email-domains": settingsArea, "email-servers": settingsArea, "eventhooks": settingsArea, "features": settingsArea, "hook-keys": settingsArea,
	"inlinehooks": settingsArea, "logstreams": settingsArea, "mappings": settingsArea, "meta": settingsArea, "policies": settingsArea,
	"principal-rate-limits": settingsArea, "push-providers": settingsArea, "rate-limit-settings": settingsArea, "templates": settingsArea,
	"trustedorigins": settingsArea, "zones": settingsArea,
}

func settingsArea(*targets, Write, []string) {}

func at(rest []string, i int) string {
	if i < len(rest) {
		return rest[i]
	}
	return ""
}

func usersArea(t *targets, _ Write, rest []string) {
	t.users = add(t.users, at(rest, 0))
	if strings.EqualFold(at(rest, 1), "linkedObjects") {
		t.users = add(t.users, at(rest, 3))
	}
}

func groupsArea(t *targets, _ Write, rest []string) {
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

func sessionsArea(t *targets, _ Write, rest []string) {
	switch id := at(rest, 0); {
	case id == "":
		t.unclear = "a session that is made by hand is whose token it is made of"
	case strings.EqualFold(id, "me"):
		t.users = add(t.users, "me")
	default:
		t.sessions = add(t.sessions, id)
	}
}

// tokensArea knows the user of one API token: the one that the request carries.
func tokensArea(t *targets, _ Write, rest []string) {
	if strings.EqualFold(at(rest, 0), "current") {
		t.users = add(t.users, "me")
		return
	}
	t.unclear = "whose an API token is cannot be told"
}

func devicesArea(t *targets, _ Write, rest []string) { t.devices = add(t.devices, at(rest, 0)) }

func appsArea(t *targets, _ Write, rest []string) {
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

// authnArea knows the calls that begin with a username, but not the users of calls that
// continue with a token. A sign-in may accept more names than the login, and failed
// sign-ins lock the account.
func authnArea(t *targets, w Write, _ []string) {
	eachString(w.Body, func(members []string, text string) {
		if len(members) == 1 && members[0] == "username" {
			t.users = add(t.users, text)
		}
	})
	t.unclear = "a sign-in is by any name that the org allows"
}

func idpsArea(t *targets, _ Write, rest []string) {
	if strings.EqualFold(at(rest, 1), "users") {
		t.users = add(t.users, at(rest, 2))
	}
}

// iamArea knows the calls that give roles to the users and groups in the body. Any other
// call changes the permissions of all holders of a role.
func iamArea(t *targets, w Write, rest []string) {
	binding := strings.EqualFold(at(rest, 0), "resource-sets") && strings.EqualFold(at(rest, 2), "bindings")
	switch {
	case binding && len(rest) == 3 && w.Method == http.MethodPost:
	case binding && len(rest) == 5 && w.Method == http.MethodPatch:
	default:
		t.unclear = "it changes what the holders of a role may do"
		return
	}
	if len(t.users)+len(t.groups) == 0 {
		t.unclear = "the body names no user or group by its id"
	}
}

// oauth adds the targets of a write to the authorization server.
func (t *targets) oauth(w Write, call string, segments []string) {
	switch call {
	case "global-token-revocation":
		eachString(w.Body, func(members []string, text string) {
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
