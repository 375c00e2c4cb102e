package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// ErrBroken is the cause of the error of a call during which the connection to the plugin process
// broke. The result of the call is unknown.
var ErrBroken = errors.New("the connection to the plugin process broke")

// ErrNotStarted is the cause of the error of a call that the plugin did not start, because its
// process was about to end.
var ErrNotStarted = errors.New("the plugin process accepts no more calls")

// statusNotStarted is the gRPC status of a call that the plugin rejects without starting it.
const statusNotStarted = codes.Aborted

// encodeError returns err as a message, or nil.
func encodeError(err error) *pb.Error {
	e := sdk.AsError(err)
	if e == nil {
		return nil
	}
	out := &pb.Error{Code: text(string(e.Code)), Message: text(e.Message), RetryAfterNs: int64(e.RetryAfter)}
	for _, v := range e.Violations {
		out.Violations = append(out.Violations, &pb.Violation{Pointer: text(v.Pointer), Message: text(v.Message)})
	}
	if u := e.Upstream; u != nil {
		out.Upstream = &pb.Upstream{
			Status: int64(u.Status), Code: text(u.Code), ErrorId: text(u.ErrorID), RequestId: text(u.RequestID),
		}
	}
	return out
}

// decodeError returns the error of the message as an *sdk.Error without its cause, or nil.
func decodeError(e *pb.Error) error {
	if e == nil {
		return nil
	}
	out := &sdk.Error{Code: code(e.GetCode()), Message: e.GetMessage(), RetryAfter: time.Duration(e.GetRetryAfterNs())}
	for _, v := range e.GetViolations() {
		out.Violations = append(out.Violations, schema.Violation{Pointer: v.GetPointer(), Message: v.GetMessage()})
	}
	if u := e.GetUpstream(); u != nil {
		out.Upstream = &sdk.Upstream{
			Status: int(u.GetStatus()), Code: u.GetCode(), ErrorID: u.GetErrorId(), RequestID: u.GetRequestId(),
		}
	}
	return out
}

// code returns internal for an unknown code, so that playbooks see only the codes of the schema.
func code(word string) sdk.Code {
	for _, c := range sdk.Codes {
		if string(c) == word {
			return c
		}
	}
	return sdk.Internal
}

// callError returns the error of a call without a response. unknown is added if the call may have
// reached the plugin.
func callError(ctx context.Context, err error, unknown string) error {
	if cause := ctx.Err(); cause != nil {
		return sdk.AsError(cause)
	}
	c := status.Code(err)
	if _, limited := ctx.Deadline(); limited && c == codes.DeadlineExceeded {
		// The deadline ended in the plugin slightly before it ended here.
		return sdk.AsError(context.DeadlineExceeded)
	}
	switch c {
	case statusNotStarted:
		return &sdk.Error{Code: sdk.Unavailable, Message: ErrNotStarted.Error(), Err: fmt.Errorf("%w: %w", ErrNotStarted, err)}
	case codes.Unavailable, codes.Canceled:
		return &sdk.Error{Code: sdk.Unavailable, Message: ErrBroken.Error() + unknown, Err: fmt.Errorf("%w: %w", ErrBroken, err)}
	case codes.Unimplemented:
		return &sdk.Error{Code: sdk.Internal, Message: "the plugin process does not support this call", Err: err}
	default:
		return &sdk.Error{Code: sdk.Internal, Message: "the response of the plugin process could not be received" + unknown, Err: err}
	}
}

// text returns s as valid UTF-8, because one invalid byte would make the whole message invalid.
func text(s string) string {
	if utf8.ValidString(s) {
		return s // nearly always, and the check is fast
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
