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
	if path == "" || len(path) > maxPath {
		return nil, fmt.Sprintf("a path must have between 1 and %d characters", maxPath)
	}
	e := open(raw)
	if e.tape == nil {
		return nil, ErrNotAnEvent.Error()
	}
	defer e.free()
	r := resolver{event: &e, path: strings.TrimPrefix(strings.TrimPrefix(path, "$."), "event.")}
	if at, ok := r.exact(); ok {
		return e.copied(at), ""
	}
	if c := codeOf(tables().attributes, path); c.Code != "" {
		return r.attribute(c)
	}
	if lines := r.printed(codeOf(tables().attributes, codeOrKey)); lines != nil {
		return r.fromLines(lines)
	}
	return r.similar()
}

// maxPath limits the length of a path. Okta's maxPath documented path has under 100 characters.
const maxPath = 500

// resolver is the state of following one path through one event.
type resolver struct {
	*event
	path string
}

// exact follows the path as a path of Okta.
func (r *resolver) exact() (at int, ok bool) {
	for _, step := range steps(r.path) {
		if at = r.down(at, step); at == none {
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
func (r *resolver) attribute(c Code) (json.RawMessage, string) {
	if i := indexOf(r.is.lines, c.Key); i >= 0 {
		value, at := r.value(&r.is.lines[i])
		return value, c.Code + " " + c.Key + " is " + at + r.absentNote(value)
	}
	return nil, fmt.Sprintf("%s %s is not an attribute of %s: %s", c.Code, c.Key, r.is.Code.Code, r.is.Key)
}

// printed returns the attributes of the event's type for which the matrix's page prints the path.
// If c is not empty, it returns only the attribute c.
func (r *resolver) printed(c Code) []*line {
	var found []*line
	for i := range r.is.lines {
		l := &r.is.lines[i]
		if (l.printed == r.path || l.path == r.path) && (c.Code == "" || l.Code == c) {
			found = append(found, l)
		}
	}
	return found
}

func (r *resolver) fromLines(lines []*line) (json.RawMessage, string) {
	value, at := r.value(lines[0])
	hint := ""
	if at != r.path {
		hint = "write " + at
		if lines[0].target != "" {
			hint += ", since target is a list: this is " + lines[0].name()
		}
	}
	for _, other := range lines[1:] {
		_, at := r.value(other)
		hint += fmt.Sprintf("; for %s write %s", other.name(), at)
	}
	if value == nil {
		hint = strings.TrimPrefix(hint+r.absentNote(value), ", ")
	}
	return value, hint
}

func (l *line) name() string { return l.Code.Code + " " + l.Key }

// absentNote returns the end of a hint if the value is absent.
func (r *resolver) absentNote(value json.RawMessage) string {
	if value == nil {
		return ", which this event does not have"
	}
	return ""
}

// value returns the value that Okta sent for an attribute, and its path.
func (r *resolver) value(l *line) (json.RawMessage, string) {
	if l.target == "" {
		if at := r.find(l); at != none {
			return r.copied(at), l.path
		}
		return nil, l.path
	}
	targets := r.selected(l.target)
	if len(targets) == 0 {
		return nil, "target[0]." + l.keys[1]
	}
	path := fmt.Sprintf("target[%d].%s", r.indexOf(targets[0]), l.keys[1])
	if l.target == "others" {
		return r.names(), path
	}
	if at := r.member(targets[0], l.keys[1]); at != none {
		return r.copied(at), path
	}
	return nil, path
}

func (r *resolver) indexOf(target int) int {
	n := 0
	for i := range r.children(r.member(0, "target"), '[') {
		if i == target {
			break
		}
		n++
	}
	return n
}

// similar follows a path with other spellings than Okta's, or with a list without an index. The
// hint is the correct path.
func (r *resolver) similar() (json.RawMessage, string) {
	at, right := 0, ""
	todo := steps(r.path)
	for len(todo) > 0 {
		step := todo[0]
		if r.first(at) == '[' && r.down(at, step) == none && !isIndex(step) {
			var index string
			if at, index = r.choose(at, right); at == none {
				return nil, fmt.Sprintf("%s is an empty list in this event", right)
			}
			right += index
			continue
		}
		names := r.similarMembers(at, todo)
		if names == nil {
			return nil, r.missing(at, right, step)
		}
		for _, name := range names {
			next := r.down(at, name)
			if next == none {
				return nil, r.missing(at, right, name)
			}
			if r.first(at) == '[' {
				right += "[" + name + "]"
			} else {
				right = strings.TrimPrefix(right+"."+name, ".")
			}
			at = next
		}
		todo = todo[1:]
	}
	hint := ""
	if right != r.path {
		hint = "write " + right
	}
	return r.copied(at), hint
}

// similarMembers returns the members that the first step means, more than one if the path omits a member.
// It returns nil if no member is similar.
func (r *resolver) similarMembers(at int, todo []string) []string {
	step := todo[0]
	if r.down(at, step) != none {
		return []string{step}
	}
	folded := fold(step)
	if at == 0 && folded == "debugdata" {
		if len(todo) > 1 && fold(todo[1]) == folded {
			return []string{"debugContext"}
		}
		return []string{"debugContext", "debugData"}
	}
	for i := range r.children(at, '{') {
		if key := r.nodes[i].name; fold(key) == folded {
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
func (r *resolver) choose(list int, right string) (at int, index string) {
	if right == "target" {
		about := "thing"
		if i := slices.IndexFunc(r.is.lines, func(l line) bool { return l.target != "" }); i >= 0 {
			about = r.is.lines[i].target
		}
		for _, target := range r.selected(about) {
			return target, fmt.Sprintf("[%d]", r.indexOf(target))
		}
	}
	for i := range r.children(list, '[') {
		return i, "[0]"
	}
	return none, ""
}

func isIndex(step string) bool { return step != "" && strings.Trim(step, "0123456789") == "" }

// missing returns a message about an absent member.
func (r *resolver) missing(at int, right, step string) string {
	var keys []string
	for i := range r.children(at, '{') {
		if keys = append(keys, r.nodes[i].name); len(keys) == 200 {
			break
		}
	}
	return fmt.Sprintf("%s has no %.100q in this event%s", cmp.Or(right, "the event"), step, nearest.Hint(step, keys))
}
