package okta

import (
	"net/http"
	"slices"
	"strings"
)

// otherBucket is what Okta counts together of the calls that have no bucket of
// their own.
const otherBucket = "/api/v1"

// bucketOf names the set of requests that Okta counts together with one for path,
// an escaped one. The longest path that Okta lists wins
// (https://developer.okta.com/docs/reference/rl2-limits/). A path that is not known
// here has a bucket of its own, ids left out: counted apart, nothing is held back
// that Okta would let through.
func bucketOf(method, path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) >= 2 && segments[0] == "oauth2" && segments[1] == "v1" {
		return "/oauth2/v1"
	}
	if len(segments) < 3 || segments[0] != "api" || segments[1] != "v1" {
		return template(segments)
	}
	kind, below := segments[2], len(segments)-3
	switch kind {
	case "logs", "groups", "sessions", "devices":
		return "/api/v1/" + kind
	case "apps":
		if below > 0 {
			return "/api/v1/apps/{id}"
		}
		return "/api/v1/apps"
	case "users":
		switch {
		case below == 0:
			return "/api/v1/users"
		case below > 1:
			return otherBucket
		case method == http.MethodGet:
			return "GET /api/v1/users/{id}"
		default:
			return "/api/v1/users/{id}"
		}
	case "policies", "zones", "iam":
		return otherBucket
	}
	return template(segments)
}

// template is a path without what differs from object to object.
func template(segments []string) string {
	segments = slices.Clone(segments)
	for i, s := range segments {
		if i > 0 && s != "v1" && !isWord(s) {
			segments[i] = "{id}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// isWord tells a word of a path from an id or a name. Okta's ids hold digits.
func isWord(s string) bool {
	return len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}
