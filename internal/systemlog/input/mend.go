package input

import (
	"bytes"
	"errors"
	"fmt"

	"soar.example/okta/internal/jsonscan"
)

// other reads what is neither an object nor an array: a value that is no event, or
// no JSON at all.
func (e *reader) other() {
	const most = 1 << 12
	for len(e.rest()) < most && !bytes.ContainsAny(e.rest(), "\n\x00") && e.more() {
	}
	rest := e.rest()
	rest = rest[:min(len(rest), most)]
	line := e.line
	p := jsonscan.New(string(rest))
	p.Skip()
	if end := p.Offset(); !p.Failed() && (end == len(rest) || bytes.IndexByte([]byte(" \t\r\n\x00,]"), rest[end]) >= 0) {
		if !e.mending {
			e.bad(line, errNoObject)
		}
		e.advance(end)
		e.comma = true
		return
	}
	if c := rest[0]; c == ',' || c == ']' || c == '}' || c == ':' {
		if !e.mending {
			e.bad(line, fmt.Errorf("not valid JSON: unexpected %q", c))
		}
		e.advance(1)
		return
	}
	// After a damaged value its own lines follow: they are no inputs of their own.
	if !e.mending || e.column() == 0 && rest[0] != '"' {
		if e.rubbish != line {
			e.bad(line, errors.New("not JSON"))
		}
		e.rubbish = line
	}
	if n := bytes.IndexAny(rest[1:], "\n\x00{,]"); n >= 0 && len(e.arrays) > 0 {
		e.advance(1 + n)
		e.comma = true
		return
	}
	e.nextLine()
}

var errInvalid = errors.New("not valid JSON")

// column returns the number of bytes of the line before the next byte, if they are in the
// window. Callers distinguish only 0 from other values.
func (e *reader) column() int {
	if e.pos == 0 || e.buf[e.pos-1] == '\n' || e.buf[e.pos-1] == 0 {
		return 0
	}
	return 1
}

// nextLine passes over the rest of the line, and over lines that begin no value. A
// zero ends a line too: after a crash, files have zeros in place of the end.
func (e *reader) nextLine() {
	for {
		rest := e.rest()
		if i := bytes.IndexAny(rest, "\n\x00"); i >= 0 {
			e.advance(i + 1)
			return
		}
		e.advance(len(rest))
		if !e.more() {
			return
		}
	}
}

// tooLong reports a value that is longer than any event, and passes over its line.
func (e *reader) tooLong() {
	e.bad(e.line, fmt.Errorf("the value is over %d MiB", max(1, e.most>>20)))
	e.mending, e.comma = true, true
	e.nextLine()
}

// mend reports a value that is invalid from an offset on, and finds the position at which
// to continue. If its brackets match, that is the end of the value. Otherwise, it is the
// next line that starts a value. A line that starts a value at the left margin also ends
// a value, because a record begins there.
func (e *reader) mend(fault int, err error) {
	// Damaged values that lie in each other could be read again and again.
	again := e.rescanned <= 4*e.read+e.most
	if again {
		end, closed := e.extent()
		if e.err == errStopped {
			return
		}
		if e.rescanned += fault + end; closed {
			e.bad(e.line, errInvalid)
			e.advance(end)
			e.comma = true
			return
		}
	}
	e.bad(e.line, err)
	if n := len(e.arrays); n > 0 {
		e.arrays[n-1].faulty = true
	}
	e.mending, e.comma = true, true
	if !again {
		e.advance(min(fault, len(e.rest())))
	}
	e.nextLine()
}

// extent returns the length of the damaged object at the beginning of the window by
// its brackets. It reports false if they do not match, or a string has no end.
func (e *reader) extent() (end int, closed bool) {
	var open []byte
	inText, escaped, margin := false, false, false
	for i := 0; ; i++ {
		for i >= len(e.rest()) {
			if !e.more() {
				return i, false
			}
		}
		c := e.rest()[i]
		if i > e.most {
			return i, false
		}
		switch {
		case c == '\n' && inText, c == 0:
			return i, false
		case escaped:
			escaped = false
		case inText:
			inText = c != '"'
			escaped = c == '\\'
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			if margin || len(open) == maxArrays {
				return i, false
			}
			open = append(open, c+2) // the closing bracket's code
		case c == '}' || c == ']':
			if open[len(open)-1] != c {
				return i, false
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1, true
			}
		}
		margin = c == '\n'
	}
}
