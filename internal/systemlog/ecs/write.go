package ecs

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"soar.example/okta/internal/jsonscan"
)

// A writer appends a JSON object member by member. Empty members leave no trace.
type writer struct{ b []byte }

// name begins a member. quoted is its name as JSON, with the colon.
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

func (w *writer) point(quoted string, g *geo) {
	if g.lat == "" {
		return
	}
	at := w.open(quoted)
	w.lit(`"lat":`, g.lat)
	w.lit(`"lon":`, g.lon)
	w.close(at)
}

const (
	// deepest is how far the values of a flattened field may nest; Elasticsearch
	// rejects a document beyond 20. Deeper values are written as JSON in a text.
	deepest = 16
	// longestName is the length in bytes that names in a flattened field are cut to.
	longestName = 256
)

// flattened writes an object with members that Okta does not document, as the value
// of a flattened field.
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

// value writes a value, and reports whether anything is left of it without its
// empty parts.
func (w *writer) value(raw string, depth int) bool {
	if raw == "" || raw == "null" || raw == `""` {
		return false
	}
	if c := raw[0]; c != '{' && c != '[' {
		w.b = append(w.b, raw...)
		return true
	}
	if depth >= deepest {
		w.b = jsonscan.AppendQuoted(w.b, raw)
		return true
	}
	p, mark := jsonscan.New(raw), len(w.b)
	w.b = append(w.b, raw[0])
	if raw[0] == '{' {
		var all []member
		p.Enter('{')
		for name, ok := p.Key(); ok; name, ok = p.Key() {
			all = append(all, member{name, value(p)})
		}
		w.members(all, depth+1)
	} else {
		for p.Enter('['); p.Element(); {
			from := len(w.b)
			if from-1 > mark {
				w.b = append(w.b, ',')
			}
			if !w.value(value(p), depth+1) {
				w.b = w.b[:from]
			}
		}
	}
	if len(w.b) == mark+1 {
		w.b = w.b[:mark]
		return false
	}
	w.b = append(w.b, raw[0]+2) // the closing bracket stands two after the opening one
	return true
}

// distinct reports whether all names can be written as they are: each is safe and
// there only once.
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

// safe reports whether a name needs no escape in JSON and means one field to
// Elasticsearch: a dot would mean a field within a field, and an empty name none.
func safe(name string) bool {
	blank := true
	for i := range len(name) {
		if notInName[name[i]] {
			return false
		}
		blank = blank && name[i] == ' '
	}
	return !blank && len(name) <= longestName
}

// notInName marks the bytes that a safe name does not have.
var notInName = marks(".\"\\\x7f")

// safeNames returns names for the members: safe, and each there only once. A member
// that comes twice keeps its name where it came last.
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
	if len(name) > longestName {
		name = name[:longestName]
		for !utf8.ValidString(name) {
			name = name[:len(name)-1]
		}
	}
	if strings.Trim(name, " ") == "" {
		return "_"
	}
	return name
}

// rest returns the members that have no field of their own, for okta.other: nested
// as in Okta's event, with the index of a target or address as its name.
func (e *event) rest() []member {
	all := e.extra
	nest(&all, "actor", e.actor.rest())
	var targets []member
	for i := range e.targets {
		nest(&targets, strconv.Itoa(i), e.targets[i].rest())
	}
	nest(&all, "target", targets)
	c := &e.client
	inner := c.extra
	nest(&inner, "userAgent", c.agentExtra)
	nest(&inner, "geographicalContext", c.geo.rest())
	nest(&all, "client", inner)
	nest(&all, "device", e.device.extra)
	inner = e.auth.extra
	nest(&inner, "issuer", e.auth.issuerExtra)
	nest(&all, "authenticationContext", inner)
	nest(&all, "securityContext", e.security.extra)
	nest(&all, "outcome", e.outcome.extra)
	nest(&all, "transaction", e.transaction.extra)
	nest(&all, "debugContext", e.debugExtra)
	inner = e.requestExtra
	var hops []member
	for i := range e.chain {
		h := e.chain[i].extra
		nest(&h, "geographicalContext", e.chain[i].geo.extra)
		nest(&hops, strconv.Itoa(i), h)
	}
	nest(&inner, "ipChain", hops)
	nest(&all, "request", inner)
	return all
}

func (p *party) rest() []member {
	all := p.extra
	nest(&all, "changeDetails", p.changeExtra)
	return all
}

// rest also has the words for no value, which client.geo does not have.
func (g *geo) rest() []member {
	all := g.extra
	for _, m := range [...]member{{"city", string(g.city)}, {"state", string(g.state)}, {"country", string(g.country)}, {"postalCode", string(g.postalCode)}} {
		if m.raw != "" && nothing(lit(m.raw)) {
			all = append(all, m)
		}
	}
	return all
}

// nest adds an object with these members, if there are any.
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
