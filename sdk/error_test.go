package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

var full = &sdk.Error{
	Code: sdk.RateLimited, Message: "later", RetryAfter: 1234567890 * time.Nanosecond,
	Violations: []schema.Violation{{Pointer: "/a", Message: "is bad"}, {Message: "all of it is"}},
	Upstream:   &sdk.Upstream{Status: 429, Code: "E0000047", ErrorID: "oae1", RequestID: "req"},
	Err:        io.ErrUnexpectedEOF,
}

func TestErrorText(t *testing.T) {
	var none *sdk.Error
	for _, c := range []struct {
		err  *sdk.Error
		want string
	}{
		{full, "later: /a: is bad; all of it is (rate_limited, status 429, E0000047, request req, try again in 1.235s)"},
		{&sdk.Error{Code: sdk.Internal, Message: "m"}, "m (internal)"},
		{&sdk.Error{Code: sdk.Internal, Message: "m", Upstream: &sdk.Upstream{}}, "m (internal)"},
		{&sdk.Error{Code: sdk.Unavailable, Message: "m", RetryAfter: time.Microsecond}, "m (unavailable, try again in 1µs)"},
		{&sdk.Error{Code: sdk.Unavailable, Message: "m", RetryAfter: -time.Second}, "m (unavailable)"},
		{&sdk.Error{Code: sdk.Internal, Message: "one\ntwo\r\nthree\rfour\u2028five"}, "one two three four five (internal)"},
		{&sdk.Error{}, " ()"},
		{none, "<nil>"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestErrorBody(t *testing.T) {
	s, err := schema.Output[sdk.ErrorBody]()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*sdk.Error{full, {Code: sdk.NotFound, Message: "m"}, {Code: sdk.RateLimited, RetryAfter: -time.Hour}} {
		raw, err := json.Marshal(e.Body())
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Check(raw); v != nil {
			t.Errorf("%s: %v", raw, v)
		}
		var back sdk.ErrorBody
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(e.Body(), back); diff != "" {
			t.Error(diff)
		}
		if strings.Contains(string(raw), io.ErrUnexpectedEOF.Error()) {
			t.Errorf("the cause left the process: %s", raw)
		}
	}
	raw, err := json.Marshal(full.Body())
	want := `{"code":"rate_limited","message":"later","retry_after":"1.23456789s","violations":[{"pointer":"/a","message":"is bad"},{"pointer":"",` +
		`"message":"all of it is"}],` +
		`"upstream":{"status":429,"code":"E0000047","error_id":"oae1","request_id":"req"}}`
	if err != nil || string(raw) != want {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestCodes(t *testing.T) {
	s, err := schema.Output[sdk.ErrorBody]()
	if err != nil {
		t.Fatal(err)
	}
	var listed []sdk.Code
	for _, raw := range s.Root().Property("code").Enum {
		var c sdk.Code
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		listed = append(listed, c)
	}
	if diff := cmp.Diff(sdk.Codes, listed); diff != "" {
		t.Errorf("the schema lists other codes: %s", diff)
	}
	for _, c := range sdk.Codes {
		want := c == sdk.RateLimited || c == sdk.Unavailable || c == sdk.Timeout
		if c.Transient() != want {
			t.Errorf("%s: transient is %v", c, c.Transient())
		}
	}
}

func TestAsError(t *testing.T) {
	var none *sdk.Error
	for name, c := range map[string]struct {
		err     error
		code    sdk.Code
		message string
	}{
		"itself":             {full, sdk.RateLimited, "later"},
		"wrapped":            {fmt.Errorf("reading: %w", full), sdk.RateLimited, "later"},
		"joined":             {errors.Join(io.EOF, full), sdk.RateLimited, "later"},
		"canceled":           {context.Canceled, sdk.Canceled, "canceled by the caller"},
		"deadline":           {fmt.Errorf("get: %w", context.DeadlineExceeded), sdk.Timeout, "the time allowed for the call ran out"},
		"HTTP client's":      {&url.Error{Op: "Get", URL: "https://x", Err: context.DeadlineExceeded}, sdk.Timeout, ""},
		"error over context": {errors.Join(context.Canceled, full), sdk.RateLimited, "later"},
		"anything":           {io.ErrUnexpectedEOF, sdk.Internal, "unexpected EOF"},
		"wrapped nil *Error": {fmt.Errorf("reading: %w", none), sdk.Internal, "reading: "},
	} {
		t.Run(name, func(t *testing.T) {
			e := wantError(t, sdk.AsError(c.err), c.code, c.message)
			if e != full && !errors.Is(e, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if e := sdk.AsError(nil); e != nil {
		t.Errorf("got %v for nil", e)
	}
	if e := sdk.AsError(none); e != nil {
		t.Errorf("got %v for a nil *Error", e)
	}
	if none.Unwrap() != nil {
		t.Error("a nil *Error has a cause")
	}
}

func TestErrorf(t *testing.T) {
	e := sdk.Errorf(sdk.Conflict, "state of %s: %w", "x", io.EOF)
	if e.Code != sdk.Conflict || e.Message != "state of x: EOF" || !errors.Is(e, io.EOF) {
		t.Errorf("got %+v", e)
	}
	e = sdk.Errorf(sdk.Conflict, "%w after %w", io.EOF, io.ErrNoProgress)
	if !errors.Is(e, io.EOF) || !errors.Is(e, io.ErrNoProgress) {
		t.Errorf("a cause is lost: %+v", e)
	}
	if e = sdk.Errorf(sdk.Conflict, "100%%"); e.Message != "100%" || e.Err != nil {
		t.Errorf("got %+v", e)
	}
}

func TestInvalid(t *testing.T) {
	e := sdk.InvalidField("/a/b", "is %d too long", 3)
	if got := e.Error(); got != "the input is not valid: /a/b: is 3 too long (invalid_input)" {
		t.Errorf("got %s", got)
	}
	if e = sdk.Invalid("no"); e.Code != sdk.InvalidInput || e.Violations != nil {
		t.Errorf("got %+v", e)
	}
}
