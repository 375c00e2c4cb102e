package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendQuoted appends s as a JSON string literal: as encoding/json writes it without
// escaping for HTML.
func AppendQuoted(b []byte, s string) []byte {
	if end, high := ordinaryASCII(s, 0); end == len(s) && !high {
		return append(append(append(b, '"'), s...), '"')
	}
	out := bytes.NewBuffer(b)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always has a literal
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
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
