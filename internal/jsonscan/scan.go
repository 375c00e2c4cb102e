// Package jsonscan scans JSON text without building values. It suits streams of events that are
// mostly passed on unchanged.
package jsonscan

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// MaxDepth is the maximum nesting of values. encoding/json has the same limit, so both accept the
// same documents.
const MaxDepth = 10_000

// A Scanner reads one JSON text from the beginning to the end, member by member. It accepts the
// same texts as [encoding/json.Valid]. After the first syntax error every call fails, so callers
// check [Scanner.Err] only once, at the end.
type Scanner struct {
	s      string
	i      int
	depth  int
	first  bool // the next member or element is the first one of its parent
	failed bool
}

// New returns a scanner of s.
func New(s string) *Scanner { return &Scanner{s: s} }

// Offset returns the offset of the next byte to read.
func (p *Scanner) Offset() int { return p.i }

// Failed reports whether the scanner has found a syntax error.
func (p *Scanner) Failed() bool { return p.failed }

// Err returns nil if the text is exactly one JSON value and the scanner has read all of it.
// Otherwise the error names the offset of the first byte that is invalid or unread.
func (p *Scanner) Err() error {
	if p.Peek(); p.failed || p.i < len(p.s) {
		return fmt.Errorf("not valid JSON at byte %d", p.i)
	}
	return nil
}

// fail records a syntax error at offset i. It truncates the text there, so that later calls read
// nothing. It returns false.
func (p *Scanner) fail() bool {
	p.failed, p.s = true, p.s[:p.i]
	return false
}

// Peek returns the first byte of the next value without reading it, 0 at the end of the text.
func (p *Scanner) Peek() byte {
	if p.i = skipSpace(p.s, p.i); p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// Enter enters the next value if its first byte is open, which must be '{' or '['. Enter skips any
// other value and returns false.
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

// atEnd reads the closing byte of an object or array and returns true, or moves to the next member
// or element and returns false. It also returns true after a syntax error.
func (p *Scanner) atEnd(closing byte) bool {
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

// Key returns the name of the object's next member. It returns false after the last member. The
// caller must read or skip the value before the next call.
func (p *Scanner) Key() (string, bool) {
	if name, ok := p.plainKey(); ok {
		return name, true
	}
	if p.atEnd('}') {
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

// Members enters the next value if it is an object, and returns the names of its members. Any
// other value is skipped. A member whose value the loop does not read is skipped too. The loop
// must not end early.
func (p *Scanner) Members() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !p.Enter('{') {
			return
		}
		for name, ok := p.Key(); ok; name, ok = p.Key() {
			if start := p.i; yield(name) && p.i == start {
				p.Skip()
			}
		}
	}
}

// plainKey is a fast path of Key for ASCII names without escapes and without white space around
// them. Nearly all names are like this. For any other name it reads nothing and returns false.
func (p *Scanner) plainKey() (name string, ok bool) {
	s, i := p.s, p.i
	if !p.first {
		if i >= len(s) || s[i] != ',' {
			return "", false
		}
		i++
	}
	if i >= len(s) || s[i] != '"' {
		return "", false
	}
	end, high := skipPlain(s, i+1)
	if high || end+1 >= len(s) || s[end] != '"' || s[end+1] != ':' {
		return "", false
	}
	p.i, p.first = end+2, false
	return s[i+1 : end], true
}

// Element reports whether the array has another element. The caller must read or skip the element
// before the next call.
func (p *Scanner) Element() bool { return !p.atEnd(']') && !p.failed }

// Text reads the next value. It returns the value of a string, and "" for any other value.
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

// Scalar reads the next value. It returns the text of a number, true or false, and "" for any other
// value.
func (p *Scanner) Scalar() string {
	c := p.Peek()
	from := p.i
	p.Skip()
	if p.failed || c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' {
		return ""
	}
	return p.s[from:p.i]
}

// TextOrScalar reads the next value. It returns the value of a string, the text of a number, true
// or false, and "" for any other value.
func (p *Scanner) TextOrScalar() string {
	if p.Peek() == '"' {
		return p.Text()
	}
	return p.Scalar()
}

// Literal reads the next value and returns it as a string literal with its quotes. An empty string
// is returned as "". If the value is not a string, Literal reads nothing and returns false. The
// literal is valid JSON: U+FFFD replaces invalid UTF-8 and unpaired surrogates.
func (p *Scanner) Literal() (literal string, ok bool) {
	s, from := p.s, p.i
	if from >= len(s) || s[from] != '"' {
		if p.Peek() != '"' {
			return "", false
		}
		from = p.i
	}
	end, high := skipPlain(s, from+1)
	if !high && end < len(s) && s[end] == '"' {
		if p.i = end + 1; end == from+1 {
			return "", true
		}
		return s[from:p.i], true
	}
	inner, plain := p.literal()
	if p.failed || inner == "" {
		return "", true
	}
	if !plain && (strings.Contains(inner, `\u`) || !utf8.ValidString(inner)) {
		return string(AppendQuoted(nil, unquote(inner))), true
	}
	return s[from:p.i], true
}

// Raw reads the next value, of any kind, and returns its text.
func (p *Scanner) Raw() string {
	p.Peek()
	from := p.i
	p.Skip()
	if p.failed {
		return ""
	}
	return p.s[from:p.i]
}

// Skip skips the next value, of any kind.
func (p *Scanner) Skip() {
	if p.failed {
		return
	}
	end, ok := skipValue(p.s, skipSpace(p.s, p.i), p.depth)
	if p.i = end; !ok {
		p.fail()
	}
}

// literal reads a string literal and returns the text between its quotes. plain reports whether
// this text is the value of the string, without escapes and invalid UTF-8.
func (p *Scanner) literal() (inner string, plain bool) {
	s, from := p.s, p.i+1
	plain = true
	high := false
	for i := from; ; {
		end, wide := skipPlain(s, i)
		i, high = end, high || wide
		if i < len(s) && s[i] == '"' {
			inner, p.i = s[from:i], i+1
			return inner, plain && (!high || utf8.ValidString(inner))
		}
		n := escapeLen(s[i:])
		if n == 0 {
			p.i = i
			return "", p.fail()
		}
		plain = false
		i += n
	}
}

// skipValue returns the offset after the value that begins at i. If the value is invalid, it
// returns the offset of the syntax error and false. depth is the number of objects and arrays
// around the value. Most of a stream is skipped, so skipValue and its helpers are optimized.
func skipValue(s string, i, depth int) (end int, ok bool) {
	if i >= len(s) {
		return i, false
	}
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{':
		return skipObject(s, i, depth+1)
	case '[':
		return skipArray(s, i, depth+1)
	case 'n':
		return skipWord(s, i, "null")
	case 't':
		return skipWord(s, i, "true")
	case 'f':
		return skipWord(s, i, "false")
	}
	return skipNumber(s, i)
}

func skipObject(s string, i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	if i = skipSpace(s, i+1); i < len(s) && s[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return i, false
		}
		if i, ok = skipString(s, i); !ok {
			return i, false
		}
		if i = skipSpace(s, i); i >= len(s) || s[i] != ':' {
			return i, false
		}
		if i, ok = skipValue(s, skipSpace(s, i+1), depth); !ok {
			return i, false
		}
		if i = skipSpace(s, i); i >= len(s) || s[i] != ',' {
			return skipWord(s, i, "}")
		}
		i = skipSpace(s, i+1)
	}
}

func skipArray(s string, i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	if i = skipSpace(s, i+1); i < len(s) && s[i] == ']' {
		return i + 1, true
	}
	for {
		if i, ok = skipValue(s, i, depth); !ok {
			return i, false
		}
		if i = skipSpace(s, i); i >= len(s) || s[i] != ',' {
			return skipWord(s, i, "]")
		}
		i = skipSpace(s, i+1)
	}
}

// skipSpace returns the offset of the first byte from i on that is not white space. It is small
// enough to be inlined.
func skipSpace(s string, i int) int {
	if i < len(s) && s[i] > ' ' {
		return i
	}
	return skipSpaces(s, i)
}

// skipSpaces is the slow path of skipSpace.
func skipSpaces(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func skipString(s string, i int) (end int, ok bool) {
	for i++; ; {
		i, _ = skipPlain(s, i)
		if i < len(s) && s[i] == '"' {
			return i + 1, true
		}
		n := escapeLen(s[i:])
		if n == 0 {
			return i, false
		}
		i += n
	}
}

const (
	ones  = 0x0101010101010101 // 1 in each of eight bytes
	highs = 0x80 * ones
)

// skipPlain returns the offset of the first byte from i on that ends a string literal or must be
// escaped in it: a quote, a backslash or a control character. It also reports whether it skipped a
// byte that is not ASCII.
//
// It tests eight bytes at a time. If a byte of x is 0, x-ones sets the high bit of this byte. The
// subtraction can also set the high bit of a higher byte, and of a byte whose high bit x has set.
// Neither matters: the lowest set bit decides, and &^x removes the high bits of x.
func skipPlain(s string, i int) (end int, high bool) {
	var wide uint64
	for ; i+8 <= len(s); i += 8 {
		w := load64(s, i)
		quote, backslash := w^'"'*ones, w^'\\'*ones
		found := ((w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs
		if found != 0 {
			n := bits.TrailingZeros64(found) / 8
			return i + n, (wide|w&(1<<(8*n)-1))&highs != 0
		}
		wide |= w
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		wide |= uint64(s[i])
		i++
	}
	return i, wide&highs != 0
}

// load64 returns the eight bytes from i on as a little-endian integer.
func load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func skipWord(s string, i int, word string) (end int, ok bool) {
	if len(s)-i < len(word) || s[i:i+len(word)] != word {
		return i, false
	}
	return i + len(word), true
}

func skipNumber(s string, i int) (end int, ok bool) {
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if i, ok = skipDigits(s, i); !ok {
		return i, false
	}
	if i < len(s) && s[i] == '.' {
		if i, ok = skipDigits(s, i+1); !ok {
			return i, false
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		return skipDigits(s, i)
	}
	return i, true
}

func skipDigits(s string, i int) (end int, ok bool) {
	from := i
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i, i > from
}
