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

// DamagedError says that compressed input ends too early or is not what it claims.
type DamagedError struct{ Err error }

// Error names the damaged compressed input.
func (e *DamagedError) Error() string {
	return "the compressed data is cut off or damaged: " + e.Err.Error()
}

// Unwrap returns the error of the decompression.
func (e *DamagedError) Unwrap() error { return e.Err }

// plain returns the UTF-8 text of r, which may be compressed with gzip, in several
// members too, and may be UTF-16.
func plain(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if isGzip(in) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, &DamagedError{err}
		}
		z.Multistream(false)
		in = bufio.NewReaderSize(&unpacked{in: in, member: z}, 1<<16)
	}
	if order, is := utf16Order(in); is {
		return transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), nil
	}
	return in, nil
}

func isGzip(in *bufio.Reader) bool {
	begin, _ := in.Peek(2)
	return string(begin) == "\x1f\x8b"
}

// utf16Order reports whether in is UTF-16: it has a byte order mark, or begins with
// two ASCII characters of two bytes each, as any JSON does.
func utf16Order(in *bufio.Reader) (order unicode.Endianness, is bool) {
	b, err := in.Peek(2)
	switch {
	case err != nil || b[0] != 0 && b[1] != 0 && b[0] < 0xfe:
		return order, false
	case string(b) == "\xff\xfe", string(b) == "\xfe\xff":
		return unicode.LittleEndian, true // the mark decides
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

// unpacked reads gzip members, and tells their errors from those of the disk or
// network. Zeros behind a member are padding; other text is read as it is.
type unpacked struct {
	in     *bufio.Reader
	member *gzip.Reader // nil: what follows is not compressed
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.member == nil {
		return u.in.Read(p)
	}
	n, err := u.member.Read(p)
	switch {
	case err == nil || n > 0:
		return n, nil // an error comes again
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

// window holds the part of a stream that is being read.
type window struct {
	src  io.Reader
	buf  []byte
	pos  int // of the next byte to read
	line int // of that byte, from 1
	err  error
	// read and rescanned are how many bytes came, and were looked at once more.
	read, rescanned int
	before          func() bool // runs before a read that may wait; false: stop
}

func (w *window) rest() []byte { return w.buf[w.pos:] }

// advance moves over n bytes.
func (w *window) advance(n int) {
	w.line += bytes.Count(w.buf[w.pos:w.pos+n], []byte("\n"))
	w.pos += n
}

// more reads on. It reports false at the end of the stream.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if !w.before() {
		w.err = errStopped
		return false
	}
	if w.pos > 1 && (w.pos == len(w.buf) || len(w.buf) == cap(w.buf)) {
		// The byte before stays: it says whether a line begins.
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

// failure is the error of the stream, nil at its proper end.
func (w *window) failure() error {
	if w.err == nil || w.err == io.EOF {
		return nil
	}
	return fmt.Errorf("line %d: %w", w.line, w.err)
}
