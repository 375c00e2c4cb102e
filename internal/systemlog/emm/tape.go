package emm

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"unicode/utf8"
)

// A tape is a JSON document read once: a flat list of its values in their order,
// each with the index of the one that follows it and all it holds. It is as strict as
// encoding/json, and keeps nothing but positions: an event is mostly members that
// nobody asks for.
type tape struct {
	doc   []byte
	nodes []node
}

type node struct {
	keyLo, keyHi int32 // the member's name without its quotes; empty in an array
	lo, hi       int32 // the value
	next         int32 // index of the value after this one and its children
}

var tapes = sync.Pool{New: func() any { return new(tape) }}

// readTape returns nil for what is not one whole JSON object. What it returns is to
// be given back with free.
func readTape(doc []byte) *tape {
	if len(doc) > math.MaxInt32-1 {
		return nil
	}
	t := tapes.Get().(*tape)
	t.doc, t.nodes = doc, t.nodes[:0]
	i := t.space(0)
	if i < len(doc) && doc[i] == '{' {
		if end := t.value(i, 0); end >= 0 && t.space(end) == len(doc) {
			return t
		}
	}
	t.free()
	return nil
}

// most is how many positions a tape may keep for the next event: one huge event must
// not hold its memory for ever.
const most = 1 << 14

func (t *tape) free() {
	t.doc = nil
	if cap(t.nodes) > most {
		t.nodes = nil
	}
	tapes.Put(t)
}

// deepest is how deep encoding/json goes too.
const deepest = 10000

func (t *tape) space(i int) int {
	for i < len(t.doc) && (t.doc[i] == ' ' || t.doc[i] == '\n' || t.doc[i] == '\t' || t.doc[i] == '\r') {
		i++
	}
	return i
}

// value reads the value at i and returns where it ends, or -1.
func (t *tape) value(i, depth int) int {
	if i >= len(t.doc) {
		return -1
	}
	at := len(t.nodes)
	t.nodes = append(t.nodes, node{lo: int32(i)})
	end := -1
	switch c := t.doc[i]; {
	case c == '{' || c == '[':
		if depth < deepest {
			end = t.inside(i, c, depth+1)
		}
	case c == '"':
		end = t.text(i)
	case c == '-' || c >= '0' && c <= '9':
		end = t.number(i)
	case c == 't':
		end = t.word(i, "true")
	case c == 'f':
		end = t.word(i, "false")
	case c == 'n':
		end = t.word(i, "null")
	}
	if end >= 0 {
		t.nodes[at].hi, t.nodes[at].next = int32(end), int32(len(t.nodes))
	}
	return end
}

// inside reads the members of an object or the items of an array that opens at i.
func (t *tape) inside(i int, open byte, depth int) int {
	end := open + 2 // { and } are two apart, and so are [ and ]
	i = t.space(i + 1)
	if i < len(t.doc) && t.doc[i] == end {
		return i + 1
	}
	for {
		keyLo, keyHi := 0, 0
		if open == '{' {
			if i >= len(t.doc) || t.doc[i] != '"' {
				return -1
			}
			keyLo = i + 1
			if i = t.text(i); i < 0 {
				return -1
			}
			keyHi = i - 1
			if i = t.space(i); i >= len(t.doc) || t.doc[i] != ':' {
				return -1
			}
			i = t.space(i + 1)
		}
		at := len(t.nodes)
		if i = t.value(i, depth); i < 0 {
			return -1
		}
		t.nodes[at].keyLo, t.nodes[at].keyHi = int32(keyLo), int32(keyHi)
		if i = t.space(i); i >= len(t.doc) {
			return -1
		}
		switch t.doc[i] {
		case end:
			return i + 1
		case ',':
			i = t.space(i + 1)
		default:
			return -1
		}
	}
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return set
}()

func (t *tape) text(i int) int {
	doc := t.doc
	for i++; i < len(doc); i++ {
		c := doc[i]
		if plain[c] {
			continue
		}
		switch {
		case c == '"':
			return i + 1
		case c != '\\':
			return -1
		}
		if i++; i >= len(doc) {
			return -1
		}
		switch doc[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			for range 4 {
				if i++; i >= len(doc) || !hex(doc[i]) {
					return -1
				}
			}
		default:
			return -1
		}
	}
	return -1
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (t *tape) number(i int) int {
	if t.doc[i] == '-' {
		i++
	}
	if i < len(t.doc) && t.doc[i] == '0' {
		i++
	} else if i = t.digits(i); i < 0 {
		return -1
	}
	if i < len(t.doc) && t.doc[i] == '.' {
		if i = t.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(t.doc) && (t.doc[i] == 'e' || t.doc[i] == 'E') {
		i++
		if i < len(t.doc) && (t.doc[i] == '+' || t.doc[i] == '-') {
			i++
		}
		return t.digits(i)
	}
	return i
}

// digits reads one digit at least.
func (t *tape) digits(i int) int {
	from := i
	for i < len(t.doc) && t.doc[i] >= '0' && t.doc[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}

func (t *tape) word(i int, word string) int {
	if len(t.doc)-i < len(word) || string(t.doc[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// none is the place of a value that is not there.
const none = -1

// member returns the value of that name in the object at, or none. Of two with one
// name the last counts, as encoding/json has it.
func (t *tape) member(at int, name string) int {
	found := none
	for i := range t.children(at, '{') {
		if t.named(i, name) {
			found = i
		}
	}
	return found
}

// children goes over the values in the object or array at; over none if it is not
// what opens with open.
func (t *tape) children(at int, open byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if at == none || t.first(at) != open {
			return
		}
		for i := at + 1; i < int(t.nodes[at].next); i = int(t.nodes[i].next) {
			if !yield(i) {
				return
			}
		}
	}
}

func (t *tape) named(at int, name string) bool {
	key := t.doc[t.nodes[at].keyLo:t.nodes[at].keyHi]
	if string(key) == name {
		return true
	}
	return bytes.IndexByte(key, '\\') >= 0 && t.key(at) == name
}

// key returns the name of the member at, decoded.
func (t *tape) key(at int) string {
	n := t.nodes[at]
	if n.keyLo == 0 {
		return ""
	}
	return decode(t.doc[n.keyLo-1 : n.keyHi+1])
}

func (t *tape) first(at int) byte { return t.doc[t.nodes[at].lo] }

// raw returns the bytes of the value at, in the document.
func (t *tape) raw(at int) []byte { return t.doc[t.nodes[at].lo:t.nodes[at].hi] }

// copied returns the bytes of the value at, apart from the document and valid UTF-8.
func (t *tape) copied(at int) json.RawMessage {
	raw := t.raw(at)
	if utf8.Valid(raw) {
		return bytes.Clone(raw)
	}
	return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
}

// string returns the string at; "" for what is not one.
func (t *tape) string(at int) string {
	if at == none || t.first(at) != '"' {
		return ""
	}
	return decode(t.raw(at))
}

func decode(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		var s string
		if json.Unmarshal(quoted, &s) == nil {
			return s
		}
	}
	if utf8.Valid(inner) {
		return string(inner)
	}
	return strings.ToValidUTF8(string(inner), "\uFFFD")
}
