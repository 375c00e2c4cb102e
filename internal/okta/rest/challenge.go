package rest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"soar.example/okta/sdk"
)

// A challenge is one of a WWW-Authenticate header
// (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1): why a server did not
// accept the credentials. Okta gives no other reason for rejecting an access token.
type challenge struct {
	scheme string // lower case
	params map[string]string
}

// challengeError returns the OAuth error that the challenges of a response name
// ("invalid_token", "insufficient_scope", "use_dpop_nonce", …) and its scopes; "" if
// there is none. A DPoP challenge takes precedence: a server may offer Bearer as well.
// Challenges of other schemes, such as Basic, are not Okta's.
func challengeError(h http.Header) (code, scope string) {
	for _, c := range challenges(h) {
		if c.scheme != "bearer" && c.scheme != "dpop" {
			continue
		}
		if e := c.params["error"]; isOAuthCode(e) && (code == "" || c.scheme == "dpop") {
			code, scope = e, c.params["scope"]
		}
	}
	return code, scope
}

func challenges(h http.Header) []challenge {
	var all []challenge
	for _, line := range h.Values("WWW-Authenticate") {
		all = append(all, parseChallenges(line)...)
	}
	return all
}

// parseChallenges reads as much as it can. A comma separates parameters as well as
// challenges; a word without an equals sign is a scheme.
func parseChallenges(s string) []challenge {
	var all []challenge
	for {
		s = strings.TrimLeft(s, " \t,")
		word := token(s)
		if word == "" {
			return all
		}
		s = s[len(word):]
		rest, isParam := strings.CutPrefix(strings.TrimLeft(s, " \t"), "=")
		if !isParam {
			all = append(all, challenge{strings.ToLower(word), map[string]string{}})
			continue
		}
		var value string
		value, s = paramValue(strings.TrimLeft(rest, " \t"))
		if len(all) > 0 {
			name := strings.ToLower(word)
			if _, twice := all[len(all)-1].params[name]; !twice {
				all[len(all)-1].params[name] = value
			}
		}
	}
}

// token is the longest prefix of s without a separator.
func token(s string) string {
	if end := strings.IndexAny(s, " \t,=\""); end >= 0 {
		return s[:end]
	}
	return s
}

// paramValue reads a value, quoted or not, and returns the text behind it.
func paramValue(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s)
	}
	value = token(s)
	// The padding of a token68 is no value of its own.
	return value, strings.TrimLeft(s[len(value):], "=\"")
}

// Error codes of OAuth 2.0 and of DPoP.
const (
	InvalidClient = "invalid_client"
	InvalidScope  = "invalid_scope"
	InvalidProof  = "invalid_dpop_proof"
	UseNonce      = "use_dpop_nonce"
)

// byOAuthCode are what the token endpoint's codes mean here
// (https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
var byOAuthCode = map[string]struct {
	code    sdk.Code
	message string
}{
	InvalidClient:             {sdk.Unauthenticated, "Okta does not accept the service app: the client id, the key or its key id is wrong, or the app is not active"},
	InvalidScope:              {sdk.Unauthenticated, "the app is granted none of the scopes that were asked for"},
	InvalidProof:              {sdk.Unauthenticated, "Okta does not accept the proof of possession (DPoP)"},
	UseNonce:                  {sdk.Unauthenticated, "Okta does not accept its own nonce in the proof of possession (DPoP)"},
	"unauthorized_client":     {sdk.Unauthenticated, "the app may not log in by itself; it must be an API Services app with the client credentials grant"},
	"unsupported_grant_type":  {sdk.Unauthenticated, "the app may not log in by itself; it must be an API Services app with the client credentials grant"},
	"access_denied":           {sdk.Unauthenticated, "a policy of Okta's denies the app an access token"},
	"invalid_grant":           {sdk.Unauthenticated, "Okta does not accept the login"},
	"invalid_request":         {sdk.Internal, "Okta could not read the request for an access token"},
	"server_error":            {sdk.Unavailable, "Okta had an error of its own"},
	"temporarily_unavailable": {sdk.Unavailable, "Okta gives out no access tokens for now"},
}

// OAuthError returns the meaning of an error code of the token endpoint.
func OAuthError(code string) (c sdk.Code, message string, known bool) {
	e, known := byOAuthCode[code]
	return e.code, e.message, known
}

// otherOAuthCodes are the codes of OAuth and its extensions that have no text of
// their own here.
var otherOAuthCodes = []string{
	"insufficient_scope", "invalid_token", "invalid_target", "unsupported_response_type", "invalid_client_metadata", "invalid_redirect_uri",
	"invalid_software_statement", "unapproved_software_statement", "unsupported_token_type", "authorization_pending", "slow_down",
	"expired_token", "login_required", "consent_required", "interaction_required", "account_selection_required",
}

func isOAuthCode(code string) bool {
	_, known := byOAuthCode[code]
	return known || slices.Contains(otherOAuthCodes, code)
}

// oauthCode returns the code of an OAuth error body, "" for any other body. Okta
// sends some of these codes in a body of its own shape. Other servers also call a
// member error, with other values.
func oauthCode(body []byte) string {
	var shape struct {
		OAuth string `json:"error"`
		Okta  string `json:"errorCode"`
	}
	if json.Unmarshal(body, &shape) != nil {
		return ""
	}
	if code := cmp.Or(shape.OAuth, shape.Okta); isOAuthCode(code) {
		return code
	}
	return ""
}
