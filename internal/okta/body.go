package okta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"soar.example/okta/sdk"
)

// errTooLarge marks an answer that was not read to its end.
var errTooLarge = errors.New("too large")

// readBody reads an answer to its end, out of gzip if it came in that, which it
// then does not say any more. It returns at most that many bytes, and hides io.EOF:
// at the sight of it, the SDK repeats the request for ever.
func readBody(resp *http.Response, most int64) ([]byte, error) {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return readAll(resp.Body, most, min(resp.ContentLength, keptRoom))
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
	z := inflaters.Get().(*inflater)
	body, err := z.inflate(resp.Body, most)
	if z.packed.Cap() <= keptRoom {
		inflaters.Put(z)
	}
	return body, err
}

// readAll makes room for size bytes at once, which is what somebody says that there
// are: negative if nobody does.
func readAll(body io.Reader, most, size int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, min(max(size, 0), most)+bytes.MinRead))
	if err := fill(b, body, most); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func fill(b *bytes.Buffer, body io.Reader, most int64) error {
	n, err := b.ReadFrom(io.LimitReader(body, most+1))
	if err != nil {
		return maskEOF(err)
	}
	if n > most {
		return &sdk.Error{Code: sdk.Unavailable, Message: fmt.Sprintf("Okta's address gave an answer of over %d MiB", most>>20), Err: errTooLarge}
	}
	return nil
}

// An inflater reads answers out of gzip, one after the other. A page of the log is
// most of the work that a poll makes, and this the most of that; compress/gzip takes
// half as long again.
type inflater struct {
	packed bytes.Buffer
	source bytes.Reader
	reader gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// keptRoom is how much memory an inflater may keep for the next answer.
const keptRoom = 4 << 20

func (z *inflater) inflate(body io.Reader, most int64) ([]byte, error) {
	z.packed.Reset()
	if err := fill(&z.packed, body, most); err != nil {
		return nil, err
	}
	packed := z.packed.Bytes()
	if len(packed) == 0 {
		return nil, nil // an answer without a body may say that it is in gzip
	}
	z.source.Reset(packed)
	if err := z.reader.Reset(&z.source); err != nil {
		return nil, maskEOF(err)
	}
	return readAll(&z.reader, most, plainSize(packed))
}

// plainSize is how many bytes packed says that it holds, in its last four
// (https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1), unless that cannot be.
func plainSize(packed []byte) int64 {
	const ratio = 1032 // the most that DEFLATE can do
	if len(packed) < 4 {
		return -1
	}
	size := int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
	if size > ratio*int64(len(packed)) {
		return -1
	}
	return size
}
