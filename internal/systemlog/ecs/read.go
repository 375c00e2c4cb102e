package ecs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"soar.example/okta/internal/jsonscan"
)

// ErrNotEvent is the error for bytes that are not one JSON object.
var ErrNotEvent = errors.New("not a System Log event")

// A lit is a JSON string literal with its quotes, or another JSON scalar. "" is absent. Documents
// are mostly copies of such literals, so they are not decoded.
type lit string

func (l lit) text() string { return jsonscan.Unquoted(string(l)) }

// A member is the name and JSON value of a member of an object. A string value is a literal of
// [jsonscan.Scanner.Literal].
type member struct{ name, raw string }

// An event has the values that Okta sent.
type event struct {
	// The values of eventObject, then the items of lists. Each object has its own range of slots.
	values []value
	pool   []member // members of the open objects, in sequence
	// Members without a field, and values that do not fit their field.
	extra []extraMember
	owner int32 // the last number of an owner of extra members
}

// A value is the value of a field: a literal, or a range. The range of an open object is in the
// pool, and the range of a list is in the values. The header of an object has the number of the
// object in from.
type value struct {
	lit      lit
	from, to int32
}

// An extraMember belongs to the object with the number owner.
type extraMember struct {
	owner int32
	member
}

func (e *event) get(slot int) lit { return e.values[slot].lit }

// members returns the members of the open object at a slot.
func (e *event) members(slot int) []member { return e.pool[e.values[slot].from:e.values[slot].to] }

// reset empties e for the next event, and releases the texts of the last one.
func (e *event) reset() {
	clear(e.values)
	clear(e.pool)
	clear(e.extra)
	*e = event{values: e.values[:0], pool: e.pool[:0], extra: e.extra[:0]}
}

// read fills e from s. The last of repeated members counts.
func (e *event) read(s string) error {
	p := jsonscan.New(s)
	if p.Peek() != '{' {
		return fmt.Errorf("%w: not a JSON object", ErrNotEvent)
	}
	e.object(p, eventObject, e.add(eventObject), 0, "")
	if err := p.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotEvent, err)
	}
	return nil
}

// add adds empty slots for an object, and returns the slot of its header.
func (e *event) add(o *object) int {
	at := len(e.values)
	e.values = slices.Grow(e.values, o.size)[:at+o.size] // reset has cleared them
	return at
}

// object reads the next value into the slots that begin at at, if it is an object. Any other value
// becomes an extra member of the object at parent.
func (e *event) object(p *jsonscan.Scanner, o *object, at, parent int, name string) {
	if e.owner++; e.values[at].from != 0 {
		clear(e.values[at : at+o.size]) // the object occurs twice
	}
	e.values[at].from = e.owner
	if p.Peek() != '{' {
		e.other(p, parent, name)
		return
	}
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		f := o.find(name)
		if f == nil {
			e.other(p, at, name)
			continue
		}
		switch slot := at + f.slot; f.kind {
		case nested:
			e.object(p, f.of, slot, at, name)
		case listOf:
			e.list(p, f.of, slot, at, name)
		case open, detail, debug:
			e.open(p, f, slot, at)
		case point:
			e.point(p, slot, at, name)
		case loose:
			if c := p.Peek(); c == '-' || c >= '0' && c <= '9' {
				// Okta's own examples have numbers where the documentation has strings.
				e.values[slot].lit = lit(`"` + p.Raw() + `"`)
				continue
			}
			fallthrough
		case text:
			literal, ok := p.Literal()
			e.values[slot].lit = lit(literal)
			if !ok {
				e.other(p, at, name)
			}
		default:
			raw := next(p)
			l := f.kind.scalar(raw)
			if e.values[slot].lit = l; l == "" {
				e.keep(at, name, raw)
			}
		}
	}
}

// other stores the next value as an extra member of the object at a slot.
func (e *event) other(p *jsonscan.Scanner, at int, name string) { e.keep(at, name, next(p)) }

func (e *event) keep(at int, name, raw string) {
	if raw != "" {
		e.extra = append(e.extra, extraMember{e.values[at].from, member{name, raw}})
	}
}

// next returns the next value as JSON, or "" for null and for an empty string.
func next(p *jsonscan.Scanner) string {
	if literal, ok := p.Literal(); ok {
		return literal
	}
	if raw := p.Raw(); raw != "null" {
		return raw
	}
	return ""
}

// scalar returns a value in the form of the kind k, or "" if the value is of another kind. An
// integer, true or false can be in a string.
func (k kind) scalar(raw string) lit {
	if raw == "" {
		return ""
	}
	content := raw
	if raw[0] == '"' {
		content = jsonscan.Unquoted(raw)
	}
	switch k {
	case address:
		if raw[0] == '"' && isIP(content) {
			return lit(raw)
		}
	case boolean:
		if content == "true" || content == "false" {
			return lit(content)
		}
	case objects:
		if onlyObjects(raw) {
			return lit(raw)
		}
	case long, asNumber:
		bits := 63
		if k == asNumber {
			bits = 32
		}
		n, err := strconv.ParseUint(content, 10, bits)
		switch {
		case err != nil:
		case content[0] == '0':
			return lit(strconv.FormatUint(n, 10))
		default:
			return lit(content)
		}
	}
	return ""
}

// onlyObjects reports whether a value is a list that contains only objects and null.
func onlyObjects(raw string) bool {
	p, only := jsonscan.New(raw), raw[0] == '['
	for p.Enter('['); only && p.Element(); p.Skip() {
		c := p.Peek()
		only = c == '{' || c == 'n'
	}
	return only
}

// items returns the first slot and the end of the list at a slot.
func (e *event) items(slot int) (first, end int) {
	return int(e.values[slot].from), int(e.values[slot].to)
}

// list reads the next value, a list of objects. An item that is not an object keeps its index, so
// that the indexes of the other items do not change.
func (e *event) list(p *jsonscan.Scanner, of *object, slot, parent int, name string) {
	e.values[slot] = value{}
	if p.Peek() != '[' {
		e.other(p, parent, name)
		return
	}
	first := len(e.values)
	for p.Enter('['); p.Element(); {
		at := e.add(of)
		e.object(p, of, at, at, "value")
	}
	e.values[slot] = value{from: int32(first), to: int32(len(e.values))}
}

// open stores the members of the next value, if it is an object. A scalar member of debug that is
// a field is stored in its slot.
func (e *event) open(p *jsonscan.Scanner, f *field, slot, parent int) {
	e.values[slot] = value{}
	if f.of != nil {
		clear(e.values[slot : slot+f.of.size])
	}
	if p.Peek() != '{' {
		e.other(p, parent, f.name)
		return
	}
	from := len(e.pool)
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		raw := next(p)
		if raw == "" {
			continue
		}
		if f.of != nil {
			if g := f.of.find(name); g != nil {
				if l := word(raw); l != "" || g.kind != text {
					e.values[slot+g.slot].lit = l
					if g.kind == text {
						continue
					}
				}
			}
		}
		e.pool = append(e.pool, member{name, raw})
	}
	e.values[slot] = value{from: int32(from), to: int32(len(e.pool))}
}

// word returns a scalar as a string, or "" for an object or a list.
func word(raw string) lit {
	switch raw[0] {
	case '"':
		return lit(raw)
	case '{', '[':
		return ""
	}
	return lit(`"` + raw + `"`)
}

// point reads a location: two numbers in degrees. Any other value, or an object with further
// members, becomes an extra member.
func (e *event) point(p *jsonscan.Scanner, slot, parent int, name string) {
	var lat, lon lit
	raw, more := next(p), false
	q := jsonscan.New(raw)
	q.Enter('{')
	for name, ok := q.Key(); ok; name, ok = q.Key() {
		switch name {
		case "lat":
			lat = degrees(q.Raw(), 90)
		case "lon":
			lon = degrees(q.Raw(), 180)
		default:
			more = next(q) != "" || more
		}
	}
	if lat == "" || lon == "" {
		lat, lon, more = "", "", raw != "{}"
	}
	if e.values[slot].lit, e.values[slot+1].lit = lat, lon; more {
		e.keep(parent, name, raw)
	}
}

// rest returns the members without a field of the object at a slot, nested as in Okta's event. The
// name of a list item is its index. A hidden object is not under okta in the document, so its
// placeholders are in the rest.
func (e *event) rest(o *object, at int, hidden bool) []member {
	var all []member
	owner := e.values[at].from
	i, _ := slices.BinarySearchFunc(e.extra, owner, func(x extraMember, owner int32) int { return cmp.Compare(x.owner, owner) })
	for ; i < len(e.extra) && e.extra[i].owner == owner; i++ {
		all = append(all, e.extra[i].member)
	}
	for i := range o.fields {
		f, v := &o.fields[i], e.values[at+o.fields[i].slot]
		switch {
		case f.kind == nested:
			nest(&all, f.name, e.rest(f.of, at+f.slot, f.ecs == ""))
		case f.kind == listOf:
			var items []member
			for item, end := e.items(at + f.slot); item < end; item += f.of.size {
				nest(&items, strconv.Itoa((item-int(v.from))/f.of.size), e.rest(f.of, item, false))
			}
			nest(&all, f.name, items)
		case hidden && v.lit != "" && isPlaceholder(v.lit):
			all = append(all, member{f.name, string(v.lit)})
		}
	}
	return all
}

// nest adds an object with these members, unless there are none.
func nest(all *[]member, name string, inner []member) {
	if len(inner) == 0 {
		return
	}
	b := []byte{'{'}
	for i, m := range inner {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(jsonscan.AppendQuoted(b, m.name), ':'), m.raw...)
	}
	*all = append(*all, member{name, string(append(b, '}'))})
}
