package sdktest

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// A Fault is a kind of failure of a service.
type Fault string

// The faults.
const (
	Unauthorized   Fault = "401"
	NoPermission   Fault = "403"
	EmptyForbidden Fault = "403 without a body"
	Missing        Fault = "404"
	// A proxy sent these responses, so they say nothing about the object of the request.
	ForeignMissing      Fault = "404 with an HTML page"
	GatewayMissing      Fault = "404 in a gateway's JSON"
	ForeignForbidden    Fault = "403 with an HTML page"
	ForeignUnauthorized Fault = "401 of a proxy"
	ForeignConflict     Fault = "409 with an HTML page"
	ForeignGone         Fault = "410 without a body"
	ForeignState        Fault = "412 with an HTML page"
	// NoEndpoint is the 404 of the service for an unknown endpoint. It says nothing about an
	// object either.
	NoEndpoint Fault = "404 for an unknown endpoint"

	TooMany      Fault = "429"
	TooManyBare  Fault = "429 without a reset header"
	ServerError  Fault = "500"
	HTMLError    Fault = "502 with an HTML page"
	HTMLSuccess  Fault = "200 with an HTML page"
	EmptySuccess Fault = "200 without a body"
	Overloaded   Fault = "503"
	HangUp       Fault = "connection closed without a response"
	CutOff       Fault = "incomplete response"
	Reset        Fault = "connection reset during the response"
	// NoResponse leaves a request without a response. Only a [Server] has this fault.
	NoResponse Fault = "no response"
)

// codes maps each fault to the code of the error that it must cause.
var codes = map[Fault]sdk.Code{
	Unauthorized: sdk.Unauthenticated, NoPermission: sdk.Forbidden, EmptyForbidden: sdk.Unavailable,
	ForeignMissing: sdk.Unavailable, GatewayMissing: sdk.Unavailable, ForeignForbidden: sdk.Unavailable, ForeignUnauthorized: sdk.Unavailable,
	ForeignConflict: sdk.Unavailable, ForeignGone: sdk.Unavailable, ForeignState: sdk.Unavailable, NoEndpoint: sdk.Forbidden,
	Missing: sdk.NotFound, TooMany: sdk.RateLimited, TooManyBare: sdk.RateLimited,
	ServerError: sdk.Unavailable, Overloaded: sdk.Unavailable, HTMLError: sdk.Unavailable, HTMLSuccess: sdk.Unavailable, EmptySuccess: sdk.Unavailable,
	HangUp: sdk.Unavailable, CutOff: sdk.Unavailable, Reset: sdk.Unavailable,
}

// namesRequest matches the method and the start of the path of a request.
var namesRequest = regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) /`)

func wantFault(t *testing.T, err error, fault Fault, code sdk.Code) {
	t.Helper()
	e := wantCode(t, err, code)
	if e == nil {
		return
	}
	if e.Message == "" {
		t.Error("the error has no message")
	}
	if !namesRequest.MatchString(e.Message) {
		t.Errorf("the error does not name its request: %s", e.Message)
	}
	responded := !slices.Contains([]Fault{HangUp, CutOff, Reset}, fault)
	if responded && (e.Upstream == nil || e.Upstream.Status == 0 || e.Upstream.RequestID == "") {
		t.Errorf("the error lacks the status or the request ID of the response: %+v", e.Upstream)
	}
	if limited := fault == TooMany || fault == TooManyBare; limited != (e.RetryAfter > 0) || e.RetryAfter > time.Hour {
		t.Errorf("the wait of the error is %s", e.RetryAfter)
	}
}
