// Package rest reads the responses, objects, errors and links of Okta's REST API. It sends nothing.
package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// A Response is one complete response.
type Response httpclient.Response

// Skew returns how far this machine's clock is ahead of Okta's, 0 if Okta's time is
// unknown. Okta's Date header counts whole seconds.
func (r *Response) Skew() time.Duration {
	date := r.ReadAt()
	if date.IsZero() {
		return 0
	}
	return r.Sent.Sub(date)
}

// ReadAt returns the time of the response by Okta's clock, or zero if it is unknown.
func (r *Response) ReadAt() time.Time { return (*httpclient.Response)(r).Date() }

// Decode decodes the body into v. A 2xx response without a body, or with null, is also an error: the caller
// requested an object or a list.
func (r *Response) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil || string(bytes.TrimSpace(r.Body)) == "null" {
		return r.Broken("a response that cannot be parsed")
	}
	return nil
}

// DecodeObject decodes the object in the body into v leniently, see [Object.Read].
func (r *Response) DecodeObject(v any) error {
	var o Object
	if err := r.Decode(&o); err != nil {
		return err
	}
	if !o.IsObject() {
		return r.Broken("something other than the requested object")
	}
	o.Read(v)
	return nil
}

// Broken returns the error of a malformed response.
func (r *Response) Broken(what string) *sdk.Error {
	return &sdk.Error{
		Code: sdk.Unavailable, Message: r.About("Okta's address gave " + what), Upstream: r.Upstream(""),
	}
}

// Upstream returns the part of an error that identifies the response.
func (r *Response) Upstream(code string) *sdk.Upstream {
	return &sdk.Upstream{Status: r.Status, Code: httpclient.Printable(code, 40), RequestID: httpclient.Printable(r.Header.Get("X-Okta-Request-Id"), 60)}
}

// About prefixes a message with the request.
func (r *Response) About(message string) string { return httpclient.WithRequest(r.Request, message) }

// Err returns the error of the response, or nil if the response is a success in JSON or without a body. mask removes
// secrets from Okta's text.
func (r *Response) Err(mask func(string) string) error {
	switch {
	case r.Status >= 300 && r.Status < 400:
		return r.Redirected()
	case r.Status < 200 || r.Status >= 400:
		return r.Rejection(mask)
	}
	// A gateway may forward an error of Okta with another status.
	if e, ok := readOktaError(r.Body); ok {
		return r.Broken("the error " + e.Code + " with the status " + strconv.Itoa(r.Status) + " of a success")
	}
	return r.NotJSON()
}

// Redirected returns the error of a redirect.
func (r *Response) Redirected() *sdk.Error {
	what := "a redirect"
	if to, err := url.Parse(r.Header.Get("Location")); err == nil && to.Host != "" {
		what += " to " + httpclient.Printable(to.Host, 100)
	}
	return r.Broken(what + ", which was not followed; check the org URL, and whether this network requires a sign-in first")
}

// NotJSON returns the error of a response that is not JSON, or nil if it is JSON or empty.
func (r *Response) NotJSON() error {
	mediaType := r.mediaType()
	if len(r.Body) == 0 || mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") {
		return nil
	}
	e := r.Broken("something other than JSON (" + httpclient.Printable(mediaType, 60) + "), such as a page of a proxy or a sign-in page")
	e.Err = ErrNotJSON
	return e
}

func (r *Response) mediaType() string {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return mediaType
}

// ErrNotJSON marks a successful response that is not JSON.
var ErrNotJSON = errors.New("not JSON")

// An Object is an object as Okta sent it.
type Object json.RawMessage

// UnmarshalJSON keeps a copy of b.
func (o *Object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

// IsObject reports whether the JSON is an object.
func (o Object) IsObject() bool { return bytes.HasPrefix(bytes.TrimSpace(o), []byte("{")) }

// ID returns the object's ID, or "".
func (o Object) ID() string {
	var object struct{ ID string }
	o.Read(&object)
	return object.ID
}

// Read decodes the members of the object into v, a pointer to a struct of plain types. It ignores a member with an
// unexpected type: Okta's unions and the org's own attributes can have any type.
func (o Object) Read(v any) { _ = json.Unmarshal(o, v) }
