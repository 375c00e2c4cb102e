package ecs

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"soar.example/okta/internal/jsonscan"
)

// A writer appends a JSON object member by member. It omits empty members.
type writer struct{ b []byte }

// name begins a member. quoted is the name as JSON, with the colon.
func (w *writer) name(quoted string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, quoted...)
}

// open begins a member that is an object, and returns the argument for close.
func (w *writer) open(quoted string) int {
	mark := len(w.b)
	w.name(quoted)
	w.b = append(w.b, '{')
	return mark
}

// close ends the object that open began, and removes the member if it is empty.
func (w *writer) close(mark int) {
	if w.b[len(w.b)-1] == '{' {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, '}')
}

func (w *writer) lit(quoted string, l lit) {
	if l == "" {
		return
	}
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(w.b, quoted...), l...)
}

func (w *writer) text(quoted, s string) {
	if s != "" {
		w.name(quoted)
		w.b = jsonscan.AppendQuoted(w.b, s)
	}
}

func (w *writer) list(quoted string, all []lit) {
	if len(all) == 0 {
		return
	}
	w.name(quoted)
	for i, l := range all {
		w.b = append(append(w.b, "[,"[min(i, 1)]), l...)
	}
	w.b = append(w.b, ']')
}

// object writes the fields of the object at a slot under their names in the document.
func (w *writer) object(e *event, o *object, at int) {
	for i := range o.fields {
		f := &o.fields[i]
		if f.ecs == "" {
			continue
		}
		switch slot := at + f.slot; f.kind {
		case nested, debug:
			mark := w.open(f.ecs)
			w.object(e, f.of, slot)
			if f.kind == debug {
				w.flattened(`"flattened":`, e.members(slot))
			}
			w.close(mark)
		case listOf:
			w.items(e, f, slot)
		case open:
			w.flattened(f.ecs, e.members(slot))
		case detail:
			w.detail(f.ecs, e.members(slot))
		case point:
			w.point(f.ecs, e, slot)
		case asNumber:
			w.system(e, slot, false)
		case risk:
			w.risk(e)
		case objects:
			mark := len(w.b)
			if w.name(f.ecs); !w.value(string(e.get(slot)), 0) {
				w.b = w.b[:mark]
			}
		default:
			if l := e.get(slot); l != "" {
				w.lit(f.ecs, l)
			}
		}
	}
}

// nested writes the object at a slot as a member.
func (w *writer) nested(quoted string, e *event, o *object, at int) {
	mark := w.open(quoted)
	w.object(e, o, at)
	w.close(mark)
}

// items writes the items of the list at a slot, except for empty ones.
func (w *writer) items(e *event, f *field, slot int) {
	mark := len(w.b)
	w.name(f.ecs)
	w.b = append(w.b, '[')
	from := len(w.b)
	for item, end := e.items(slot); item < end; item += f.of.size {
		start := len(w.b)
		if start > from {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		w.object(e, f.of, item)
		w.close(start)
	}
	if len(w.b) == from {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, ']')
}

func (w *writer) point(quoted string, e *event, slot int) {
	if e.get(slot) == "" {
		return
	}
	at := w.open(quoted)
	w.lit(`"lat":`, e.get(slot))
	w.lit(`"lon":`, e.get(slot+1))
	w.close(at)
}

const (
	// maxDepth limits the nesting of values in a flattened field. Elasticsearch rejects a document
	// with more than 20 levels. Deeper values are written as JSON in a text.
	maxDepth = 16
	// maxNameLength limits the length in bytes of names in a flattened field.
	maxNameLength = 256
)

// flattened writes an object with undocumented members as the value of a flattened field.
func (w *writer) flattened(quoted string, all []member) {
	if len(all) == 0 {
		return
	}
	at := w.open(quoted)
	w.members(all, 1)
	w.close(at)
}

func (w *writer) members(all []member, depth int) {
	var names []string
	if !distinct(all) {
		names = safeNames(all)
	}
	for i, m := range all {
		mark := len(w.b)
		if w.b[mark-1] != '{' {
			w.b = append(w.b, ',')
		}
		if names == nil {
			w.b = append(append(append(w.b, '"'), m.name...), '"', ':')
		} else {
			w.b = append(jsonscan.AppendQuoted(w.b, names[i]), ':')
		}
		if !w.value(m.raw, depth) {
			w.b = w.b[:mark]
		}
	}
}

// value writes a value without its empty parts, and reports whether any part remains.
func (w *writer) value(raw string, depth int) bool {
	if raw == "" || raw == "null" || raw == `""` {
		return false
	}
	if c := raw[0]; c != '{' && c != '[' {
		w.b = append(w.b, raw...)
		return true
	}
	if depth >= maxDepth {
		w.b = jsonscan.AppendQuoted(w.b, raw)
		return true
	}
	p, mark := jsonscan.New(raw), len(w.b)
	w.b = append(w.b, raw[0])
	if raw[0] == '{' {
		var all []member
		for name := range p.Members() {
			all = append(all, member{name, next(p)})
		}
		w.members(all, depth+1)
	} else {
		for p.Enter('['); p.Element(); {
			from := len(w.b)
			if from-1 > mark {
				w.b = append(w.b, ',')
			}
			if !w.value(next(p), depth+1) {
				w.b = w.b[:from]
			}
		}
	}
	if len(w.b) == mark+1 {
		w.b = w.b[:mark]
		return false
	}
	w.b = append(w.b, raw[0]+2) // in ASCII, the closing bracket is two after the opening bracket
	return true
}

// distinct reports whether all names can be written unchanged: each is safe and occurs only once.
func distinct(all []member) bool {
	const many = 64 // comparing all pairs would take too long
	if len(all) > many {
		return false
	}
	for i := range all {
		if !safe(all[i].name) {
			return false
		}
		for j := range i {
			if all[j].name == all[i].name {
				return false
			}
		}
	}
	return true
}

// safe reports whether a name needs no escape in JSON and is one field in Elasticsearch. A dot
// would create a nested field, and an empty name is invalid.
func safe(name string) bool {
	blank := true
	for i := range len(name) {
		if notInName[name[i]] {
			return false
		}
		blank = blank && name[i] == ' '
	}
	return !blank && len(name) <= maxNameLength
}

// notInName marks the bytes that a safe name cannot contain.
var notInName = marks(".\"\\\x7f")

// safeNames returns safe and distinct names for the members. If several members have one name,
// the last keeps it.
func safeNames(all []member) []string {
	names, used := make([]string, len(all)), make(map[string]int, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		base := safeName(all[i].name)
		name := base
		for used[name] > 0 {
			used[base]++
			name = base + "_" + strconv.Itoa(used[base])
		}
		used[name]++
		names[i] = name
	}
	return names
}

func safeName(name string) string {
	if safe(name) {
		return name
	}
	name = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && notInName[r] {
			return '_'
		}
		return r
	}, name)
	if len(name) > maxNameLength {
		name = name[:maxNameLength]
		for !utf8.ValidString(name) {
			name = name[:len(name)-1]
		}
	}
	if strings.Trim(name, " ") == "" {
		return "_"
	}
	return name
}
