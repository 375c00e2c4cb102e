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

func (e *DamagedError) Error() string {
	return "the compressed data is cut off or damaged: " + e.Err.Error()
}

// Unwrap returns the error of the decompression.
func (e *DamagedError) Unwrap() error { return e.Err }

// plain returns the UTF-8 text of r, which may be compressed with gzip, in several
// members too, and may be UTF-16 with a byte order mark.
func plain(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if begin, _ := in.Peek(2); string(begin) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, &DamagedError{err}
		}
		in = bufio.NewReaderSize(&unpacked{r: z}, 1<<16)
	}
	if begin, err := in.Peek(2); err == nil && (string(begin) == "\xff\xfe" || string(begin) == "\xfe\xff") {
		return transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	}
	return in, nil
}

// unpacked tells the errors of a decompression from those of the disk or network.
type unpacked struct{ r *gzip.Reader }

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF {
		err = &DamagedError{err}
	}
	return n, err
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
