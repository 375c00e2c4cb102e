package emm

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"soar.example/okta/internal/nearest"
)

// Resolve returns what a path means in one event as Okta sent it. The path may be
// Okta's own ("client.ipAddress", "target[0].id"), an attribute's code or key ("A0005",
// "username"), or a path as the matrix's page prints it, which is often wrong:
// "event_type", "target.alternativeId", "debugData.debugData.zoneData". Target is a
// list; which one is meant goes by the event's row.
//
// Hint is "" if the path is right. Otherwise it says how to write it, or why there is
// no value: value is then nil. A value that Okta sent as null is the JSON null.
func Resolve(raw []byte, path string) (value json.RawMessage, hint string) {
	return ResolveAs(raw, path, "")
}

// ResolveAs is [Resolve] for a path that the matrix's page prints for an attribute,
// given by code or key: it prints target.displayName for two attributes of one row.
func ResolveAs(raw []byte, path, codeOrKey string) (value json.RawMessage, hint string) {
	path = strings.TrimSpace(path)
	if path == "" || len(path) > longest {
		return nil, fmt.Sprintf("a path has between 1 and %d letters", longest)
	}
	e := open(raw)
	if e.tape == nil {
		return nil, ErrNotAnEvent.Error()
	}
	defer e.free()
	w := walk{event: &e, path: strings.TrimPrefix(strings.TrimPrefix(path, "$."), "event.")}
	if at, ok := w.literally(); ok {
		return e.copied(at), ""
	}
	if a := attributeOf(path); a != 0 {
		return w.attribute(a)
	}
	if lines := w.printed(attributeOf(codeOrKey)); lines != nil {
		return w.asMeant(lines)
	}
	return w.forgiving()
}

// longest is a generous bound: Okta's longest documented path has under 100 letters.
const longest = 500

// walk is the way of one path through one event.
type walk struct {
	*event
	path string
}

// literally follows the path as Okta's own.
func (w *walk) literally() (at int, ok bool) {
	for _, step := range steps(w.path) {
		if at = w.down(at, step); at == none {
			return none, false
		}
	}
	return at, true
}

// down goes to the member of that name, or in a list to the item of that index.
func (e *event) down(at int, step string) int {
	if e.first(at) != '[' {
		return e.member(at, step)
	}
	index, err := strconv.Atoi(step)
	if err != nil {
		return none
	}
	for i := range e.children(at, '[') {
		if index == 0 {
			return i
		}
		index--
	}
	return none
}

// steps splits "a.b[0].c", and "a.b.0.c" too.
func steps(path string) []string { return strings.Split(indexes.Replace(path), ".") }

var indexes = strings.NewReplacer("[", ".", "]", "")

// attribute returns an attribute of the event's row.
func (w *walk) attribute(a attribute) (json.RawMessage, string) {
	for i := range linesOf[w.is] {
		if l := &linesOf[w.is][i]; l.attribute == a {
			value, at := w.value(l)
			return value, name(a) + " is " + at + w.unless(value)
		}
	}
	return nil, fmt.Sprintf("%s is not an attribute of %s: %s", name(a), eventTypes[w.is].Code, eventTypes[w.is].Key)
}

func name(a attribute) string { return attributes[a].Code + " " + attributes[a].Key }

// printed returns the attributes of the event's row that the matrix's page prints
// that path for, a if it is not 0 alone.
func (w *walk) printed(a attribute) []*line {
	var found []*line
	for i := range linesOf[w.is] {
		l := &linesOf[w.is][i]
		if (l.asPrinted() == w.path || l.path == w.path) && (a == 0 || l.attribute == a) {
			found = append(found, l)
		}
	}
	return found
}

func (w *walk) asMeant(lines []*line) (json.RawMessage, string) {
	value, at := w.value(lines[0])
	hint := ""
	if at != w.path {
		hint = "write " + at
		if lines[0].of != noTarget {
			hint += ", since target is a list: this is " + name(lines[0].attribute)
		}
	}
	for _, other := range lines[1:] {
		_, at := w.value(other)
		hint += fmt.Sprintf("; for %s write %s", name(other.attribute), at)
	}
	if value == nil {
		hint = strings.TrimPrefix(hint+w.unless(value), ", ")
	}
	return value, hint
}

func (w *walk) unless(value json.RawMessage) string {
	if value == nil {
		return ", which this event does not have"
	}
	return ""
}

// value returns what Okta sent for an attribute, and the path that leads there.
func (w *walk) value(l *line) (json.RawMessage, string) {
	if l.of == noTarget {
		if at := w.find(l); at != none {
			return w.copied(at), l.path
		}
		return nil, l.path
	}
	targets := w.meant(l.of)
	if len(targets) == 0 {
		return nil, "target[0]." + l.keys[1]
	}
	path := fmt.Sprintf("target[%d].%s", w.indexOf(targets[0]), l.keys[1])
	if l.of == theOthers {
		return w.names(), path
	}
	if at := w.member(targets[0], l.keys[1]); at != none {
		return w.copied(at), path
	}
	return nil, path
}

func (w *walk) indexOf(target int) int {
	n := 0
	for i := range w.children(w.member(0, "target"), '[') {
		if i == target {
			break
		}
		n++
	}
	return n
}

// forgiving follows a path whose names are spelt in another way than Okta's, or that
// passes a list without an index, and says how it is written.
func (w *walk) forgiving() (json.RawMessage, string) {
	at, right := 0, ""
	todo := steps(w.path)
	for len(todo) > 0 {
		step := todo[0]
		if w.first(at) == '[' && w.down(at, step) == none && !isIndex(step) {
			var index string
			if at, index = w.choose(at, right); at == none {
				return nil, fmt.Sprintf("%s is an empty list in this event", right)
			}
			right += index
			continue
		}
		names := w.spelt(at, todo)
		if names == nil {
			return nil, w.missing(at, right, step)
		}
		for _, name := range names {
			next := w.down(at, name)
			if next == none {
				return nil, w.missing(at, right, name)
			}
			if w.first(at) == '[' {
				right += "[" + name + "]"
			} else {
				right = strings.TrimPrefix(right+"."+name, ".")
			}
			at = next
		}
		todo = todo[1:]
	}
	hint := ""
	if right != w.path {
		hint = "write " + right
	}
	return w.copied(at), hint
}

// spelt returns the members that the first step means, more than one if it leaves one
// out; nil if there is none like it.
func (w *walk) spelt(at int, todo []string) []string {
	step := todo[0]
	if w.down(at, step) != none {
		return []string{step}
	}
	folded := fold(step)
	if at == 0 && folded == "debugdata" {
		if len(todo) > 1 && fold(todo[1]) == folded {
			return []string{"debugContext"}
		}
		return []string{"debugContext", "debugData"}
	}
	for i := range w.children(at, '{') {
		if key := w.nodes[i].name; fold(key) == folded {
			return []string{key}
		}
	}
	return nil
}

// fold takes away what differs between ways to write one name.
func fold(name string) string {
	name = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "_", ""), "-", ""))
	return strings.ReplaceAll(name, "alternative", "alternate")
}

// choose picks the item of a list that a path without an index means: of the targets
// the one that the event is about, of another list the first.
func (w *walk) choose(list int, right string) (at int, index string) {
	if right == "target" {
		about := theThing
		for _, l := range linesOf[w.is] {
			if l.of != noTarget {
				about = l.of
				break
			}
		}
		for _, target := range w.meant(about) {
			return target, fmt.Sprintf("[%d]", w.indexOf(target))
		}
	}
	for i := range w.children(list, '[') {
		return i, "[0]"
	}
	return none, ""
}

func isIndex(step string) bool {
	for _, c := range []byte(step) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return step != ""
}

// missing says what an event does not have.
func (w *walk) missing(at int, right, step string) string {
	var keys []string
	for i := range w.children(at, '{') {
		if keys = append(keys, w.nodes[i].name); len(keys) == 200 {
			break
		}
	}
	where := right
	if where == "" {
		where = "the event"
	}
	return fmt.Sprintf("%s has no %.100q in this event%s", where, step, nearest.Hint(step, keys))
}
