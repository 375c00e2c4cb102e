// Package wire contains the HTTP part of the simulated org: requests, responses, Okta's errors, times and
// paging.
package wire

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// Doc is a JSON object under construction.
type Doc = map[string]any

// Call is one request to the org.
type Call struct {
	Method    string
	Path      string // escaped, as received
	RawQuery  string
	Query     url.Values
	Header    http.Header
	Remote    string // address without port
	Base      string // scheme and host of this org's links
	Body      []byte
	Params    []string // values of the variable segments of the route
	Now       time.Time
	RequestID string
}

// NewCall parses a request. It keeps the valid parts of an invalid query, as a servlet container does.
func NewCall(r *http.Request, body []byte, now time.Time, requestID string) Call {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	query, _ := url.ParseQuery(r.URL.RawQuery)
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	return Call{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Query: query, Header: r.Header, Remote: remote,
		Base: scheme + "://" + r.Host, Body: body, Now: now, RequestID: requestID,
	}
}

// Decode decodes the body, which must be one JSON object. It keeps numbers unchanged.
func (c *Call) Decode(v any) error {
	if t := c.Header.Get("Content-Type"); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil || media != "application/json" {
			return Code("E0000021")
		}
	}
	if err := DecodeObject(c.Body, v); err != nil {
		return Code("E0000003")
	}
	return nil
}

// DecodeObject decodes a text that must be exactly one JSON object.
func DecodeObject(text []byte, v any) error {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("the text is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the text contains more than one JSON value")
	}
	return nil
}

// Encode writes JSON without the escapes for HTML, as Okta does.
func Encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// The value was created by this module or decoded from JSON.
		panic("oktasim: value cannot be JSON: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Plain converts an object created in Go to the values that its JSON decodes to.
func Plain(object Doc) (Doc, error) {
	out := Doc{}
	raw, err := json.Marshal(object)
	if err == nil && object != nil {
		err = DecodeObject(raw, &out)
	}
	return out, err
}

// Param returns a query parameter, or otherwise if the call does not have it. If parse rejects the text, the error
// contains the message.
func Param[T any](c *Call, name string, otherwise T, parse func(string) (T, error), complaint *Error) (T, error) {
	if !c.Query.Has(name) {
		return otherwise, nil
	}
	v, err := parse(c.Query.Get(name))
	if err != nil {
		return v, complaint
	}
	return v, nil
}

// Flag returns a boolean query parameter.
func (c *Call) Flag(name string, otherwise bool) (bool, error) {
	return Param(c, name, otherwise, strconv.ParseBool, Invalid(name, name+": The value must be true or false"))
}

// Number returns an integer query parameter from low to high.
func (c *Call) Number(name string, otherwise, low, high int) (int, error) {
	complaint := Invalid(name, fmt.Sprintf("%s: The value must be a whole number between %d and %d", name, low, high))
	v, err := Param(c, name, otherwise, strconv.Atoi, complaint)
	if err == nil && c.Query.Has(name) && (v < low || v > high) {
		return 0, complaint
	}
	return v, err
}

// Time returns a time of the query.
func (c *Call) Time(name string, otherwise time.Time) (time.Time, error) {
	return Param(c, name, otherwise, ParseTime,
		Invalid("'"+name+"': The date format in your query is not recognized. Please enter dates using ISO8601 string format."))
}

// URL returns the absolute address of a path of the org.
func (c *Call) URL(path string) string { return c.Base + path }

// LinkWith returns this request's address with changed query parameters. An empty value removes its parameter.
func (c *Call) LinkWith(changes map[string]string) string {
	q := maps.Clone(c.Query)
	for k, v := range changes {
		if q.Del(k); v != "" {
			q.Set(k, v)
		}
	}
	if len(q) == 0 {
		return c.URL(c.Path)
	}
	return c.URL(c.Path) + "?" + q.Encode()
}

// Link returns a link to href.
func Link(href string) Doc { return Doc{"href": href} }

// Hinted returns a link with its accepted methods.
func Hinted(href string, methods ...string) Doc {
	return Doc{"href": href, "hints": Doc{"allow": methods}}
}

// StampLayout is the format of Okta's times.
const StampLayout = "2006-01-02T15:04:05.000Z"

// Stamp formats a time as Okta does, in UTC with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format(StampLayout) }

// StampOrNull is Stamp, but returns null for the zero time.
func StampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Stamp(t)
}

// timeForm matches the formats of ISO 8601 that Okta accepts. They start with a year, a month or a day. Hour, minute,
// second, fraction and zone may follow.
var timeForm = regexp.MustCompile(
	`^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[Tt](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?)?$`)

// ParseTime parses an ISO 8601 time. Missing parts are the earliest possible. A time without a zone is in UTC.
func ParseTime(s string) (time.Time, error) {
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, errors.New(s + " is not an ISO 8601 time")
	}
	return time.Parse(time.RFC3339Nano, m[1]+"-"+cmp.Or(m[2], "01")+"-"+cmp.Or(m[3], "01")+"T"+cmp.Or(m[4], "00")+":"+
		cmp.Or(m[5], "00")+":"+cmp.Or(m[6], "00")+"."+cmp.Or(m[7], "0")+cmp.Or(m[8], "+00")+":"+cmp.Or(m[9], "00"))
}

const (
	alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	urlSafe      = alphanumeric + "-_"
)

// IDs generates IDs in Okta's format. The same seed and order of calls generate the same IDs.
type IDs struct {
	seed string
	made map[string]uint64
}

// NewIDs returns a source of identifiers.
func NewIDs(seed string) *IDs { return &IDs{seed, map[string]uint64{}} }

// digest returns the next hash of a sequence. Each kind has its own sequence.
func (s *IDs) digest(kind string) [sha256.Size]byte {
	s.made[kind]++
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(s.seed+"\x00"+kind+"\x00"), s.made[kind]))
}

func (s *IDs) chars(kind, alphabet string, length int) string {
	sum, text := s.digest(kind), make([]byte, length)
	for i := range text {
		text[i] = alphabet[int(sum[i%len(sum)])%len(alphabet)]
	}
	return string(text)
}

// Object returns an ID of 20 characters, such as 00u… for a user or 00g… for a group.
func (s *IDs) Object(prefix string) string {
	return prefix + s.chars(prefix, alphanumeric, 17-len(cell)) + cell
}

// cell is the end of every object ID of one Okta cell.
const cell = "5d7"

// RequestID returns the value of X-Okta-Request-Id.
func (s *IDs) RequestID() string { return s.chars("request", urlSafe, 27) }

// ErrorID returns the errorId of an error body.
func (s *IDs) ErrorID() string { return "oae" + s.chars("error", urlSafe, 22) }

// OneTimeToken returns the secret part of an activation or reset link.
func (s *IDs) OneTimeToken() string { return s.chars("token", urlSafe, 20) }

// Text returns random text of that length that is safe in URLs.
func (s *IDs) Text(kind string, length int) string { return s.chars(kind, urlSafe, length) }

// UUID returns the uuid of a log event.
func (s *IDs) UUID() string {
	sum := s.digest("uuid")
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
