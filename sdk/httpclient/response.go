package httpclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"soar.example/okta/sdk"
)

// Date returns the time of the response by the service's clock, or zero if it is unknown.
func (r *Response) Date() time.Time {
	date, _ := http.ParseTime(r.Header.Get("Date"))
	return date
}

// CodeOf returns the error code of an HTTP status.
func CodeOf(status int) sdk.Code {
	switch status {
	case http.StatusUnauthorized:
		return sdk.Unauthenticated
	case http.StatusForbidden:
		return sdk.Forbidden
	case http.StatusNotFound:
		return sdk.NotFound
	case http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed, http.StatusLocked:
		return sdk.Conflict
	case http.StatusTooManyRequests:
		return sdk.RateLimited
	case http.StatusMethodNotAllowed:
		return sdk.Internal
	}
	if status < 400 || status >= 500 {
		return sdk.Unavailable
	}
	return sdk.InvalidInput
}

// Check returns the error of a response, or nil if the status is 2xx. The error has the code of
// the status and the wait of a Retry-After header.
func Check(resp *http.Response) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	e := &sdk.Error{Code: CodeOf(resp.StatusCode), Upstream: &sdk.Upstream{Status: resp.StatusCode}}
	e.Message = "the service responded with status " + strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode)
	if resp.Request != nil {
		e.Message = WithRequest(RequestTo(resp.Request.Method, resp.Request.URL.EscapedPath()), e.Message)
	}
	wait, named := retryAfter(&Response{Header: resp.Header, Received: time.Now()})
	if e.Code == sdk.RateLimited || e.Code.Transient() && named {
		e.RetryAfter = wait
	}
	return e
}

// Printable returns a text from the network on one line, with at most that many characters and
// without control characters.
func Printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strings.TrimSpace(s)
}
