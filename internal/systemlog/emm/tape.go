package emm

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// A tape is a JSON document read once: a flat list of its values in their order,
// each with the index of the one that follows it and all it holds. It keeps nothing
// but names and positions: an event is mostly members that nobody asks for.
type tape struct {
	doc   string // the event's own bytes, which are the caller's again after free
	nodes []node
}

type node struct {
	name   string // of a member; "" in an array
	lo, hi int32  // the value
	next   int32  // index of the value after this one and its children
}

var tapes = sync.Pool{New: func() any { return new(tape) }}

// readTape returns nil for what is not one whole JSON object. What it returns is to
// be given back with free.
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

// read adds the next value, and all in it.
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

// most is how many positions a tape may keep for the next event: one huge event must
// not hold its memory for ever.
const most = 1 << 14

func (t *tape) free() {
	clear(t.nodes) // their names are parts of the document
	t.doc, t.nodes = "", t.nodes[:0]
	if cap(t.nodes) > most {
		t.nodes = nil
	}
	tapes.Put(t)
}

// none is the place of a value that is not there.
const none = -1

// member returns the value of that name in the object at, or none. Of two with one
// name the last counts, as encoding/json has it.
func (t *tape) member(at int, name string) int {
	found := none
	for i := range t.children(at, '{') {
		if t.nodes[i].name == name {
			found = i
		}
	}
	return found
}

// children yields the values in the object or array at. It yields none if the value does
// not begin with open.
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

// raw is the value at, as it is written.
func (t *tape) raw(at int) string { return t.doc[t.nodes[at].lo:t.nodes[at].hi] }

// copied returns the value at as it is written, apart from the document and in valid
// UTF-8.
func (t *tape) copied(at int) json.RawMessage {
	return json.RawMessage(strings.ToValidUTF8(t.raw(at), "\uFFFD"))
}

// string returns the string at, apart from the document; "" for what is not one.
func (t *tape) string(at int) string {
	if at == none {
		return ""
	}
	return strings.Clone(jsonscan.New(t.raw(at)).Text())
}
