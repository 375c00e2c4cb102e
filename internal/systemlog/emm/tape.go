package emm

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// A tape is a parsed JSON document: a flat list of its values in their order, each with the index
// of the next value outside it. It stores only names and positions, because most members of an
// event are not needed.
type tape struct {
	doc   string // the bytes of the event, which belong to the caller again after free
	nodes []node
}

type node struct {
	name   string // name of a member; "" in an array
	lo, hi int32  // start and end of the value
	next   int32  // index of the value after this one and its children
}

var tapes = sync.Pool{New: func() any { return new(tape) }}

// readTape returns the tape of one JSON object, or nil for other bytes. The caller must free it.
func readTape(doc []byte) *tape {
	if len(doc) > math.MaxInt32-1 {
		return nil
	}
	t := tapes.Get().(*tape)
	t.doc = unsafe.String(unsafe.SliceData(doc), len(doc))
	if p := jsonscan.New(t.doc); p.Peek() == '{' {
		if t.read(p, ""); p.Err() == nil {
			return t
		}
	}
	t.free()
	return nil
}

// read adds the next value with its members and elements.
func (t *tape) read(p *jsonscan.Scanner, name string) {
	opens, at := p.Peek(), len(t.nodes)
	t.nodes = append(t.nodes, node{name: name, lo: int32(p.Offset())})
	switch {
	case opens == '{' && p.Enter('{'):
		for name, ok := p.Key(); ok; name, ok = p.Key() {
			t.read(p, name)
		}
	case opens == '[' && p.Enter('['):
		for p.Element() {
			t.read(p, "")
		}
	default:
		p.Skip()
	}
	t.nodes[at].hi, t.nodes[at].next = int32(p.Offset()), int32(len(t.nodes))
}

// maxKept limits the positions that a tape keeps for the next event, so that one large event does not
// keep its memory.
const maxKept = 1 << 14

func (t *tape) free() {
	clear(t.nodes) // the names are parts of the document
	t.doc, t.nodes = "", t.nodes[:0]
	if cap(t.nodes) > maxKept {
		t.nodes = nil
	}
	tapes.Put(t)
}

// none is the index of an absent value.
const none = -1

// member returns the value with that name in the object at, or none. The last of several members
// with one name counts, as in encoding/json.
func (t *tape) member(at int, name string) int {
	found := none
	for i := range t.children(at, '{') {
		if t.nodes[i].name == name {
			found = i
		}
	}
	return found
}

// children iterates over the values in the object or array at. It yields no value if the value at
// does not begin with open.
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

func (t *tape) first(at int) byte { return t.doc[t.nodes[at].lo] }

// raw returns the bytes of the value at.
func (t *tape) raw(at int) string { return t.doc[t.nodes[at].lo:t.nodes[at].hi] }

// copied returns a copy of the bytes of the value at, in valid UTF-8.
func (t *tape) copied(at int) json.RawMessage {
	return json.RawMessage(strings.ToValidUTF8(t.raw(at), "\uFFFD"))
}

// string returns a copy of the string at, or "" if the value is not a string.
func (t *tape) string(at int) string {
	if at == none {
		return ""
	}
	return strings.Clone(jsonscan.New(t.raw(at)).Text())
}
