package terminal

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printable reports whether a terminal shows r as itself. Controls, bidi controls,
// separators, zero-width characters, private use, tags and unassigned code points are
// not printable.
func printable(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != '\u034f'
}

// appendPrintable appends text to dst and escapes every character that is not printable as
// in JSON: \u202e. JSON therefore stays valid and keeps its value. An invalid byte becomes
// \ufffd. Line breaks and tabs stay. Colors after mark stay too, unless mark is "".
func appendPrintable(dst, text []byte, mark string) []byte {
	for i := 0; i < len(text); {
		from := i
		for i < len(text) && (text[i] >= ' ' && text[i] < 0x7f || text[i] == '\n' || text[i] == '\t') {
			i++
		}
		dst = append(dst, text[from:i]...)
		if i == len(text) {
			break
		}
		if mark != "" && text[i] == mark[0] && bytes.HasPrefix(text[i:], []byte(mark)) {
			dst = append(dst, "\x1b["...)
			i += len(mark)
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || !printable(r) {
			dst = appendEscape(dst, r)
		} else {
			dst = append(dst, text[i:i+size]...)
		}
		i += size
	}
	return dst
}

func appendEscape(dst []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// OneLine returns s with every character escaped that is not printable. Line breaks and tabs
// are escaped too: they would break a table or forge a line.
func OneLine(s string) string {
	b := appendPrintable(nil, []byte(s), "")
	b = bytes.ReplaceAll(b, []byte("\n"), []byte(`\n`))
	return string(bytes.ReplaceAll(b, []byte("\t"), []byte(`\t`)))
}

// whole splits text before an unfinished character or mark at its end. The next write
// completes it.
func whole(text []byte, mark string) (now, later []byte) {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-n], last
			}
			break
		}
	}
	if mark == "" {
		return text, nil
	}
	if i := bytes.LastIndexByte(text, mark[0]); i >= 0 && len(text)-i < len(mark) && bytes.HasPrefix([]byte(mark), text[i:]) {
		return text[:i], text[i:]
	}
	return text, nil
}
