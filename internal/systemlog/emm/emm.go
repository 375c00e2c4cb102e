// Package emm puts Okta's events into AppOmni's SaaS Event Maturity Matrix: what kind
// of event each is in terms that all SaaS products share, and the attributes that the
// matrix wants to know of such an event.
//
// The matrix's authors map 28 kinds of event to Okta and show an example of each; the
// rest of Okta's event types are classified by the table of rules in this package.
package emm

//go:generate go run soar.example/okta/schema/describe

import (
	"encoding/json"
	"errors"
	"strings"
)

// ErrNotAnEvent is what [Normalize] returns for bytes that are not one JSON object.
var ErrNotAnEvent = errors.New("the event is not a JSON object")

// event is an event being read.
type event struct {
	*tape
	oktaType string
	is       eventType
	basis    Basis
}

// open reads raw; the tape is nil for what is no event, and to be freed otherwise.
func open(raw []byte) event {
	e := event{tape: readTape(raw)}
	if e.tape != nil {
		e.oktaType = e.string(e.member(0, "eventType"))
		e.is, e.basis = classify(e.oktaType)
	}
	return e
}

// Normalize returns one event, as Okta sent it, as a row of the matrix. Members that
// are missing, null or of another type than documented are left out; an event without
// a readable type is classified as [ByDefault]. The only error is [ErrNotAnEvent]. The
// row shares no memory with raw.
func Normalize(raw []byte) (Row, error) {
	e := open(raw)
	if e.tape == nil {
		return Row{}, ErrNotAnEvent
	}
	defer e.free()
	r := Row{Class: Class{Category: e.is.category(), EventType: eventTypes[e.is], Basis: e.basis}}
	lines := linesOf[e.is]
	for i := range lines {
		e.fill(&r.Attributes, &lines[i])
	}
	r.Result = resultOf(e.string(e.at("outcome", "result")))
	r.Flagged = e.is == mfaVerification && e.flagged()
	return r, nil
}

// at goes down from the event by the names of members.
func (e *event) at(keys ...string) int {
	at := 0
	for _, key := range keys {
		if at = e.member(at, key); at == none {
			break
		}
	}
	return at
}

// fill sets one attribute, if the event has it.
func (e *event) fill(a *Attributes, l *line) {
	if l.of == theOthers {
		a.TargetContext = e.names()
		return
	}
	at := e.find(l)
	if at == none {
		return
	}
	if s := a.text(l.attribute); s != nil {
		*s = e.said(l, at)
		return
	}
	// The word null in place of an object says as little as null does.
	opens := e.first(at)
	wanted := opens == '{' || l.attribute == targetContext || l.attribute == settingValue
	if wanted && opens != 'n' {
		*a.document(l.attribute) = e.copied(at)
	}
}

// find returns the value of an attribute, or none.
func (e *event) find(l *line) int {
	if l.of == noTarget {
		return e.at(l.keys...)
	}
	for _, target := range e.meant(l.of) {
		return e.member(target, l.keys[1])
	}
	return none
}

// said is the string at, unless it is one of Okta's words for nothing: an address can
// be the word "null", and the other id of a target "unknown".
func (e *event) said(l *line, at int) string {
	s := e.string(at)
	switch {
	case l.attribute == ipAddress && s == "null":
		return ""
	case l.attribute == targetResource && s == "unknown":
		for _, target := range e.meant(l.of) {
			return e.string(e.member(target, "displayName"))
		}
	}
	return s
}

// names are those of the targets beside the group or role that was changed: a string,
// or a list of them; that of the only target if there are no others.
func (e *event) names() json.RawMessage {
	var names []string
	for _, target := range e.meant(theOthers) {
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

// flagged reports whether a verification is one to look into.
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
