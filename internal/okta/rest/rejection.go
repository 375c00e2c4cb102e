package rest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// oktaError is the body of an Okta error (https://developer.okta.com/docs/reference/error-codes/). Only the error
// code matters, because the texts change.
type oktaError struct {
	Code    string
	Summary string
	ID      string
	Causes  []string
}

// oktaCode matches Okta's error codes. Other services also use a member called errorCode, with other values.
var oktaCode = regexp.MustCompile(`^E[0-9]{7}$`)

// IsErrorCode reports whether code has the format of Okta's error codes.
func IsErrorCode(code string) bool { return oktaCode.MatchString(code) }

// maxErrorBody is larger than any error body of Okta. A larger body is not parsed.
const maxErrorBody = 64 << 10

// readOktaError parses an error body. ok is false if the body is not Okta's.
func readOktaError(body []byte) (e oktaError, ok bool) {
	if len(body) > maxErrorBody {
		return oktaError{}, false
	}
	var shape struct {
		Code    string `json:"errorCode"`
		Summary string `json:"errorSummary"`
		ID      string `json:"errorId"`
		Causes  Object `json:"errorCauses"`
	}
	if json.Unmarshal(body, &shape) != nil || !oktaCode.MatchString(shape.Code) {
		return oktaError{}, false
	}
	e = oktaError{Code: shape.Code, Summary: shape.Summary, ID: shape.ID}
	var causes []struct {
		Summary string `json:"errorSummary"`
	}
	shape.Causes.Read(&causes)
	for _, c := range causes {
		e.Causes = append(e.Causes, c.Summary)
	}
	return e, true
}

// byCode maps the error codes that are more precise than their HTTP status.
var byCode = map[string]meaning{
	"E0000011": {sdk.Unauthenticated, "Okta does not accept the API token: it is wrong, expired or revoked"},
	"E0000004": {sdk.Unauthenticated, "Okta does not accept the credentials"},
	"E0000015": {sdk.Forbidden, "this Okta org does not have the feature that the call needs"},
	"E0000006": {sdk.Forbidden, "the credentials do not allow this; they lack an admin role"},
	"E0000005": {sdk.Forbidden, "Okta requires a user's own session for this call"},
	"E0000014": {sdk.Conflict, "the state of the user's credentials does not allow this"},
	"E0000016": {sdk.Conflict, "the user is active already"},
	"E0000017": {sdk.Conflict, "the state of the user does not allow a password reset"},
	"E0000032": {sdk.Conflict, "the user cannot be unlocked in this state"},
	"E0000034": {sdk.Conflict, "the state of the user does not allow this"},
	"E0000038": {sdk.Conflict, "the state of the user does not allow this"},
	"E0000023": {sdk.Conflict, "the attribute is kept in another system"},
	"E0000077": {sdk.Conflict, "the attribute can only be read"},
	"E0000111": {sdk.Conflict, "the object can only be read"},
	"E0000060": {sdk.Conflict, notSupported},
	"E0000112": {sdk.Unavailable, "the user is still being activated"},
	"E0000239": {sdk.Unavailable, "Okta is busy with the object"},
	"E0000268": {sdk.Unavailable, "Okta is busy with the object"},
	"E0000047": {sdk.RateLimited, rateReached},
	"E0000010": {sdk.Unavailable, "Okta is in read-only mode"},
	"E0000009": {sdk.Unavailable, "Okta had an internal error"},
	"E0000001": {sdk.InvalidInput, "Okta rejects the input, or the state of the object does not allow this"},
	"E0000003": {sdk.Internal, "Okta could not read the request"},
	"E0000012": {sdk.Internal, "Okta could not read the request"},
	"E0000031": {sdk.InvalidInput, "Okta's filter language does not allow this operator on this field"},
	"E0000053": {sdk.InvalidInput, "Okta rejects the filter or a time bound"},
	"E0000256": {sdk.InvalidInput, "the request is too long for Okta"},

	// These codes with status 404 mean that an object does not exist.
	"E0000007": {sdk.NotFound, "the object does not exist in Okta"},
	"E0000048": {sdk.NotFound, "the object does not exist in Okta"},
	"E0000163": {sdk.NotFound, "Okta does not have the domain"},
	"E0000191": {sdk.NotFound, "Okta does not have the transaction"},
	"E0000198": {sdk.NotFound, "Okta does not have the email domain"},

	// These codes mean that the endpoint does not exist. They say nothing about an object.
	noEndpoint: {sdk.Forbidden, noSuchEndpoint},
	"E0000026": {sdk.Forbidden, noSuchEndpoint},
	"E0000215": {sdk.Forbidden, noSuchEndpoint},
	"E0000258": {sdk.Forbidden, noSuchEndpoint},
}

const (
	notSupported   = "Okta does not support this on such an object"
	rateReached    = "Okta's rate limit is reached"
	noEndpoint     = "E0000008"
	noSuchEndpoint = "this Okta org does not have the endpoint that the call needs"
)

// FeatureOff is the code of a 401 that concerns the org instead of the credentials.
const FeatureOff = "E0000015"

// OktaCode returns the Okta error code of an error response, or "".
func (r *Response) OktaCode() string {
	e, _ := readOktaError(r.Body)
	return e.Code
}

// ErrorCode returns the Okta or OAuth error code of an error response, or "".
func (r *Response) ErrorCode() string { return cmp.Or(r.OktaCode(), oauthCode(r.Body)) }

// IsNotFound reports whether err means that an object does not exist.
func IsNotFound(err error) bool {
	e := sdk.AsError(err)
	return e != nil && e.Code == sdk.NotFound
}

// Lacks reports whether err means that the org does not have an endpoint or a feature.
func Lacks(e *sdk.Error) bool {
	if e.Upstream == nil {
		return false
	}
	return e.Upstream.Code == FeatureOff || byCode[e.Upstream.Code].message == noSuchEndpoint
}

// byStatus returns the meaning of an Okta response with an unknown error code. It never returns not_found, because a
// status alone does not prove that an object is missing.
func byStatus(status int) meaning {
	m := meaning{code: httpclient.CodeOf(status)}
	switch status {
	case http.StatusNotFound:
		m = meaning{sdk.Conflict, "Okta rejects the request, and does not say that an object is missing"}
	case http.StatusNotImplemented:
		m = meaning{sdk.Conflict, notSupported}
	default:
		m.message = map[sdk.Code]string{
			sdk.Unauthenticated: "Okta does not accept the credentials",
			sdk.Forbidden:       "the credentials do not allow this",
			sdk.Conflict:        "the state of the object does not allow this",
			sdk.RateLimited:     rateReached,
			sdk.Internal:        "Okta does not have this call",
			sdk.Unavailable:     "Okta, or a proxy in front of Okta, had an error",
			sdk.InvalidInput:    "Okta rejects the request",
		}[m.code]
	}
	return m
}

// Rejection returns the error of a response with a status of at least 400. mask removes the secrets of the
// credentials from Okta's text.
//
// Okta sends a JSON body with its own error code, an OAuth error body, or an OAuth challenge. Any other response
// comes from another server, such as a proxy. It says nothing about the object or the credentials.
func (r *Response) Rejection(mask func(string) string) *sdk.Error {
	body, hasCode := readOktaError(r.Body)
	oauth := oauthCode(r.Body)
	challenge, scope := r.Challenge()
	e := &sdk.Error{Upstream: r.Upstream(cmp.Or(body.Code, oauth))}
	e.Upstream.ErrorID = httpclient.Printable(body.ID, 60)
	e.Code, e.Message = byStatus(r.Status).code, byStatus(r.Status).message
	known := byCode[body.Code]
	switch {
	case !hasCode && oauth == "" && challenge == "" && r.Status != http.StatusTooManyRequests:
		e.Code = sdk.Unavailable
		if r.Status < 500 || r.Status == http.StatusNotImplemented {
			e.Message = r.notOkta()
		}
	case known.code == sdk.NotFound && r.Status != http.StatusNotFound:
		e.Code = sdk.Unavailable
		e.Message = "the response contradicts itself: " + body.Code + " does not belong to status " + strconv.Itoa(r.Status) +
			". Check the proxies between this machine and Okta"
	// Okta also sends E0000053 with a 500. The status is right in this case.
	case known.code != "" && (r.Status < 500 || known.code != sdk.InvalidInput):
		e.Code, e.Message = known.code, known.message
	}
	switch challenge {
	case "insufficient_scope":
		e.Code, e.Message = sdk.Forbidden, "the credentials lack an OAuth scope that the call needs"
		if scope != "" {
			e.Message += ": " + httpclient.Printable(mask(scope), 200)
		}
	case "invalid_token":
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the app's access token, not even a new one. Check that the app is active"
	case InvalidProof, UseNonce:
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the proof of possession (DPoP) that goes with the access token"
	}
	if e.Code == sdk.InvalidInput {
		// Only Okta's text explains the error in the input.
		texts := body.Causes
		if len(texts) == 0 {
			texts = []string{body.Summary}
		}
		if said := httpclient.Printable(mask(strings.Join(texts, "; ")), 300); said != "" {
			e.Message += "; Okta says: " + said
		}
	}
	if e.Code == sdk.RateLimited {
		e.RetryAfter = cmp.Or(r.Wait, httpclient.DefaultWait)
	}
	e.Message = r.About(e.Message)
	return e
}

// NotFromOkta returns the error of a successful response that Okta would not send. more is the end of the
// message.
func (r *Response) NotFromOkta(more string) *sdk.Error {
	return &sdk.Error{Code: sdk.Unavailable, Message: r.About(r.notOkta() + more), Upstream: r.Upstream("")}
}

// notOkta describes an error response that Okta did not send.
func (r *Response) notOkta() string {
	mediaType := r.mediaType()
	if len(r.Body) == 0 {
		mediaType = "no body"
	}
	return "the response (status " + strconv.Itoa(r.Status) + ", " + cmp.Or(httpclient.Printable(mediaType, 60), "no content type") +
		") did not come from Okta, but from a proxy, a captive portal or a wrong host name. Check the org URL and the network"
}

// FromOkta reports whether Okta sent this error response.
func (r *Response) FromOkta() bool {
	_, hasCode := readOktaError(r.Body)
	challenge, _ := r.Challenge()
	return hasCode || oauthCode(r.Body) != "" || challenge != ""
}
