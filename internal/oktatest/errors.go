package oktatest

import (
	"fmt"
	"net/http"
)

// apiError is an answer in Okta's error shape.
type apiError struct {
	status  int
	code    string
	summary string
	causes  []string
}

func (e *apiError) Error() string { return e.code + ": " + e.summary }

type errorCause struct {
	Summary string `json:"errorSummary"`
}

type errorBody struct {
	Code    string       `json:"errorCode"`
	Summary string       `json:"errorSummary"`
	Link    string       `json:"errorLink"`
	ID      string       `json:"errorId"`
	Causes  []errorCause `json:"errorCauses"`
}

func (e *apiError) body(id string) []byte {
	causes := make([]errorCause, len(e.causes))
	for i, c := range e.causes {
		causes[i] = errorCause{Summary: c}
	}
	return encode(errorBody{Code: e.code, Summary: e.summary, Link: e.code, ID: id, Causes: causes})
}

// catalogue holds the status and summary of the codes that the org can answer.
var catalogue = map[string]apiError{
	"E0000001": {status: http.StatusBadRequest, summary: "Api validation failed"},
	"E0000003": {status: http.StatusBadRequest, summary: "The request body was not well-formed."},
	"E0000004": {status: http.StatusUnauthorized, summary: "Authentication failed"},
	"E0000005": {status: http.StatusForbidden, summary: "Invalid session"},
	"E0000006": {status: http.StatusForbidden, summary: "You do not have permission to perform the requested action"},
	"E0000007": {status: http.StatusNotFound, summary: "Not found"},
	"E0000008": {status: http.StatusNotFound, summary: "The requested path was not found"},
	"E0000009": {status: http.StatusInternalServerError, summary: "Internal Server Error"},
	"E0000010": {status: http.StatusServiceUnavailable, summary: "Service is in read only mode"},
	"E0000011": {status: http.StatusUnauthorized, summary: "Invalid token provided"},
	"E0000015": {status: http.StatusUnauthorized, summary: "You do not have permission to access the feature you are requesting"},
	"E0000016": {status: http.StatusForbidden, summary: "Activation failed because the user is already active"},
	"E0000017": {status: http.StatusForbidden, summary: "Password reset failed"},
	"E0000021": {status: http.StatusBadRequest, summary: "Bad request. Accept and/or Content-Type headers are likely not set."},
	"E0000022": {status: http.StatusMethodNotAllowed, summary: "The endpoint does not support the provided HTTP method"},
	"E0000023": {status: http.StatusForbidden, summary: "Operation failed because user profile is mastered under another system"},
	"E0000028": {status: http.StatusBadRequest, summary: "The request is missing a required parameter"},
	"E0000031": {status: http.StatusBadRequest, summary: "Invalid search criteria."},
	"E0000032": {status: http.StatusForbidden, summary: "Unlock is not allowed for this user"},
	"E0000038": {status: http.StatusForbidden, summary: "This operation is not allowed in the user's current status."},
	"E0000047": {status: http.StatusTooManyRequests, summary: "API call exceeded rate limit due to too many requests."},
	"E0000053": {status: http.StatusBadRequest, summary: "Invalid filter"},
	"E0000060": {status: http.StatusNotImplemented, summary: "Unsupported operation."},
	"E0000068": {status: http.StatusForbidden, summary: "Invalid Passcode/Answer"},
	"E0000079": {status: http.StatusForbidden, summary: "This operation is not allowed in the current authentication state."},
	"E0000090": {status: http.StatusConflict, summary: "Duplicate role assignment"},
	"E0000100": {status: http.StatusServiceUnavailable, summary: "Unable to perform search query"},
	"E0000112": {status: http.StatusConflict, summary: "Unable to update the user. The user is still being activated."},
	"E0000239": {status: http.StatusLocked, summary: "Policy priorities are being reconciled. Please try again later."},
	"E0000256": {status: http.StatusRequestURITooLong, summary: "The request URI is too long."},
}

// codeOf is the code that Okta most often gives with a status.
var codeOf = map[int]string{
	http.StatusBadRequest: "E0000001", http.StatusUnauthorized: "E0000011", http.StatusForbidden: "E0000006",
	http.StatusNotFound: "E0000007", http.StatusMethodNotAllowed: "E0000022", http.StatusConflict: "E0000112",
	http.StatusLocked: "E0000239", http.StatusTooManyRequests: "E0000047", http.StatusInternalServerError: "E0000009",
	http.StatusNotImplemented: "E0000060", http.StatusServiceUnavailable: "E0000010",
}

// oktaError is the catalogue's error for code.
func oktaError(code string) *apiError {
	e, ok := catalogue[code]
	if !ok {
		e.summary = "Okta answered " + code
	}
	e.code = code
	return &e
}

// oktaErrorf is the catalogue's error for code with another summary.
func oktaErrorf(code, format string, args ...any) *apiError {
	e := oktaError(code)
	e.summary = fmt.Sprintf(format, args...)
	return e
}

// invalid is E0000001: what names the thing that failed and causes say why.
func invalid(what string, causes ...string) *apiError {
	e := oktaErrorf("E0000001", "Api validation failed: %s", what)
	e.causes = causes
	return e
}

// notFound is E0000007 for a resource of that kind.
func notFound(id, kind string) *apiError {
	return oktaErrorf("E0000007", "Not found: Resource not found: %s (%s)", id, kind)
}
