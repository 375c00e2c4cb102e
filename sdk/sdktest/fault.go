package sdktest

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// A Fault is a way in which a service fails.
type Fault string

// The faults.
const (
	Unauthorized   Fault = "401"
	NoPermission   Fault = "403"
	EmptyForbidden Fault = "403 without a body"
	Missing        Fault = "404"
	// The service did not send these responses: they say nothing about the object of the call.
	ForeignMissing   Fault = "404 with an HTML page"
	GatewayMissing   Fault = "404 in a gateway's JSON"
	ForeignForbidden Fault = "403 with an HTML page"
	ForeignLogin     Fault = "401 of a proxy"
	ForeignConflict  Fault = "409 with an HTML page"
	ForeignGone      Fault = "410 without a body"
	ForeignState     Fault = "412 with an HTML page"
	// NoEndpoint is the service's 404 for an endpoint that it does not have. It says
	// nothing about an object either.
	NoEndpoint Fault = "404 for an unknown endpoint"

	TooMany      Fault = "429"
	TooManyBare  Fault = "429 without a reset header"
	ServerError  Fault = "500"
	HTMLError    Fault = "502 with an HTML page"
	HTMLSuccess  Fault = "200 with an HTML page"
	EmptySuccess Fault = "200 without a body"
	Overloaded   Fault = "503"
	HangUp       Fault = "hang-up without an answer"
	CutOff       Fault = "answer cut off half-way"
	Reset        Fault = "connection reset half-way"
	// NoResponse is a request that gets no response. Only a [Server] has it.
	NoResponse Fault = "no response"
)

// codes are the codes of the errors that the faults must cause.
var codes = map[Fault]sdk.Code{
	Unauthorized: sdk.Unauthenticated, NoPermission: sdk.Forbidden, EmptyForbidden: sdk.Unavailable,
	ForeignMissing: sdk.Unavailable, GatewayMissing: sdk.Unavailable, ForeignForbidden: sdk.Unavailable, ForeignLogin: sdk.Unavailable,
	ForeignConflict: sdk.Unavailable, ForeignGone: sdk.Unavailable, ForeignState: sdk.Unavailable, NoEndpoint: sdk.Forbidden,
	Missing: sdk.NotFound, TooMany: sdk.RateLimited, TooManyBare: sdk.RateLimited,
	ServerError: sdk.Unavailable, Overloaded: sdk.Unavailable, HTMLError: sdk.Unavailable, HTMLSuccess: sdk.Unavailable, EmptySuccess: sdk.Unavailable,
	HangUp: sdk.Unavailable, CutOff: sdk.Unavailable, Reset: sdk.Unavailable,
}

// namesRequest matches the method and the path of a request.
var namesRequest = regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) /`)

func wantFault(t *testing.T, err error, fault Fault, code sdk.Code) {
	t.Helper()
	e := wantCode(t, err, code)
	if e == nil {
		return
	}
	if e.Message == "" {
		t.Error("the error says nothing")
	}
	if !namesRequest.MatchString(e.Message) {
		t.Errorf("the error does not name its request: %s", e.Message)
	}
	answered := !slices.Contains([]Fault{HangUp, CutOff, Reset}, fault)
	if answered && (e.Upstream == nil || e.Upstream.Status == 0 || e.Upstream.RequestID == "") {
		t.Errorf("the error does not say what the service answered: %+v", e.Upstream)
	}
	if limited := fault == TooMany || fault == TooManyBare; limited != (e.RetryAfter > 0) || e.RetryAfter > time.Hour {
		t.Errorf("the error says to wait %s", e.RetryAfter)
	}
}
