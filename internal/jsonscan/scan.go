// Package jsonscan reads JSON texts from front to back without building anything of
// them: what a stream of events needs that is mostly passed on as it came.
package jsonscan

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"
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

// fail remembers a fault and leaves i where the fault is. Nothing is read after it.
func (p *Scanner) fail() bool {
	p.failed, p.s = true, p.s[:p.i]
	return false
}

// Peek returns the first byte of the next value, 0 at the end.
func (p *Scanner) Peek() byte {
	if p.i = gap(p.s, p.i); p.i >= len(p.s) {
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
	if name, ok := p.plainKey(); ok {
		return name, true
	}
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

// Members enters the next value if it is an object, and returns the names of its members. Any
// other value is skipped. A member whose value the loop does not read is skipped too. The loop
// must not end early.
func (p *Scanner) Members() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !p.Enter('{') {
			return
		}
		for name, ok := p.Key(); ok; name, ok = p.Key() {
			if at := p.i; yield(name) && p.i == at {
				p.Skip()
			}
		}
	}
}

// plainKey is Key for a name that is written without white space around it, without
// escapes and in ASCII, as nearly all are. Otherwise it reads nothing.
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
	end, high := ordinaryASCII(s, i+1)
	if high || end+1 >= len(s) || s[end] != '"' || s[end+1] != ':' {
		return "", false
	}
	p.i, p.first = end+2, false
	return s[i+1 : end], true
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

// Literal returns the next value as a string literal, quotes included, and "" for an
// empty string. It reports false, and reads nothing, if the value is not a string. The
// literal is valid JSON in UTF-8: faulty UTF-8 and half surrogate pairs become U+FFFD.
func (p *Scanner) Literal() (literal string, ok bool) {
	s, from := p.s, p.i
	if from >= len(s) || s[from] != '"' {
		if p.Peek() != '"' {
			return "", false
		}
		from = p.i
	}
	end, high := ordinaryASCII(s, from+1)
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

// Raw returns the text of the next value, of any kind.
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
	end, ok := pass(p.s, gap(p.s, p.i), p.depth)
	if p.i = end; !ok {
		p.fail()
	}
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

// pass returns the offset behind the value that begins at i, and whether it is one;
// if not, the offset is where it stops being one. depth is how many values it lies
// in. Most of a stream is passed over, so nothing here is slower than it must be.
func pass(s string, i, depth int) (end int, ok bool) {
	if i >= len(s) {
		return i, false
	}
	switch s[i] {
	case '"':
		return passString(s, i)
	case '{':
		return passObject(s, i, depth+1)
	case '[':
		return passArray(s, i, depth+1)
	case 'n':
		return passWord(s, i, "null")
	case 't':
		return passWord(s, i, "true")
	case 'f':
		return passWord(s, i, "false")
	}
	return passNumber(s, i)
}

func passObject(s string, i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	if i = gap(s, i+1); i < len(s) && s[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return i, false
		}
		if i, ok = passString(s, i); !ok {
			return i, false
		}
		if i = gap(s, i); i >= len(s) || s[i] != ':' {
			return i, false
		}
		if i, ok = pass(s, gap(s, i+1), depth); !ok {
			return i, false
		}
		if i = gap(s, i); i >= len(s) || s[i] != ',' {
			return passWord(s, i, "}")
		}
		i = gap(s, i+1)
	}
}

func passArray(s string, i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	if i = gap(s, i+1); i < len(s) && s[i] == ']' {
		return i + 1, true
	}
	for {
		if i, ok = pass(s, i, depth); !ok {
			return i, false
		}
		if i = gap(s, i); i >= len(s) || s[i] != ',' {
			return passWord(s, i, "]")
		}
		i = gap(s, i+1)
	}
}

// gap returns the offset of the first byte from i on that is no white space.
func gap(s string, i int) int {
	if i < len(s) && s[i] > ' ' {
		return i
	}
	return wideGap(s, i)
}

func wideGap(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func passString(s string, i int) (end int, ok bool) {
	for i++; ; {
		i, _ = ordinaryASCII(s, i)
		if i < len(s) && s[i] == '"' {
			return i + 1, true
		}
		n := escape(s[i:])
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

// ordinaryASCII returns the offset of the first byte from i on that cannot represent itself
// within a string literal: a quote, a backslash or a control character. It also reports whether
// it passed a byte that is not ASCII. It looks at eight bytes at a time: x-ones has the high bit
// of each byte set that is 0 in x. It has the high bit of another byte set only above such a
// byte, or if x has it set.
func ordinaryASCII(s string, i int) (end int, high bool) {
	var wide uint64
	for ; i+8 <= len(s); i += 8 {
		w := eight(s, i)
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

// eight returns the eight bytes from i on, the first one lowest.
func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func passWord(s string, i int, word string) (end int, ok bool) {
	if len(s)-i < len(word) || s[i:i+len(word)] != word {
		return i, false
	}
	return i + len(word), true
}

func passNumber(s string, i int) (end int, ok bool) {
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if i, ok = digits(s, i); !ok {
		return i, false
	}
	if i < len(s) && s[i] == '.' {
		if i, ok = digits(s, i+1); !ok {
			return i, false
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		return digits(s, i)
	}
	return i, true
}

func digits(s string, i int) (end int, ok bool) {
	from := i
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i, i > from
}
