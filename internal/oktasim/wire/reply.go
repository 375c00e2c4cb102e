package wire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed" // embeds the catalogue
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Reply is a response that is not yet sent.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON returns a response with a JSON body.
func JSON(status int, v any) *Reply { return Raw(status, Encode(v)) }

// Raw returns a response with an encoded JSON body.
func Raw(status int, body []byte) *Reply {
	return &Reply{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// Empty returns a response without a body.
func Empty(status int) *Reply { return &Reply{Status: status, Header: http.Header{}} }

// AddLink adds a link in a separate header line.
func (r *Reply) AddLink(href, rel string) { r.Header.Add("Link", "<"+href+`>; rel="`+rel+`"`) }

// Compress compresses the body if the client accepts gzip.
func (r *Reply) Compress(request http.Header) {
	if len(r.Body) == 0 || !wantsGzip(request) {
		return
	}
	var b bytes.Buffer
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(&b)
	// A bytes.Buffer returns no error.
	_, _ = z.Write(r.Body)
	_ = z.Close()
	r.Body = b.Bytes()
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("Vary", "Accept-Encoding")
}

// wantsGzip reports whether the client accepts gzip with a weight above zero.
func wantsGzip(h http.Header) bool {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(item, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
			return err != nil || q != 0
		}
	}
	return false
}

// compressors are reused, because each is larger than most responses.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return z
}}

// Error is a response in Okta's error format.
type Error struct {
	Status  int
	code    string
	Summary string
	Causes  []string
}

// Error returns the Okta error code and its summary.
func (e *Error) Error() string { return e.code + ": " + e.Summary }

// Reply returns the response of the error. The ID identifies this response.
func (e *Error) Reply(id string) *Reply {
	causes := []Doc{}
	for _, c := range e.Causes {
		causes = append(causes, Doc{"errorSummary": c})
	}
	return JSON(e.Status, Doc{"errorCode": e.code, "errorSummary": e.Summary, "errorLink": e.code, "errorId": id, "errorCauses": causes})
}

// catalogue is errors.txt: the errors that the org can return, each with its status, its code and its summary. The
// first error of a status is the one that Okta returns most often.
//
//go:embed errors.txt
var catalogue string

// lookup returns the first error of the catalogue with a code or a status, or the zero value.
func lookup(code string, status int) Error {
	for line := range strings.Lines(catalogue) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if of, _ := strconv.Atoi(fields[0]); fields[1] == code || of == status {
			return Error{Status: of, code: fields[1], Summary: fields[2]}
		}
	}
	return Error{}
}

// CodeOf returns the code that Okta returns most often with a status.
func CodeOf(status int) string { return cmp.Or(lookup("", status).code, "E0000009") }

// StatusOf returns the status of a code, 0 for an unknown code.
func StatusOf(code string) int { return lookup(code, 0).Status }

// Code returns the catalogue's error for a code.
func Code(code string) *Error {
	e := lookup(code, 0)
	if e.code == "" {
		e = Error{code: code, Summary: "Okta returned " + code}
	}
	return &e
}

// Codef is Code with another summary.
func Codef(code, format string, args ...any) *Error {
	e := Code(code)
	e.Summary = fmt.Sprintf(format, args...)
	return e
}

// Invalid returns E0000001. The summary names the invalid value, and the causes explain the error.
func Invalid(what string, causes ...string) *Error {
	e := Codef("E0000001", "Api validation failed: %s", what)
	e.Causes = causes
	return e
}

// NotFound returns E0000007 for a resource of that kind.
func NotFound(id, kind string) *Error {
	return Codef("E0000007", "Not found: Resource not found: %s (%s)", id, kind)
}
