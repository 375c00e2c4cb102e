package wire

import (
	"cmp"
	"fmt"
	"net/http"
)

// Error is a response in Okta's error shape.
type Error struct {
	Status  int
	code    string
	Summary string
	Causes  []string
}

// Error returns the Okta error code and its summary.
func (e *Error) Error() string { return e.code + ": " + e.Summary }

// Reply returns the response of the error. The ID names this one response.
func (e *Error) Reply(id string) *Reply {
	causes := []Doc{}
	for _, c := range e.Causes {
		causes = append(causes, Doc{"errorSummary": c})
	}
	return JSON(e.Status, Doc{"errorCode": e.code, "errorSummary": e.Summary, "errorLink": e.code, "errorId": id, "errorCauses": causes})
}

// catalogue holds the status and summary of the codes that the org can return.
var catalogue = map[string]Error{
	"E0000001": {Status: http.StatusBadRequest, Summary: "Api validation failed"},
	"E0000003": {Status: http.StatusBadRequest, Summary: "The request body was not well-formed."},
	"E0000004": {Status: http.StatusUnauthorized, Summary: "Authentication failed"},
	"E0000005": {Status: http.StatusForbidden, Summary: "Invalid session"},
	"E0000006": {Status: http.StatusForbidden, Summary: "You do not have permission to perform the requested action"},
	"E0000007": {Status: http.StatusNotFound, Summary: "Not found"},
	"E0000008": {Status: http.StatusNotFound, Summary: "The requested path was not found"},
	"E0000009": {Status: http.StatusInternalServerError, Summary: "Internal Server Error"},
	"E0000010": {Status: http.StatusServiceUnavailable, Summary: "Service is in read only mode"},
	"E0000011": {Status: http.StatusUnauthorized, Summary: "Invalid token provided"},
	"E0000015": {Status: http.StatusUnauthorized, Summary: "You do not have permission to access the feature you are requesting"},
	"E0000016": {Status: http.StatusForbidden, Summary: "Activation failed because the user is already active"},
	"E0000017": {Status: http.StatusForbidden, Summary: "Password reset failed"},
	"E0000021": {Status: http.StatusBadRequest, Summary: "Bad request. Accept and/or Content-Type headers are likely not set."},
	"E0000022": {Status: http.StatusMethodNotAllowed, Summary: "The endpoint does not support the provided HTTP method"},
	"E0000023": {Status: http.StatusForbidden, Summary: "Operation failed because user profile is mastered under another system"},
	"E0000028": {Status: http.StatusBadRequest, Summary: "The request is missing a required parameter"},
	"E0000031": {Status: http.StatusBadRequest, Summary: "Invalid search criteria."},
	"E0000032": {Status: http.StatusForbidden, Summary: "Unlock is not allowed for this user"},
	"E0000038": {Status: http.StatusForbidden, Summary: "This operation is not allowed in the user's current status."},
	"E0000047": {Status: http.StatusTooManyRequests, Summary: "API call exceeded rate limit due to too many requests."},
	"E0000053": {Status: http.StatusBadRequest, Summary: "Invalid filter"},
	"E0000060": {Status: http.StatusNotImplemented, Summary: "Unsupported operation."},
	"E0000068": {Status: http.StatusForbidden, Summary: "Invalid Passcode/Answer"},
	"E0000079": {Status: http.StatusForbidden, Summary: "This operation is not allowed in the current authentication state."},
	"E0000090": {Status: http.StatusConflict, Summary: "Duplicate role assignment"},
	"E0000100": {Status: http.StatusServiceUnavailable, Summary: "Unable to perform search query"},
	"E0000112": {Status: http.StatusConflict, Summary: "Unable to update the user. The user is still being activated."},
	"E0000239": {Status: http.StatusLocked, Summary: "Policy priorities are being reconciled. Please try again later."},
	"E0000256": {Status: http.StatusRequestURITooLong, Summary: "The request URI is too long."},
}

// codes are the codes that Okta most often gives with a status.
var codes = map[int]string{
	http.StatusBadRequest: "E0000001", http.StatusUnauthorized: "E0000011", http.StatusForbidden: "E0000006",
	http.StatusNotFound: "E0000007", http.StatusMethodNotAllowed: "E0000022", http.StatusConflict: "E0000112",
	http.StatusLocked: "E0000239", http.StatusTooManyRequests: "E0000047", http.StatusInternalServerError: "E0000009",
	http.StatusNotImplemented: "E0000060", http.StatusServiceUnavailable: "E0000010",
}

// CodeOf returns the code that Okta most often gives with a status.
func CodeOf(status int) string { return cmp.Or(codes[status], "E0000009") }

// StatusOf returns the status of a code, 0 for a code that the org does not know.
func StatusOf(code string) int { return catalogue[code].Status }

// Code returns the catalogue's error for a code.
func Code(code string) *Error {
	e, ok := catalogue[code]
	if !ok {
		e.Summary = "Okta answered " + code
	}
	e.code = code
	return &e
}

// Codef is Code with another summary.
func Codef(code, format string, args ...any) *Error {
	e := Code(code)
	e.Summary = fmt.Sprintf(format, args...)
	return e
}

// Invalid returns E0000001. The summary names the wrong value, and the causes say why it is wrong.
func Invalid(what string, causes ...string) *Error {
	e := Codef("E0000001", "Api validation failed: %s", what)
	e.Causes = causes
	return e
}

// NotFound returns E0000007 for a resource of that kind.
func NotFound(id, kind string) *Error {
	return Codef("E0000007", "Not found: Resource not found: %s (%s)", id, kind)
}
