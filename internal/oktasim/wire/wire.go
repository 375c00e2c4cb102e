// Package wire holds the HTTP side of the simulated org: requests, responses, Okta's errors, times and paging.
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
	Path      string // escaped, as sent
	RawQuery  string
	Query     url.Values
	Header    http.Header
	Remote    string // address without port
	Base      string // scheme and host of this org's links
	Body      []byte
	Params    []string // values of the route's {…} segments
	Now       time.Time
	RequestID string
}

// NewCall reads a request. It keeps the valid parts of an invalid query, as a servlet container does.
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

// Decode reads the body as one JSON object and keeps numbers as they are written.
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

// DecodeObject reads text that holds one JSON object and nothing else.
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
		return errors.New("the text holds more than one JSON value")
	}
	return nil
}

// Encode writes JSON without the escapes for HTML, as Okta does.
func Encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Only values of this module, or values that came from JSON, get here.
		panic("oktasim: value cannot be JSON: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Plain turns an object made in Go into the values that decoding its JSON gives.
func Plain(object Doc) (Doc, error) {
	out := Doc{}
	raw, err := json.Marshal(object)
	if err == nil && object != nil {
		err = DecodeObject(raw, &out)
	}
	return out, err
}

// Param reads a query parameter. It returns otherwise if the call does not have the parameter, and the complaint as an
// error if parse rejects the text.
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

// Flag reads a boolean query parameter.
func (c *Call) Flag(name string, otherwise bool) (bool, error) {
	return Param(c, name, otherwise, strconv.ParseBool, Invalid(name, name+": The value must be true or false"))
}

// Number reads a whole number from low to high from the query.
func (c *Call) Number(name string, otherwise, low, high int) (int, error) {
	complaint := Invalid(name, fmt.Sprintf("%s: The value must be a whole number between %d and %d", name, low, high))
	v, err := Param(c, name, otherwise, strconv.Atoi, complaint)
	if err == nil && c.Query.Has(name) && (v < low || v > high) {
		return 0, complaint
	}
	return v, err
}

// Time reads a time from the query.
func (c *Call) Time(name string, otherwise time.Time) (time.Time, error) {
	return Param(c, name, otherwise, ParseTime,
		Invalid("'"+name+"': The date format in your query is not recognized. Please enter dates using ISO8601 string format."))
}

// URL returns the absolute address of a path of the org.
func (c *Call) URL(path string) string { return c.Base + path }

// LinkWith returns this request's address with some query parameters replaced. An empty value removes its parameter.
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

// Link is a link to href.
func Link(href string) Doc { return Doc{"href": href} }

// Hinted is a link with the methods that it accepts.
func Hinted(href string, methods ...string) Doc {
	return Doc{"href": href, "hints": Doc{"allow": methods}}
}

// StampLayout is the form of Okta's times.
const StampLayout = "2006-01-02T15:04:05.000Z"

// Stamp writes a time as Okta does, in UTC with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format(StampLayout) }

// StampOrNull is Stamp, or null for the zero time.
func StampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Stamp(t)
}

// timeForm matches the forms of ISO 8601 that Okta accepts: year, month or day, then hour, minute, second and fraction,
// then a zone.
var timeForm = regexp.MustCompile(
	`^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[Tt](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?)?$`)

// ParseTime reads an ISO 8601 time. Missing parts are the earliest, and a time without a zone is in UTC.
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

// IDs makes identifiers in the form of Okta's. They repeat for the same seed and order of calls.
type IDs struct {
	seed string
	made map[string]uint64
}

// NewIDs returns a source of identifiers.
func NewIDs(seed string) *IDs { return &IDs{seed, map[string]uint64{}} }

// digest is different for every call with the same kind, and the same at the same position in the sequence.
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

// cell ends every object ID of one Okta cell.
const cell = "5d7"

// RequestID returns the value of X-Okta-Request-Id.
func (s *IDs) RequestID() string { return s.chars("request", urlSafe, 27) }

// ErrorID returns the errorId of an error body.
func (s *IDs) ErrorID() string { return "oae" + s.chars("error", urlSafe, 22) }

// OneTimeToken returns the secret part of an activation or reset link.
func (s *IDs) OneTimeToken() string { return s.chars("token", urlSafe, 20) }

// Text returns random text of that length, safe in URLs.
func (s *IDs) Text(kind string, length int) string { return s.chars(kind, urlSafe, length) }

// UUID returns the uuid of a log event.
func (s *IDs) UUID() string {
	sum := s.digest("uuid")
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
