package oktatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// call is one request on its way through the org.
type call struct {
	method    string
	path      string // escaped, as sent
	rawQuery  string
	query     url.Values
	header    http.Header
	remote    string // address without port
	base      string // scheme and host that links start with
	body      []byte
	params    []string // what the route's {…} segments matched
	now       time.Time
	requestID string
	app       *serviceApp // the caller, nil where it is the owner of an API token
	owner     *user       // the caller otherwise
	tokenID   string      // of the owner's API token
}

// reply is an answer that is not yet sent.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func jsonReply(status int, v any) *reply {
	return rawReply(status, encode(v))
}

func rawReply(status int, body []byte) *reply {
	return &reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

func noContent() *reply {
	return &reply{status: http.StatusNoContent, header: http.Header{}}
}

// encode writes JSON without the escapes that are meant for HTML, as Okta does.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Only values that this package builds, or that came from JSON, get here.
		panic("oktatest: value cannot be JSON: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// decode reads the body as one JSON object, keeping numbers as they are written.
func (c *call) decode(v any) error {
	if t := c.header.Get("Content-Type"); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil || media != "application/json" {
			return oktaError("E0000021")
		}
	}
	if err := decodeObject(c.body, v); err != nil {
		return oktaError("E0000003")
	}
	return nil
}

func decodeObject(body []byte, v any) error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("the body is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body holds more than one JSON value")
	}
	return nil
}

// flag reads a boolean query parameter.
func (c *call) flag(name string, otherwise bool) (bool, error) {
	if !c.query.Has(name) {
		return otherwise, nil
	}
	v, err := strconv.ParseBool(c.query.Get(name))
	if err != nil {
		return false, invalid(name, name+": The value must be true or false")
	}
	return v, nil
}

// number reads a whole number from the query between low and high.
func (c *call) number(name string, otherwise, low, high int) (int, error) {
	if !c.query.Has(name) {
		return otherwise, nil
	}
	v, err := strconv.Atoi(c.query.Get(name))
	if err != nil || v < low || v > high {
		return 0, invalid(name, name+": The value must be a whole number between "+strconv.Itoa(low)+" and "+strconv.Itoa(high))
	}
	return v, nil
}

// url is the absolute address of a path below the org.
func (c *call) url(path string) string { return c.base + path }

// linkWith is this request's address with some query parameters replaced, or removed where the value is empty.
func (c *call) linkWith(changes map[string]string) string {
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	for k, v := range changes {
		if v == "" {
			q.Del(k)
		} else {
			q.Set(k, v)
		}
	}
	link := c.url(c.path)
	if len(q) > 0 {
		link += "?" + q.Encode()
	}
	return link
}

// addLinks puts self, and next unless it is empty, on header lines of their own.
func (r *reply) addLinks(self, next string) {
	r.header.Add("Link", "<"+self+`>; rel="self"`)
	if next != "" {
		r.header.Add("Link", "<"+next+`>; rel="next"`)
	}
}
