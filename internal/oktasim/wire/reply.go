package wire

import (
	"bytes"
	"compress/gzip"
	"net"
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

// JSON is a response with a JSON body.
func JSON(status int, v any) *Reply { return Raw(status, Encode(v)) }

// Raw is a response whose body is JSON already.
func Raw(status int, body []byte) *Reply {
	return &Reply{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// Empty is a response without a body.
func Empty(status int) *Reply { return &Reply{Status: status, Header: http.Header{}} }

// AddLinks puts self, and next unless it is empty, on header lines of their own.
func (r *Reply) AddLinks(self, next string) {
	r.Header.Add("Link", "<"+self+`>; rel="self"`)
	if next != "" {
		r.Header.Add("Link", "<"+next+`>; rel="next"`)
	}
}

// A Break is a way to break a response off.
type Break int

const (
	// Whole sends the whole response.
	Whole Break = iota
	// Hangup closes the connection without a response.
	Hangup
	// Truncate sends half of the body and closes the connection.
	Truncate
	// Reset sends half of the body and resets the connection.
	Reset
)

// Send writes the response as far as broken lets it.
func (r *Reply) Send(w http.ResponseWriter, request http.Header, broken Break) {
	if broken == Hangup {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for k, v := range r.Header {
		h[k] = v
	}
	body := r.Body
	if len(body) > 0 && wantsGzip(request) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
	}
	if r.Status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if broken != Whole && len(body) == 0 {
		// The response has no middle.
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(r.Status)
	if broken == Whole {
		// The org ignores a client that has gone away.
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	control := http.NewResponseController(w)
	_ = control.Flush()
	if broken == Reset {
		resetConnection(control)
	}
	panic(http.ErrAbortHandler)
}

// resetConnection makes the kernel send RST instead of FIN, where the connection allows it.
func resetConnection(control *http.ResponseController) {
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
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

// compressors are kept because each is larger than most responses.
var compressors = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic("oktasim: " + err.Error())
	}
	return z
}}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(&b)
	// A bytes.Buffer takes everything.
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}
