package input

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// DamagedError reports that compressed input is truncated or invalid.
type DamagedError struct{ Err error }

// Error describes the damage.
func (e *DamagedError) Error() string {
	return "the compressed data is truncated or damaged: " + e.Err.Error()
}

// Unwrap returns the error of the decompressor.
func (e *DamagedError) Unwrap() error { return e.Err }

// decode returns the UTF-8 text of r. The input may be compressed with gzip, in one or more members,
// and may be UTF-16.
func decode(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if isGzip(in) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, &DamagedError{err}
		}
		z.Multistream(false)
		in = bufio.NewReaderSize(&gzipReader{in: in, member: z}, 1<<16)
	}
	if order, ok := utf16Order(in); ok {
		return transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), nil
	}
	return in, nil
}

// isGzip reports whether gzip data comes next.
func isGzip(in *bufio.Reader) bool {
	begin, _ := in.Peek(2)
	return string(begin) == "\x1f\x8b"
}

// utf16Order reports whether the input is UTF-16, and returns its byte order. Such input has a byte
// order mark, or begins with two ASCII characters of two bytes each, as all JSON does.
func utf16Order(in *bufio.Reader) (order unicode.Endianness, ok bool) {
	b, err := in.Peek(2)
	switch {
	case err != nil || b[0] != 0 && b[1] != 0 && b[0] < 0xfe:
		return order, false
	case string(b) == "\xff\xfe", string(b) == "\xfe\xff":
		return unicode.LittleEndian, true // the decoder uses the mark instead
	}
	b, err = in.Peek(4)
	switch {
	case err != nil:
		return order, false
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return unicode.LittleEndian, true
	case b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return unicode.BigEndian, true
	}
	return order, false
}

// gzipReader reads gzip members and returns their errors as [DamagedError]. Read errors of the input
// stay as they are. Zero bytes after a member are padding. Any other data after a member is read as
// uncompressed text.
type gzipReader struct {
	in     *bufio.Reader
	member *gzip.Reader // nil if the rest is not compressed
}

func (u *gzipReader) Read(p []byte) (int, error) {
	if u.member == nil {
		return u.in.Read(p)
	}
	n, err := u.member.Read(p)
	switch {
	case err == nil || n > 0:
		return n, nil // the next Read returns the error again
	case err != io.EOF:
		return n, &DamagedError{err}
	}
	for {
		next, err := u.in.Peek(1)
		if err != nil {
			return n, err
		}
		if next[0] != 0 {
			break
		}
		_, _ = u.in.Discard(1)
	}
	if !isGzip(u.in) {
		u.member = nil
		return n, nil
	}
	if err := u.member.Reset(u.in); err != nil {
		return n, &DamagedError{err}
	}
	u.member.Multistream(false)
	return n, nil
}

// window buffers the part of a stream that is being read.
type window struct {
	src       io.Reader
	buf       []byte
	pos       int // offset of the next byte in buf
	line      int // line of the next byte, from 1
	err       error
	read      int // number of bytes read from src
	rescanned int // number of bytes scanned again after an error
	// beforeRead runs before each read that can wait. If it returns false, reading stops.
	beforeRead func() bool
}

// rest returns the buffered bytes from the next byte on.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// advance moves the next byte forward by n.
func (w *window) advance(n int) {
	w.line += bytes.Count(w.buf[w.pos:w.pos+n], []byte("\n"))
	w.pos += n
}

// fill reads more bytes into the buffer. It returns false at the end of the stream and after an error.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if !w.beforeRead() {
		w.err = errStopped
		return false
	}
	if w.pos > 1 && (w.pos == len(w.buf) || len(w.buf) == cap(w.buf)) {
		// Keep the previous byte, because column needs it.
		w.buf = w.buf[:copy(w.buf, w.buf[w.pos-1:])]
		w.pos = 1
	}
	if cap(w.buf)-len(w.buf) < 1<<15 {
		w.buf = append(make([]byte, 0, max(1<<18, 2*cap(w.buf))), w.buf...)
	}
	for range 100 {
		n, err := w.src.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf, w.read = w.buf[:len(w.buf)+n], w.read+n
		w.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// readError returns the error of the stream, nil at its normal end.
func (w *window) readError() error {
	if w.err == nil || w.err == io.EOF {
		return nil
	}
	return fmt.Errorf("line %d: %w", w.line, w.err)
}
