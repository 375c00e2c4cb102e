// Package jsonscan reads JSON texts from front to back without building anything of
// them: what a stream of events needs that is mostly passed on as it came.
package jsonscan

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how far values may nest: the limit of encoding/json, so that both
// read the same documents.
const MaxDepth = 10_000

// A Scanner reads one JSON text from front to back, member by member. It accepts
// exactly what [encoding/json.Valid] accepts. After the first fault every call
// fails, so callers ask for [Scanner.Err] once, at the end.
type Scanner struct {
	s      string
	i      int
	depth  int
	first  bool // the next member or element is the first of its parent
	failed bool
}

// New returns a scanner at the beginning of s.
func New(s string) *Scanner { return &Scanner{s: s} }

// Offset is the byte that is read next.
func (p *Scanner) Offset() int { return p.i }

// Failed reports whether what was read so far is no JSON.
func (p *Scanner) Failed() bool { return p.failed }

// Err returns an error that names the byte at which the text stops being one JSON
// value with nothing behind it, nil if it is one and has been read whole.
func (p *Scanner) Err() error {
	if p.Peek(); p.failed || p.i < len(p.s) {
		return fmt.Errorf("not valid JSON at byte %d", p.i)
	}
	return nil
}

// fail remembers a fault and leaves i where it was found.
func (p *Scanner) fail() bool {
	p.failed = true
	return false
}

// Peek returns the first byte of the next value, 0 at the end.
func (p *Scanner) Peek() byte {
	if p.i < len(p.s) && p.s[p.i] > ' ' && !p.failed {
		return p.s[p.i]
	}
	return p.widePeek()
}

func (p *Scanner) widePeek() byte {
	p.i = wideGap(p.s, p.i)
	if p.failed || p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// Enter goes into the next value if it begins with open, '{' or '['. Any other
// value is passed over.
func (p *Scanner) Enter(open byte) bool {
	if p.Peek() != open {
		p.Skip()
		return false
	}
	if p.depth++; p.depth > MaxDepth {
		return p.fail()
	}
	p.i++
	p.first = true
	return true
}

// leave ends the object or array that close ends, or goes to its next part.
func (p *Scanner) leave(closing byte) bool {
	c := p.Peek()
	if c == closing {
		p.i++
		p.depth--
		p.first = false
		return true
	}
	if !p.first {
		if c != ',' {
			p.fail()
			return true
		}
		p.i++
	}
	p.first = false
	return false
}

// Key returns the name of the object's next member, false after the last. The
// member's value must be read or skipped before the next call.
func (p *Scanner) Key() (string, bool) {
	if p.leave('}') {
		return "", false
	}
	if p.Peek() != '"' {
		return "", p.fail()
	}
	name, plain := p.literal()
	if p.Peek() != ':' {
		return "", p.fail()
	}
	p.i++
	if !plain {
		name = unquote(name)
	}
	return name, !p.failed
}

// Element reports whether the array has another element, which must be read or
// skipped before the next call.
func (p *Scanner) Element() bool { return !p.leave(']') && !p.failed }

// Text returns the next value if it is a string, and "" for any other.
func (p *Scanner) Text() string {
	if p.Peek() != '"' {
		p.Skip()
		return ""
	}
	s, plain := p.literal()
	if p.failed {
		return ""
	}
	if plain {
		return s
	}
	return unquote(s)
}

// Scalar returns the next value as it is written if it is a number, true or
// false, and "" for any other.
func (p *Scanner) Scalar() string {
	c := p.Peek()
	from := p.i
	p.Skip()
	if p.failed || c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' {
		return ""
	}
	return p.s[from:p.i]
}

// Loose returns the next value without its quotes if it is a string, number or
// boolean, and "" for any other.
func (p *Scanner) Loose() string {
	if p.Peek() == '"' {
		return p.Text()
	}
	return p.Scalar()
}

// Literal returns the next value as a string literal, quotes included, if it is a
// string that is not empty, and "" for any other value. The literal is valid JSON in
// UTF-8: faulty UTF-8 and half surrogate pairs have become U+FFFD.
func (p *Scanner) Literal() string {
	if p.Peek() != '"' {
		p.Skip()
		return ""
	}
	from := p.i
	inner, plain := p.literal()
	if p.failed || inner == "" {
		return ""
	}
	if !plain && (strings.Contains(inner, `\u`) || !utf8.ValidString(inner)) {
		return string(AppendQuoted(nil, unquote(inner)))
	}
	return p.s[from:p.i]
}

// Unquoted returns the string that a literal of [Scanner.Literal] stands for, and ""
// for "".
func Unquoted(literal string) string {
	if literal == "" {
		return ""
	}
	inner := literal[1 : len(literal)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unquote(inner)
}

// Raw returns the next value as it is written, whatever it is.
func (p *Scanner) Raw() string {
	p.Peek()
	from := p.i
	p.Skip()
	if p.failed {
		return ""
	}
	return p.s[from:p.i]
}

// Skip passes over the next value, whatever it is.
func (p *Scanner) Skip() {
	if p.failed {
		return
	}
	end, ok := pass(p.s, gap(p.s, p.i), p.depth)
	p.i, p.failed = end, !ok
}

// literal reads a string literal and returns what is between its quotes; plain
// tells that this is the string itself, without escapes and bad UTF-8.
func (p *Scanner) literal() (inner string, plain bool) {
	s, from := p.s, p.i+1
	plain = true
	high := false
	for i := from; ; {
		end, wide := ordinaryASCII(s, i)
		i, high = end, high || wide
		if i < len(s) && s[i] == '"' {
			inner, p.i = s[from:i], i+1
			return inner, plain && (!high || utf8.ValidString(inner))
		}
		n := escape(s[i:])
		if n == 0 {
			p.i = i
			return "", p.fail()
		}
		plain = false
		i += n
	}
}

// escape returns the length of the escape that s begins with, 0 if there is none.
func escape(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads an escape of the form \uXXXX.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquote resolves the escapes of a checked literal. What is not UTF-8, or half a
// surrogate pair, becomes U+FFFD, as with encoding/json.
func unquote(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && s[i+1] != 'u':
			b.WriteByte(short[s[i+1]])
			i += 2
		case c == '\\':
			r, _ := hex4(s[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				low, ok := hex4(s[i:])
				if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
					i += 6
				}
			}
			b.WriteRune(r)
		case c < utf8.RuneSelf:
			b.WriteByte(c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(r)
			i += n
		}
	}
	return b.String()
}
