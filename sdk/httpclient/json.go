package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"soar.example/okta/sdk"
)

// JSON sends a request to a path of the origin and decodes the JSON response into out. The JSON of
// in is the body of the request. If in is nil, there is no body; if out is nil, the response is
// not decoded. The path may have a query.
//
// JSON expects a JSON response. A response in another format comes from a proxy or a wrong host
// and says nothing about objects of the service. Its error has the code unavailable for every
// status.
func (t *Transport) JSON(ctx context.Context, method, path string, in, out any) error {
	target, err := t.Origin.Parse(path)
	if err != nil {
		return sdk.Errorf(sdk.Internal, "the path of a request is not valid: %w", err)
	}
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return sdk.Errorf(sdk.Internal, "the body of a request cannot be encoded: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return sdk.Errorf(sdk.Internal, "a request cannot be built: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	failed := Check(resp)
	rejected := resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests
	empty := len(raw) == 0 && !rejected && out == nil
	if (failed == nil || rejected) && !empty && !json.Valid(raw) {
		message := "the response (" + resp.Header.Get("Content-Type") + ") is not JSON, so the service did not send it. Check for a proxy or a wrong address"
		failed = &sdk.Error{
			Code: sdk.Unavailable, Message: WithRequest(RequestTo(method, req.URL.EscapedPath()), Printable(message, 300)),
			Upstream: &sdk.Upstream{Status: resp.StatusCode},
		}
	}
	if e := sdk.AsError(failed); e != nil {
		e.Upstream.RequestID = resp.Header.Get(t.RequestID)
		return e
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		e := sdk.Errorf(sdk.Unavailable, "%s: the JSON of the response has an unexpected form: %w", RequestTo(method, req.URL.EscapedPath()), err)
		e.Upstream = &sdk.Upstream{Status: resp.StatusCode, RequestID: resp.Header.Get(t.RequestID)}
		return e
	}
	return nil
}

// Bearer returns a value for [Transport.Begin] that sends a fixed token in the Authorization
// header.
func Bearer(token sdk.Secret) func() Authorization {
	return func() Authorization { return bearer{token} }
}

type bearer struct{ token sdk.Secret }

func (b bearer) Authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return nil
}

func (bearer) Rejected(*Response) bool { return false }
