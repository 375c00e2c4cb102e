package oktatest

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// send writes the answer, or breaks off in the way that kind says.
func send(w http.ResponseWriter, r *http.Request, a *reply, kind string) {
	if kind == KindHangup {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for k, v := range a.header {
		h[k] = v
	}
	body := a.body
	if len(body) > 0 && wantsGzip(r.Header) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	broken := kind == KindTruncate || kind == KindReset
	if broken && len(body) == 0 {
		// There is no middle to break off in.
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	if !broken {
		// A client that has gone away is no concern of the org.
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	control := http.NewResponseController(w)
	_ = control.Flush()
	if kind == KindReset {
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

func wantsGzip(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return !zeroWeight(weight)
			}
		}
	}
	return false
}

func zeroWeight(s string) bool {
	value, ok := strings.CutPrefix(strings.ReplaceAll(s, " ", ""), "q=")
	if !ok {
		return false
	}
	q, err := strconv.ParseFloat(value, 64)
	return err == nil && q == 0
}

// compressors are kept because each is larger than most answers.
var compressors = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic("oktatest: " + err.Error())
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
