package rest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// Challenge returns the OAuth error code of a WWW-Authenticate header ("invalid_token", "insufficient_scope",
// "use_dpop_nonce" …) and its scopes, or "". Okta gives no other reason for rejecting an access token. A DPoP
// challenge takes precedence, because a server may also offer Bearer. Challenges of other schemes, such as Basic, are
// ignored.
func (r *Response) Challenge() (code, scope string) {
	switch r.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return "", ""
	}
	for _, c := range httpclient.Challenges(r.Header) {
		if e := c.Params["error"]; isOAuthCode(e) && (c.Scheme == "bearer" && code == "" || c.Scheme == "dpop") {
			code, scope = e, c.Params["scope"]
		}
	}
	return code, scope
}

// Error codes of OAuth 2.0 and of DPoP.
const (
	InvalidClient = "invalid_client"
	InvalidScope  = "invalid_scope"
	InvalidProof  = "invalid_dpop_proof"
	UseNonce      = "use_dpop_nonce"
)

// A meaning is the code and the message of our error for an error of Okta.
type meaning struct {
	code    sdk.Code
	message string
}

const notSelfService = "the app may not authenticate by itself; it must be an API Services app with the client credentials grant"

// byOAuthCode maps the error codes of the token endpoint
// (https://www.rfc-editor.org/rfc/rfc6749#section-5.2). OAuth has further codes, which this endpoint does not
// send.
var byOAuthCode = map[string]meaning{
	InvalidClient: {
		sdk.Unauthenticated,
		"Okta does not accept the service app: the client id, the key or its key id is wrong, or the app is not active",
	},
	InvalidScope:              {sdk.Unauthenticated, "the app is granted none of the scopes that were requested"},
	InvalidProof:              {sdk.Unauthenticated, "Okta does not accept the proof of possession (DPoP)"},
	UseNonce:                  {sdk.Unauthenticated, "Okta does not accept its own nonce in the proof of possession (DPoP)"},
	"unauthorized_client":     {sdk.Unauthenticated, notSelfService},
	"unsupported_grant_type":  {sdk.Unauthenticated, notSelfService},
	"access_denied":           {sdk.Unauthenticated, "an Okta policy denies the app an access token"},
	"invalid_grant":           {sdk.Unauthenticated, "Okta does not accept the credentials"},
	"invalid_request":         {sdk.Internal, "Okta could not read the request for an access token"},
	"server_error":            {sdk.Unavailable, "Okta had an internal error"},
	"temporarily_unavailable": {sdk.Unavailable, "Okta issues no access tokens at the moment"},
}

// OAuthError returns the meaning of an error code of the token endpoint.
func OAuthError(code string) (c sdk.Code, message string, known bool) {
	e, known := byOAuthCode[code]
	return e.code, e.message, known
}

var otherOAuthCodes = []string{
	"insufficient_scope", "invalid_token", "invalid_target", "unsupported_response_type", "invalid_client_metadata", "invalid_redirect_uri",
	"invalid_software_statement", "unapproved_software_statement", "unsupported_token_type", "authorization_pending", "slow_down",
	"expired_token", "login_required", "consent_required", "interaction_required", "account_selection_required",
}

func isOAuthCode(code string) bool {
	_, known := byOAuthCode[code]
	return known || slices.Contains(otherOAuthCodes, code)
}

// oauthCode returns the code of an OAuth error body, or "". Okta sends some of these codes in an error body of its
// own format. Other servers also use a member called error, with other values.
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
