package host

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// listener reads one output of a process, and remembers its first line and its
// last for the words of an error.
type listener struct {
	r *os.File

	mu     sync.Mutex
	first  []byte
	whole  bool // first is complete
	last   []byte
	closed bool // last is complete: what comes next is another line
}

// longest is how much of a line is remembered.
const longest = 4 << 10

// open returns the end that the process writes to.
func (l *listener) open() (*os.File, error) {
	r, w, err := os.Pipe()
	l.r = r
	return w, err
}

// Read reads on. Being cut off is an end like any other.
func (l *listener) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(b[:n])
	return n, err
}

func (l *listener) remember(b []byte) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		if !l.whole {
			l.first = appendUpTo(l.first, line)
			l.whole = ended
		}
		if l.closed && len(bytes.TrimSpace(line)) > 0 {
			l.last, l.closed = l.last[:0], false
		}
		if !l.closed {
			l.last = appendUpTo(l.last, line)
			l.closed = ended && len(l.last) > 0
		}
	}
}

func appendUpTo(to, from []byte) []byte {
	return append(to, from[:min(len(from), max(0, longest-len(to)))]...)
}

// lines returns the first line and the last.
func (l *listener) lines() (first, last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.first)), string(bytes.TrimSpace(l.last))
}

// limit ends reading after d.
func (l *listener) limit(d time.Duration) { _ = l.r.SetReadDeadline(time.Now().Add(d)) }

// Close ends reading at once.
func (l *listener) Close() error { return l.r.Close() }
