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

// ErrTooLarge is the error of a response that exceeds the size limit.
var ErrTooLarge = errors.New("too large")

// readBody reads a response to its end. It decompresses gzip and removes the encoding from the
// header. It returns at most that many bytes. For a larger response, it returns the beginning and
// ErrTooLarge.
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

// readAll allocates the announced size at once. A negative size is unknown.
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
		return &sdk.Error{Code: sdk.Unavailable, Err: ErrTooLarge, Message: fmt.Sprintf("the response of the service is larger than %d MiB", most>>20)}
	}
	return nil
}

// An inflater decompresses responses one after the other. Decompression takes most of the time of
// a poll, and compress/gzip takes half as long again.
type inflater struct {
	packed bytes.Buffer
	source bytes.Reader
	reader gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// keptMemory limits the memory that an inflater keeps for the next response.
const keptMemory = 4 << 20

func (z *inflater) inflate(body io.Reader, most int64) ([]byte, error) {
	z.packed.Reset()
	if err := fill(&z.packed, body, most); err != nil {
		return nil, err
	}
	packed := z.packed.Bytes()
	if len(packed) == 0 {
		return nil, nil // a response without a body may have the encoding gzip
	}
	z.source.Reset(packed)
	if err := z.reader.Reset(&z.source); err != nil {
		return nil, maskEOF(err)
	}
	return readAll(&z.reader, most, plainSize(packed))
}

// plainSize returns the decompressed size that the last four bytes of packed contain
// (https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1), or -1 if the size is impossible.
func plainSize(packed []byte) int64 {
	const ratio = 1032 // the highest compression ratio of DEFLATE
	if len(packed) < 4 {
		return -1
	}
	size := int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
	if size > ratio*int64(len(packed)) {
		return -1
	}
	return size
}
