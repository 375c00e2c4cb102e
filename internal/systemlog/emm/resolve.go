package emm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"soar.example/okta/internal/nearest"
)

// Resolve returns the value of a path in an event as Okta sent it. The path can be a path of
// Okta ("client.ipAddress", "target[0].id") or the code or key of an attribute ("A0005",
// "username"). It can also be a path on the matrix's page, which is often wrong: "event_type",
// "target.alternativeId", "debugData.debugData.zoneData". Target is a list, and the event type
// determines the target.
//
// Hint is "" if the path is correct. Otherwise it has the correct path, or the reason why value
// is nil. A value that Okta sent as null is the JSON null.
func Resolve(raw []byte, path string) (value json.RawMessage, hint string) {
	return resolveAs(raw, path, "")
}

// resolveAs is Resolve for a path on the matrix's page and an attribute, given by its code or key.
// The page prints target.displayName for two attributes of one event type.
func resolveAs(raw []byte, path, codeOrKey string) (value json.RawMessage, hint string) {
	path = strings.TrimSpace(path)
	if path == "" || len(path) > longest {
		return nil, fmt.Sprintf("a path must have between 1 and %d characters", longest)
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
	if c := codeOf(tables().attributes, path); c.Code != "" {
		return w.attribute(c)
	}
	if lines := w.printed(codeOf(tables().attributes, codeOrKey)); lines != nil {
		return w.asMeant(lines)
	}
	return w.forgiving()
}

// longest limits the length of a path. Okta's longest documented path has under 100 characters.
const longest = 500

// walk is the state of following one path through one event.
type walk struct {
	*event
	path string
}

// literally follows the path as a path of Okta.
func (w *walk) literally() (at int, ok bool) {
	for _, step := range steps(w.path) {
		if at = w.down(at, step); at == none {
			return none, false
		}
	}
	return at, true
}

// down returns the member with that name or, in a list, the item with that index.
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

// steps splits "a.b[0].c" and "a.b.0.c" into their names and indexes.
func steps(path string) []string { return strings.Split(indexes.Replace(path), ".") }

var indexes = strings.NewReplacer("[", ".", "]", "")

// attribute returns an attribute of the event's type.
func (w *walk) attribute(c Code) (json.RawMessage, string) {
	if i := indexOf(w.is.lines, c.Key); i >= 0 {
		value, at := w.value(&w.is.lines[i])
		return value, c.Code + " " + c.Key + " is " + at + w.unless(value)
	}
	return nil, fmt.Sprintf("%s %s is not an attribute of %s: %s", c.Code, c.Key, w.is.Code.Code, w.is.Key)
}

// printed returns the attributes of the event's type for which the matrix's page prints the path.
// If c is not empty, it returns only the attribute c.
func (w *walk) printed(c Code) []*line {
	var found []*line
	for i := range w.is.lines {
		l := &w.is.lines[i]
		if (l.printed == w.path || l.path == w.path) && (c.Code == "" || l.Code == c) {
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
		if lines[0].target != "" {
			hint += ", since target is a list: this is " + lines[0].name()
		}
	}
	for _, other := range lines[1:] {
		_, at := w.value(other)
		hint += fmt.Sprintf("; for %s write %s", other.name(), at)
	}
	if value == nil {
		hint = strings.TrimPrefix(hint+w.unless(value), ", ")
	}
	return value, hint
}

func (l *line) name() string { return l.Code.Code + " " + l.Key }

// unless returns the end of a hint if the value is absent.
func (w *walk) unless(value json.RawMessage) string {
	if value == nil {
		return ", which this event does not have"
	}
	return ""
}

// value returns the value that Okta sent for an attribute, and its path.
func (w *walk) value(l *line) (json.RawMessage, string) {
	if l.target == "" {
		if at := w.find(l); at != none {
			return w.copied(at), l.path
		}
		return nil, l.path
	}
	targets := w.selected(l.target)
	if len(targets) == 0 {
		return nil, "target[0]." + l.keys[1]
	}
	path := fmt.Sprintf("target[%d].%s", w.indexOf(targets[0]), l.keys[1])
	if l.target == "others" {
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

// forgiving follows a path with other spellings than Okta's, or with a list without an index. The
// hint is the correct path.
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

// spelt returns the members that the first step means, more than one if the path omits a member.
// It returns nil if no member is similar.
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

// fold removes the differences between spellings of a name.
func fold(name string) string {
	name = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "_", ""), "-", ""))
	return strings.ReplaceAll(name, "alternative", "alternate")
}

// choose returns the item of a list for a path without an index: the target that the event type
// determines, or the first item of another list.
func (w *walk) choose(list int, right string) (at int, index string) {
	if right == "target" {
		about := "thing"
		if i := slices.IndexFunc(w.is.lines, func(l line) bool { return l.target != "" }); i >= 0 {
			about = w.is.lines[i].target
		}
		for _, target := range w.selected(about) {
			return target, fmt.Sprintf("[%d]", w.indexOf(target))
		}
	}
	for i := range w.children(list, '[') {
		return i, "[0]"
	}
	return none, ""
}

func isIndex(step string) bool { return step != "" && strings.Trim(step, "0123456789") == "" }

// missing returns a message about an absent member.
func (w *walk) missing(at int, right, step string) string {
	var keys []string
	for i := range w.children(at, '{') {
		if keys = append(keys, w.nodes[i].name); len(keys) == 200 {
			break
		}
	}
	return fmt.Sprintf("%s has no %.100q in this event%s", cmp.Or(right, "the event"), step, nearest.Hint(step, keys))
}
