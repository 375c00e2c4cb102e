package ecs

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// A writer appends a JSON object member by member. What is empty leaves no trace.
type writer struct{ b []byte }

// name begins the member that quoted, a quoted name with its colon, names.
func (w *writer) name(quoted string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, quoted...)
}

// open begins a member that is an object, and returns what close needs.
func (w *writer) open(quoted string) int {
	mark := len(w.b)
	w.name(quoted)
	w.b = append(w.b, '{')
	return mark
}

// close ends the object that open began, and takes it back if it stayed empty.
func (w *writer) close(mark int) {
	if w.b[len(w.b)-1] == '{' {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, '}')
}

func (w *writer) text(quoted, v string) {
	if v != "" {
		w.name(quoted)
		w.b = appendQuoted(w.b, v)
	}
}

func (w *writer) list(quoted string, v []string) {
	if len(v) == 0 {
		return
	}
	w.name(quoted)
	for i, s := range v {
		w.b = append(w.b, "[,"[min(i, 1)])
		w.b = appendQuoted(w.b, s)
	}
	w.b = append(w.b, ']')
}

// float writes as encoding/json does. A number without a JSON form becomes null.
func (w *writer) float(quoted string, f float64) {
	w.name(quoted)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.b = append(w.b, "null"...)
		return
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	w.b = strconv.AppendFloat(w.b, f, format, -1, 64)
	if n := len(w.b); format == 'e' && w.b[n-4] == 'e' && w.b[n-3] == '-' && w.b[n-2] == '0' {
		w.b[n-2] = w.b[n-1]
		w.b = w.b[:n-1]
	}
}

// dirty marks the bytes that a JSON string cannot hold as they are.
var dirty = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as encoding/json writes it without escaping for HTML.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if !dirty[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[from:i]...)
			b = appendEscaped(b, c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(append(b, s[from:i]...), `\ufffd`...)
			from = i + 1
		case r == '\u2028' || r == '\u2029':
			b = append(append(b, s[from:i]...), `\u202`...)
			b = append(b, hexDigits[r&0xF])
			from = i + n
		}
		i += n
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
	}
}
