// Package emm converts Okta's events to rows of AppOmni's SaaS Event Maturity Matrix. A row has
// the event type in terms that all SaaS products share, and the attributes that the matrix lists
// for this type.
//
// The authors of the matrix map 28 event types of the matrix to Okta, with an example of each. The
// rules of this package classify all other event types of Okta.
package emm

//go:generate go run soar.example/okta/schema/describe

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
)

// ErrNotAnEvent is the error of [Normalize] for bytes that are not one JSON object.
var ErrNotAnEvent = errors.New("the event is not a JSON object")

// event is the event that is being read.
type event struct {
	*tape
	oktaType string
	is       *eventType
	basis    Basis
}

// open reads raw. If raw is an event, the caller must free the tape. Otherwise the tape is nil.
func open(raw []byte) event {
	e := event{tape: readTape(raw)}
	if e.tape != nil {
		e.oktaType = e.string(e.member(0, "eventType"))
		e.is, e.basis = classify(e.oktaType)
	}
	return e
}

// Normalize converts an event, as Okta sent it, to a row of the matrix. It omits members that are
// missing, null or of an undocumented type. An event without a readable type is classified as
// [ByDefault]. The only possible error is [ErrNotAnEvent]. The row shares no memory with raw.
func Normalize(raw []byte) (Row, error) {
	e := open(raw)
	if e.tape == nil {
		return Row{}, ErrNotAnEvent
	}
	defer e.free()
	r := Row{Class: Class{Category: e.is.category, EventType: e.is.Code, Basis: e.basis}}
	for i := range e.is.lines {
		e.fill(&r.Attributes, &e.is.lines[i])
	}
	r.Result = resultOf(e.string(e.at("outcome", "result")))
	r.Flagged = e.is.Key == "mfa_verification" && e.flagged()
	return r, nil
}

// at returns the value at a path of member names, starting at the event.
func (e *event) at(keys ...string) int {
	at := 0
	for _, key := range keys {
		if at = e.member(at, key); at == none {
			break
		}
	}
	return at
}

// fill sets an attribute if the event has it.
func (e *event) fill(a *Attributes, l *line) {
	if l.target == "others" {
		a.TargetContext = e.names()
		return
	}
	at := e.find(l)
	if at == none {
		return
	}
	field := reflect.ValueOf(a).Elem().Field(l.field)
	switch first := e.first(at); {
	case field.Kind() == reflect.String:
		field.SetString(e.text(l, at))
	case field.Kind() == reflect.Struct && first == '{':
		field.Field(0).SetBytes(e.copied(at))
	case field.Kind() == reflect.Slice && first != 'n':
		field.SetBytes(e.copied(at))
	}
}

// find returns the value of an attribute, or none.
func (e *event) find(l *line) int {
	if l.target == "" {
		return e.at(l.keys...)
	}
	for _, target := range e.selected(l.target) {
		return e.member(target, l.keys[1])
	}
	return none
}

// text returns the string at. It returns "" for Okta's placeholders of an absent value: "null"
// for an address, and "unknown" for the alternate ID of a target.
func (e *event) text(l *line, at int) string {
	s := e.string(at)
	switch {
	case l.Key == "ip_address" && s == "null":
		return ""
	case l.Key == "target_resource_name" && s == "unknown":
		for _, target := range e.selected(l.target) {
			return e.string(e.member(target, "displayName"))
		}
	}
	return s
}

// names returns the names of the targets other than the group or role that was changed: a
// string, or a list of strings. If there is one target, its name is returned.
func (e *event) names() json.RawMessage {
	var names []string
	for _, target := range e.selected("others") {
		if name := e.string(e.member(target, "displayName")); name != "" {
			names = append(names, name)
		}
	}
	var out []byte
	switch len(names) {
	case 0:
		return nil
	case 1:
		out, _ = json.Marshal(names[0])
	default:
		out, _ = json.Marshal(names)
	}
	return out
}

// flagged reports whether a verification needs attention.
func (e *event) flagged() bool {
	switch e.oktaType {
	case "user.mfa.okta_verify.deny_push", "user.mfa.okta_verify.deny_push_upgrade_needed",
		"user.mfa.attempt_bypass", "user.account.report_suspicious_activity_by_enduser":
		return true
	}
	data := e.at("debugContext", "debugData")
	return e.string(e.member(data, "threatSuspected")) == "true" ||
		strings.Contains(e.string(e.member(data, "risk")), "level=HIGH")
}

// selected returns the targets of a line in the event's order: one target or, for others, all
// remaining targets. It selects by the types of the targets, because Okta does not specify an
// order. If no target has the right type, it selects the nearest type, as the authors of the
// matrix do.
func (e *event) selected(target string) []int {
	var targets []int
	for i := range e.children(e.member(0, "target"), '[') {
		if e.first(i) == '{' {
			targets = append(targets, i)
		}
	}
	if len(targets) < 2 {
		return targets
	}
	switch target {
	case "others":
		changed := "group"
		if strings.HasSuffix(e.is.Key, "_role") {
			changed = "role"
		}
		at := e.nearest(targets, changed)
		return slices.DeleteFunc(targets, func(t int) bool { return t == at })
	case "holder": // of a permission: the family of the event type names it
		family, _, _ := strings.Cut(e.oktaType, ".")
		switch target = family; family {
		case "user", "group", "app":
		case "application":
			target = "app"
		default:
			target = "thing"
		}
	}
	return []int{e.nearest(targets, target)}
}

// nearest returns the target with the type nearest to the wanted one, and the first of several.
func (e *event) nearest(targets []int, wanted string) int {
	found, least := none, math.MaxInt
	for _, t := range targets {
		if d := e.distance(wanted, t); d < least {
			found, least = t, d
		}
	}
	return found
}

// targetTypes maps kinds of targets to Okta's types.
var targetTypes = map[string]string{"user": "user", "group": "usergroup", "app": "appinstance", "role": "role"}

// distance returns the distance between the type of a target and the wanted type, 0 for the same type.
func (e *event) distance(wanted string, target int) int {
	lower := strings.ToLower(e.string(e.member(target, "type")))
	has := func(word string) bool { return strings.Contains(lower, word) }
	isGroup, isUser := has("group"), has("user") && !has("group")
	switch {
	case lower != "" && lower == targetTypes[wanted], wanted == "thing" && lower != "" && strings.HasSuffix(family(e.oktaType), lower):
		return 0
	case wanted == "user" && isUser, wanted == "group" && isGroup, wanted == "role" && has("role"), wanted == "app" && has("app") && !isUser:
		return 1
	case wanted == "thing" && has("permission"), wanted == "user" && isGroup, isUser:
		return 3
	default:
		return 2
	}
}

// family returns an event type without its last part, dots and underscores. The family of
// policy.rule.update ends with the type of its target, PolicyRule.
func family(oktaType string) string {
	dot := strings.LastIndexByte(oktaType, '.')
	return strings.ToLower(strings.NewReplacer(".", "", "_", "").Replace(oktaType[:max(0, dot)]))
}
