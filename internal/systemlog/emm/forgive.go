package emm

import (
	"encoding/json"
	"fmt"
	"strings"

	"soar.example/okta/internal/nearest"
)

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
