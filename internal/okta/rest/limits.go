package rest

import (
	"net/http"
	"slices"
	"strings"

	"soar.example/okta/sdk/httpclient"
)

// otherBucket contains the endpoints without their own bucket.
const otherBucket = "/api/v1"

// BucketOf returns the name of the rate limit bucket of a request. path is escaped. The longest matching path of
// Okta's list wins (https://developer.okta.com/docs/reference/rl2-limits/). An unknown path, without its IDs, is its
// own bucket. Therefore no allowed request is delayed.
func BucketOf(method, path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(segments) >= 2 && segments[0] == "oauth2" && segments[1] == "v1":
		return "/oauth2/v1"
	case len(segments) < 3 || segments[0] != "api" || segments[1] != "v1":
		return template(segments)
	}
	area, below := segments[2], len(segments)-3
	switch area {
	case "logs", "groups", "sessions", "devices":
		return "/api/v1/" + area
	case "policies", "zones", "iam":
		return otherBucket
	case "apps", "users":
		bucket := "/api/v1/" + area
		switch {
		case below == 0:
			return bucket
		case area == "users" && below > 1:
			return otherBucket
		case area == "users" && method == http.MethodGet:
			return "GET /api/v1/users/{id}"
		}
		return bucket + "/{id}"
	}
	return template(segments)
}

// template replaces IDs and names in a path by {id}.
func template(segments []string) string {
	segments = slices.Clone(segments)
	for i, s := range segments {
		if i > 0 && s != "v1" && !isWord(s) {
			segments[i] = "{id}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// isWord reports whether a segment is a word, and not an ID or a name. Okta's IDs contain digits.
func isWord(s string) bool {
	return len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

var readRate = httpclient.RateHeaders("X-Rate-Limit-")

// RateOf reads Okta's rate limit headers
// (https://developer.okta.com/docs/reference/rl-best-practices/).
func RateOf(r *httpclient.Response) httpclient.Rate {
	rate := readRate(r)
	switch code := (*Response)(r).OktaCode(); {
	case rate.Known && rate.Limit == 0:
		rate.Scope = httpclient.OfAll
	case rate.Known && rate.Remaining > 0 && code != "" && code != "E0000047":
		rate.Scope = httpclient.OfOneObject // such as one text message every 30 seconds
	}
	return rate
}
