package okta

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"unicode"

	"soar.example/okta/sdk"
)

// oktaError is the body of Okta's errors
// (https://developer.okta.com/docs/reference/error-codes/). Its texts change, so
// only errorCode is ever judged by.
type oktaError struct {
	Code    string `json:"errorCode"`
	Summary string `json:"errorSummary"`
	ID      string `json:"errorId"`
	Causes  []struct {
		Summary string `json:"errorSummary"`
	} `json:"errorCauses"`
}

// byCode are the error codes that say more than their HTTP status does.
var byCode = map[string]struct {
	code    sdk.Code
	message string
}{
	"E0000011": {sdk.Unauthenticated, "Okta does not accept the API token: it is wrong, expired or revoked"},
	"E0000004": {sdk.Unauthenticated, "Okta does not accept the login"},
	"E0000015": {sdk.Forbidden, "this Okta org does not have the feature that the call needs"},
	"E0000006": {sdk.Forbidden, "the login may not do this; it lacks an admin role"},
	"E0000005": {sdk.Forbidden, "Okta wants a user's own session for this call"},
	"E0000014": {sdk.Conflict, "the state of the user's credentials does not allow this"},
	"E0000016": {sdk.Conflict, "the user is active already"},
	"E0000017": {sdk.Conflict, "the state of the user does not allow a password reset"},
	"E0000032": {sdk.Conflict, "the user cannot be unlocked in this state"},
	"E0000034": {sdk.Conflict, "the state of the user does not allow this"},
	"E0000038": {sdk.Conflict, "the state of the user does not allow this"},
	"E0000023": {sdk.Conflict, "the attribute is kept in another system"},
	"E0000077": {sdk.Conflict, "the attribute can only be read"},
	"E0000111": {sdk.Conflict, "the object can only be read"},
	"E0000060": {sdk.Conflict, "Okta does not support this on such an object"},
	"E0000112": {sdk.Unavailable, "the user is still being activated"},
	"E0000239": {sdk.Unavailable, "Okta is busy with the object"},
	"E0000268": {sdk.Unavailable, "Okta is busy with the object"},
	"E0000047": {sdk.RateLimited, "Okta's rate limit is reached"},
	"E0000010": {sdk.Unavailable, "Okta is in read-only mode"},
	"E0000009": {sdk.Unavailable, "Okta had an error of its own"},
	"E0000007": {sdk.NotFound, "Okta does not have it"},
	"E0000008": {sdk.NotFound, "Okta does not have this call"},
	"E0000001": {sdk.InvalidInput, "Okta refuses the input, or the state of the object does not allow this"},
	"E0000003": {sdk.Internal, "Okta could not read the request"},
	"E0000031": {sdk.InvalidInput, "Okta's filter language does not allow this operator on this field"},
	"E0000053": {sdk.InvalidInput, "Okta refuses the filter or a time bound"},
	"E0000256": {sdk.InvalidInput, "the request is too long for Okta"},
}

// byStatus serves answers without a code that is known here.
func byStatus(status int) (sdk.Code, string) {
	switch {
	case status == http.StatusUnauthorized:
		return sdk.Unauthenticated, "Okta does not accept the login"
	case status == http.StatusForbidden:
		return sdk.Forbidden, "the login may not do this"
	case status == http.StatusNotFound || status == http.StatusGone:
		return sdk.NotFound, "Okta does not have it"
	case status == http.StatusConflict || status == http.StatusPreconditionFailed || status == http.StatusLocked:
		return sdk.Conflict, "the state of the object does not allow this"
	case status == http.StatusTooManyRequests:
		return sdk.RateLimited, "Okta's rate limit is reached"
	case status == http.StatusNotImplemented:
		return sdk.Conflict, "Okta does not support this on such an object"
	case status == http.StatusMethodNotAllowed:
		return sdk.Internal, "Okta does not have this call"
	case status >= 500:
		return sdk.Unavailable, "Okta, or a proxy before it, had an error"
	default:
		return sdk.InvalidInput, "Okta refuses the request"
	}
}

// refused returns the error that an answer of 400 or more stands for. A body that
// is not Okta's (empty, HTML) leaves the status to tell. mask takes the login out of
// what Okta said, should it ever be repeated there.
func refused(r *reply, mask func(string) string) *sdk.Error {
	var body oktaError
	if json.Unmarshal(r.body, &body) != nil {
		body = oktaError{}
	}
	e := &sdk.Error{Upstream: &sdk.Upstream{
		Status: r.status, Code: printable(body.Code, 20), ErrorID: printable(body.ID, 60),
		RequestID: printable(r.header.Get("X-Okta-Request-Id"), 60),
	}}
	e.Code, e.Message = byStatus(r.status)
	// Okta uses E0000053 on a 500 as well: there the status is right.
	if known, ok := byCode[body.Code]; ok && (r.status < 500 || known.code != sdk.InvalidInput) {
		e.Code, e.Message = known.code, known.message
	}
	switch code, scope := loginRefusal(r.header); code {
	case "insufficient_scope":
		e.Code, e.Message = sdk.Forbidden, "the login lacks an OAuth scope that the call needs"
		if scope != "" {
			e.Message += ": " + printable(mask(scope), 200)
		}
	case "invalid_token":
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the app's access token, not even a new one; is the app still active?"
	case invalidProof, useNonce:
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the proof of possession (DPoP) that goes with the access token"
	}
	if e.Code == sdk.InvalidInput {
		// Only Okta knows what it did not like about the input.
		if said := saidBy(body, mask); said != "" {
			e.Message += "; Okta says: " + said
		}
	}
	if e.Code == sdk.RateLimited {
		e.RetryAfter = cmp.Or(r.wait, defaultWait)
	}
	return e
}

func saidBy(body oktaError, mask func(string) string) string {
	var texts []string
	for _, c := range body.Causes {
		texts = append(texts, c.Summary)
	}
	if len(texts) == 0 {
		texts = []string{body.Summary}
	}
	return printable(mask(strings.Join(texts, "; ")), 300)
}

// reason says in our words why host did not answer.
func reason(host string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		return "cannot reach " + host + " through the proxy that the environment names (HTTPS_PROXY): " + printable(innermost(op.Err).Error(), 160)
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "cannot find " + host + ": there is no such host name; is the org URL right?"
	case errors.As(err, &dns):
		return "cannot find " + host + ": no name service answers; is this machine on the network?"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot reach " + host + ": there is no way to it; is this machine on the network?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot reach " + host + ": the connection was refused"
	case errors.Is(err, errHangUp), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return host + " hung up before the end of its answer"
	case isTLS(err):
		return "cannot trust " + host + ": " + printable(innermost(err).Error(), 160) + remedyTLS(err)
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot reach " + host
	default:
		return "the exchange with " + host + " failed half-way: " + printable(innermost(err).Error(), 160)
	}
}

// proxyRefusal is a proxy's answer other than that the way is open: net/http gives it
// the look of one of Okta's.
func proxyRefusal(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(r.Status)}
}

// neverLeft reports whether err came before a connection stood, and with it before
// anything was sent.
func neverLeft(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &untrusted)
}

// printable makes a text of Okta's, or of whoever answered in its place, fit to be
// shown on one line.
func printable(s string, most int) string {
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
