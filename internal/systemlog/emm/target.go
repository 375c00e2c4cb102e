package emm

import "strings"

// meant returns the targets that are meant, in the event's order: one, or those
// that are left for theOthers; none if the event has no target. Which one goes by
// their types, since Okta does not promise an order. If there is none of the right
// type, the nearest is taken: the matrix's authors took whatever there was.
func (e *event) meant(w want) []int {
	var targets []int
	for i := range e.children(e.member(0, "target"), '[') {
		if e.first(i) == '{' {
			targets = append(targets, i)
		}
	}
	if len(targets) < 2 {
		return targets
	}
	if w == theOthers {
		about := theGroup
		if e.is >= createRole && e.is <= deleteRole {
			about = theRole
		}
		it := e.best(targets, about)
		var others []int
		for _, t := range targets {
			if t != it {
				others = append(others, t)
			}
		}
		return others
	}
	if w == theHolder {
		w = holder(e.oktaType)
	}
	return []int{e.best(targets, w)}
}

// holder is whom a permission was given to, which the family of the event type says.
func holder(oktaType string) want {
	family, _, _ := strings.Cut(oktaType, ".")
	switch family {
	case "user":
		return theUser
	case "group":
		return theGroup
	case "app", "application":
		return theApp
	default:
		return theThing
	}
}

// best returns the target that w means most, the first of equals.
func (e *event) best(targets []int, w want) int {
	found, least := none, 0
	for _, t := range targets {
		distance := far(w, e.string(e.member(t, "type")), e.oktaType)
		if found == none || distance < least {
			found, least = t, distance
		}
	}
	return found
}

// far is how far a target of that type is from what w means; 0 if it is that.
func far(w want, targetType, oktaType string) int {
	lower := strings.ToLower(targetType)
	has := func(word string) bool { return strings.Contains(lower, word) }
	isGroup, isUser := has("group"), has("user") && !has("group")
	switch {
	case w == theUser && lower == "user", w == theGroup && lower == "usergroup", w == theApp && lower == "appinstance", w == theRole && lower == "role":
		return 0
	case w == theUser && isUser, w == theGroup && isGroup, w == theRole && has("role"), w == theApp && has("app") && !isUser:
		return 1
	case w == theThing && lower != "" && strings.HasSuffix(family(oktaType), lower):
		return 0
	case w == theThing && has("permission"), w == theUser && isGroup, isUser:
		return 3
	default:
		return 2
	}
}

// family is an event type's name without its last part, dots and underscores: that
// of policy.rule.update ends with the type of its target, PolicyRule.
func family(oktaType string) string {
	dot := strings.LastIndexByte(oktaType, '.')
	return strings.ToLower(strings.NewReplacer(".", "", "_", "").Replace(oktaType[:max(0, dot)]))
}
