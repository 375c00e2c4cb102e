package httpclient

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"soar.example/okta/sdk"
)

// ErrTooLarge marks a response that was not read to its end.
var ErrTooLarge = errors.New("too large")

// readBody reads a response to its end and decompresses gzip, which the header then no
// longer names. It returns at most that many bytes, and the beginning of a larger response
// beside the error ErrTooLarge.
func readBody(resp *http.Response, most int64) ([]byte, error) {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return readAll(resp.Body, most, min(resp.ContentLength, keptMemory))
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
	z := inflaters.Get().(*inflater)
	body, err := z.inflate(resp.Body, most)
	if z.packed.Cap() <= keptMemory {
		inflaters.Put(z)
	}
	return body, err
}

// readAll allocates size bytes at once, the announced size, negative if unknown.
func readAll(body io.Reader, most, size int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, min(max(size, 0), most)+bytes.MinRead))
	err := fill(b, body, most)
	switch {
	case errors.Is(err, ErrTooLarge):
		return b.Bytes()[:most], err
	case err != nil:
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
		return &sdk.Error{Code: sdk.Unavailable, Err: ErrTooLarge, Message: fmt.Sprintf("the service's address gave a response of over %d MiB", most>>20)}
	}
	return nil
}

// An inflater decompresses responses one after the other. Decompression is most of the
// work of a poll; compress/gzip takes half as long again.
type inflater struct {
	packed bytes.Buffer
	source bytes.Reader
	reader gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// keptMemory is the most memory that an inflater keeps for the next response.
const keptMemory = 4 << 20

func (z *inflater) inflate(body io.Reader, most int64) ([]byte, error) {
	z.packed.Reset()
	if err := fill(&z.packed, body, most); err != nil {
		return nil, err
	}
	packed := z.packed.Bytes()
	if len(packed) == 0 {
		return nil, nil // a response without a body may claim to be in gzip
	}
	z.source.Reset(packed)
	if err := z.reader.Reset(&z.source); err != nil {
		return nil, maskEOF(err)
	}
	return readAll(&z.reader, most, plainSize(packed))
}

// plainSize returns the decompressed size that packed states in its last four bytes
// (https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1), -1 if the size is impossible.
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
