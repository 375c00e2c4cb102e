package okta

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"soar.example/okta/sdk"
)

// byOAuthCode are what the token endpoint's codes mean here
// (https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
var byOAuthCode = map[string]struct {
	code    sdk.Code
	message string
}{
	invalidClient:             {sdk.Unauthenticated, "Okta does not accept the service app: the client id, the key or its key id is wrong, or the app is not active"},
	invalidScope:              {sdk.Unauthenticated, "the app is granted none of the scopes that were asked for"},
	invalidProof:              {sdk.Unauthenticated, "Okta does not accept the proof of possession (DPoP)"},
	useNonce:                  {sdk.Unauthenticated, "Okta does not accept its own nonce in the proof of possession (DPoP)"},
	"unauthorized_client":     {sdk.Unauthenticated, "the app may not log in by itself; it must be an API Services app with the client credentials grant"},
	"unsupported_grant_type":  {sdk.Unauthenticated, "the app may not log in by itself; it must be an API Services app with the client credentials grant"},
	"access_denied":           {sdk.Unauthenticated, "a policy of Okta's denies the app an access token"},
	"invalid_grant":           {sdk.Unauthenticated, "Okta does not accept the login"},
	"invalid_request":         {sdk.Internal, "Okta could not read the request for an access token"},
	"server_error":            {sdk.Unavailable, "Okta had an error of its own"},
	"temporarily_unavailable": {sdk.Unavailable, "Okta gives out no access tokens for now"},
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

// refusal is the error of a token endpoint that gave none.
func (o *oauth) refusal(r *reply, code string) *sdk.Error {
	if r.status >= 300 && r.status < 400 {
		e := r.redirected()
		e.Message = "cannot log in: " + e.Message
		return e
	}
	if r.status < 400 {
		e := r.broken("no access token; is the org URL right?")
		e.Message = "cannot log in: " + e.Message
		return e
	}
	e := refused(r, o.mask)
	if known, ok := byOAuthCode[code]; ok {
		e.Code, e.Message, e.RetryAfter = known.code, known.message, 0
	} else if !e.Code.Transient() {
		// A 404 here is about the token endpoint, and not about the object of the request.
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the login"
		if code == "" || r.status == http.StatusNotFound {
			e.Message = "Okta's address does not give out access tokens; is the org URL right?"
		}
	}
	if o.prover == nil && (code == invalidProof || code == useNonce) {
		e.Message = "the app demands proof of possession (DPoP), which the settings turn off"
	}
	e.Message = "cannot log in: " + e.Message
	if skew := r.skew(); (code == invalidClient || code == invalidProof) && (skew > maxSkew || skew < -maxSkew) {
		e.Message += "; " + describeSkew(skew) + ", and a login that is dated wrong is refused too"
	}
	var body struct {
		Said string `json:"error_description"`
		Okta string `json:"errorSummary"`
	}
	if e.Code == sdk.Unauthenticated && json.Unmarshal(r.body, &body) == nil {
		// Which of the reasons it was only Okta knows.
		if said := printable(o.mask(body.Said+body.Okta), 300); said != "" {
			e.Message += "; Okta says: " + said
		}
	}
	return e
}

func (r *reply) upstream(code string) *sdk.Upstream {
	return &sdk.Upstream{Status: r.status, Code: printable(code, 40), RequestID: printable(r.header.Get("X-Okta-Request-Id"), 60)}
}
