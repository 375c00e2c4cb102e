package jsonscan

import "math/bits"

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
			return closed(s, i, '}')
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
			return closed(s, i, ']')
		}
		i = gap(s, i+1)
	}
}

func closed(s string, i int, closing byte) (end int, ok bool) {
	if i >= len(s) || s[i] != closing {
		return i, false
	}
	return i + 1, true
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
		i = ordinary(s, i)
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

// ordinary returns the offset of the first byte from i on that cannot stand for
// itself within a string literal: a quote, a backslash or a control character.
// It looks at eight bytes at a time: x-ones has the high bit of a byte set that is
// 0 in x, and of others only above such a one, or where x has it set itself.
func ordinary(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := eight(s, i)
		quote, backslash := w^'"'*ones, w^'\\'*ones
		found := ((w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// ordinaryASCII is ordinary, and reports whether it passed a byte that is not ASCII.
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
