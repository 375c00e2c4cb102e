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
	r := routeOf(w.Method, segments)
	for i, part := range strings.Split(r.path, "/") {
		switch part {
		case "{user}":
			t.users = add(t.users, segments[i])
		case "{me}", "{current}":
			t.users = add(t.users, "me")
		case "{group}":
			t.groups = add(t.groups, segments[i])
		case "{device}":
			t.devices = add(t.devices, segments[i])
		case "{session}":
			t.sessions = add(t.sessions, segments[i])
		case "{app}":
			t.apps = add(t.apps, segments[i])
		}
	}
	if r.userIn != nil {
		eachString(w.Body, func(members []string, text string) {
			if r.userIn(members) {
				t.users = add(t.users, text)
			}
		})
	}
	if r.unclear != "" {
		t.unclear = r.unclear
	} else if r.inBody && len(t.users) == 0 && (r.userIn != nil || len(t.groups) == 0) {
		t.unclear = "the body names no user or group"
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

// A route is a part of the API with known targets.
type route struct {
	// path begins the paths of the route. A name in braces stands for the ID of a target, and
	// * for any segment. {me} and {current} stand for these words, and mean the principal.
	path    string
	method  string                      // if given, the path is complete
	unclear string                      // why there may be further targets
	inBody  bool                        // the body must name a user, or a group unless userIn is set
	userIn  func(members []string) bool // whether the string of these members names a user
}

const holders = "the write changes the permissions of all holders of a role"

// routes are the parts of the API with known targets
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/). The
// first route that fits counts.
var routes = []route{
	{path: "api/v1/users/{user}/linkedObjects/*/{user}"},
	{path: "api/v1/users/{user}"},
	{path: "api/v1/users"},
	{path: "api/v1/groups/rules", unclear: "a group rule changes every user who fits its condition"},
	{path: "api/v1/groups/{group}/users/{user}"},
	{path: "api/v1/groups/{group}/owners/{user}"},
	{path: "api/v1/groups/{group}"},
	{path: "api/v1/groups"},
	{path: "api/v1/sessions/{me}"},
	{path: "api/v1/sessions/{session}"},
	{path: "api/v1/sessions", unclear: "a new session belongs to the user of its token"},
	{path: "api/v1/devices/{device}"},
	{path: "api/v1/devices"},
	{path: "api/v1/apps/{app}/users/{user}"},
	{path: "api/v1/apps/{app}/groups/{group}"},
	{path: "api/v1/apps/{app}/tokens", unclear: "the tokens of an app belong to all its users"},
	{path: "api/v1/apps/{app}/group-push", unclear: "a deleted mapping may delete its group"},
	{path: "api/v1/apps/{app}"},
	{path: "api/v1/apps"},
	{path: "api/v1/idps/*/users/{user}"},
	{path: "api/v1/idps"},
	{path: "api/v1/iam/resource-sets/*/bindings", method: http.MethodPost, inBody: true},
	{path: "api/v1/iam/resource-sets/*/bindings/*/members", method: http.MethodPatch, inBody: true},
	{path: "api/v1/iam", unclear: holders},
	{path: "api/v1/api-tokens/{current}"},
	{path: "api/v1/api-tokens", unclear: "the owner of the API token is not known"},
	// A sign-in may accept more names than the login, and failed sign-ins lock the account.
	{
		path: "api/v1/authn", unclear: "a sign-in accepts any name that the org allows",
		userIn: func(members []string) bool { return len(members) == 1 && members[0] == "username" },
	},
	{
		path: "oauth2/v1/global-token-revocation", inBody: true,
		userIn: func(members []string) bool {
			return len(members) == 2 && members[0] == "sub_id" && members[1] != "format" && members[1] != "iss"
		},
	},
	{path: "oauth2/v1/clients/{app}"},
	{path: "oauth2/v1/clients"},
	{path: "oauth2/v1", unclear: "the owner of the token is not known"},
}

// settings are the areas of the API that hold settings of the org. They name users and
// groups by their IDs if at all.
var settings = []string{
	"authenticators", "authorizationservers", "behaviors", "brands", "captchas", "device-assurances", "device-posture-checks", "domains",
	"email-domains", "email-servers", "eventhooks", "features", "hook-keys", "inlinehooks", "logstreams", "mappings", "meta", "policies",
	"principal-rate-limits", "push-providers", "rate-limit-settings", "templates", "trustedorigins", "zones",
}

// routeOf returns the route of a write, and one with unknown targets if none fits.
func routeOf(method string, segments []string) route {
	for _, r := range routes {
		if r.fits(method, segments) {
			return r
		}
	}
	if (route{path: "api/v1"}).fits(method, segments) && slices.Contains(settings, strings.ToLower(at(segments, 2))) {
		return route{}
	}
	return route{unclear: "this part of the API is not covered by a rule"}
}

func (r route) fits(method string, segments []string) bool {
	parts := strings.Split(r.path, "/")
	if len(segments) < len(parts) || r.method != "" && (r.method != method || len(segments) != len(parts)) {
		return false
	}
	for i, part := range parts {
		word := strings.Trim(part, "{}")
		if anySegment := part == "*" || part != word && word != "me" && word != "current"; !anySegment && !strings.EqualFold(word, segments[i]) {
			return false
		}
	}
	return true
}

func at(segments []string, i int) string {
	if i < len(segments) {
		return segments[i]
	}
	return ""
}
