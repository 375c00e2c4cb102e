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

// targets are the objects of a write that are visible in the request.
type targets struct {
	users    []string // IDs, logins or "me"
	groups   []string // IDs
	devices  []string // IDs
	sessions []string // IDs
	apps     []string // IDs
	names    []string // texts in the body that may be the login or email address of a user
	// unclear is the reason why there may be further targets, or "".
	unclear string
}

// targetsOf parses a request like the most lenient server: it ignores letter case and repeated slashes in the path. A
// request that can be parsed in still another way is unclear.
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

// segmentsOf splits a path. ok is false if a segment is escaped twice, or contains a character that only some servers
// treat as the end of the path.
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

// readBody adds the IDs in a body, except those in a profile: an attribute with a manager is not a write to the
// manager. All values of a repeated member count.
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

// eachString calls each for every string of a JSON document, with the names of the enclosing members, outermost
// first, in lower case. It reports whether the document is valid JSON.
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
	// path is the start of the paths of the route. A name in braces matches the ID of a target, and * any segment.
	// {me} and {current} match these words, which mean the principal.
	path    string
	method  string                      // if set, path is the complete path
	unclear string                      // reason why there may be further targets
	inBody  bool                        // the body must contain a user, or a group if userIn is not set
	userIn  func(members []string) bool // reports whether the string of these members identifies a user
}

const holders = "the write changes the permissions of all holders of a role"

// routes are the parts of the API with known targets
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/). The first matching route
// applies.
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
	// A sign-in may accept names other than the login. Failed sign-ins lock the account.
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

// settings are the parts of the API with settings of the org. They identify users and groups only by ID.
var settings = []string{
	"authenticators", "authorizationservers", "behaviors", "brands", "captchas", "device-assurances", "device-posture-checks", "domains",
	"email-domains", "email-servers", "eventhooks", "features", "hook-keys", "inlinehooks", "logstreams", "mappings", "meta", "policies",
	"principal-rate-limits", "push-providers", "rate-limit-settings", "templates", "trustedorigins", "zones",
}

// routeOf returns the route of a write. If none matches, the targets of the returned route are unknown.
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
