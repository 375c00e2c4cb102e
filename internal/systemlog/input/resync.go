package input

import (
	"bytes"
	"errors"
	"fmt"

	"soar.example/okta/internal/jsonscan"
)

// nonObject reads input that starts neither an object nor an array. It is a scalar value or not
// JSON, so nonObject reports an error.
func (e *reader) nonObject() {
	const maxScalar = 1 << 12
	for len(e.rest()) < maxScalar && !bytes.ContainsAny(e.rest(), "\n\x00") && e.fill() {
	}
	rest := e.rest()
	rest = rest[:min(len(rest), maxScalar)]
	line := e.line
	p := jsonscan.New(string(rest))
	p.Skip()
	if end := p.Offset(); !p.Failed() && (end == len(rest) || bytes.IndexByte([]byte(" \t\r\n\x00,]"), rest[end]) >= 0) {
		if !e.resyncing {
			e.addError(line, errNotObject)
		}
		e.advance(end)
		e.comma = true
		return
	}
	if c := rest[0]; c == ',' || c == ']' || c == '}' || c == ':' {
		if !e.resyncing {
			e.addError(line, fmt.Errorf("not valid JSON: unexpected %q", c))
		}
		e.advance(1)
		return
	}
	// The remaining lines of a damaged value are not separate inputs, so they are not reported.
	if !e.resyncing || e.column() == 0 && rest[0] != '"' {
		if e.notJSONLine != line {
			e.addError(line, errors.New("not JSON"))
		}
		e.notJSONLine = line
	}
	if n := bytes.IndexAny(rest[1:], "\n\x00{,]"); n >= 0 && len(e.arrays) > 0 {
		e.advance(1 + n)
		e.comma = true
		return
	}
	e.skipLine()
}

var errInvalid = errors.New("not valid JSON")

// column returns 0 if the next byte is the first of its line, and 1 otherwise.
func (e *reader) column() int {
	if e.pos == 0 || e.buf[e.pos-1] == '\n' || e.buf[e.pos-1] == 0 {
		return 0
	}
	return 1
}

// skipLine skips the rest of the line. A zero byte also ends a line, because a file can have zero
// bytes at its end after a crash.
func (e *reader) skipLine() {
	for {
		rest := e.rest()
		if i := bytes.IndexAny(rest, "\n\x00"); i >= 0 {
			e.advance(i + 1)
			return
		}
		e.advance(len(rest))
		if !e.fill() {
			return
		}
	}
}

// skipTooLong reports a value that exceeds the maximum length, and skips its line.
func (e *reader) skipTooLong() {
	e.addError(e.line, fmt.Errorf("the value is longer than %d MiB", max(1, e.maxValue>>20)))
	e.resyncing, e.comma = true, true
	e.skipLine()
}

// resync reports a value that is invalid at an offset, and moves to the position at which reading
// continues. If the brackets of the value match, this is the end of the value. Otherwise, it is the
// next line that starts a value. A line that starts a value in its first column also ends the
// damaged value, because a new record begins there.
func (e *reader) resync(offset int, err error) {
	// The limit prevents quadratic time for damaged values that are nested in each other.
	scan := e.rescanned <= 4*e.read+e.maxValue
	if scan {
		end, closed := e.damagedLength()
		if e.err == errStopped {
			return
		}
		if e.rescanned += offset + end; closed {
			e.addError(e.line, errInvalid)
			e.advance(end)
			e.comma = true
			return
		}
	}
	e.addError(e.line, err)
	if n := len(e.arrays); n > 0 {
		e.arrays[n-1].reported = true
	}
	e.resyncing, e.comma = true, true
	if !scan {
		e.advance(min(offset, len(e.rest())))
	}
	e.skipLine()
}

// damagedLength returns the length of the damaged object at the beginning of the window. It finds
// the end by matching brackets. closed is false if they do not match or a string is not closed.
func (e *reader) damagedLength() (end int, closed bool) {
	var open []byte
	inString, escaped, lineStart := false, false, false
	for i := 0; ; i++ {
		for i >= len(e.rest()) {
			if !e.fill() {
				return i, false
			}
		}
		c := e.rest()[i]
		if i > e.maxValue {
			return i, false
		}
		switch {
		case c == '\n' && inString, c == 0:
			return i, false
		case escaped:
			escaped = false
		case inString:
			inString = c != '"'
			escaped = c == '\\'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if lineStart || len(open) == maxArrays {
				return i, false
			}
			open = append(open, c+2) // the code of the closing bracket
		case c == '}' || c == ']':
			if open[len(open)-1] != c {
				return i, false
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1, true
			}
		}
		lineStart = c == '\n'
	}
}
