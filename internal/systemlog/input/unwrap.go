package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"soar.example/okta/internal/jsonscan"
)

// maxWraps is how deep envelopes may lie in each other.
const maxWraps = 8

// An object is what the reader must know of a JSON object: the members of an event,
// and those in which envelopes carry events. The latter are raw JSON, "" if absent.
type object struct {
	uuid, eventType, published    string
	errorCode, errorSummary       string
	data, detail, event, original string
	message, events               string
}

func (o *object) isEvent() bool { return o.uuid != "" && o.eventType != "" && isTime(o.published) }

func isTime(s string) bool {
	var t time.Time
	return t.UnmarshalText([]byte(s)) == nil
}

// readObject reads the next value, an object. As with encoding/json, the last of
// several members of one name counts.
func readObject(p *jsonscan.Scanner, text string) object {
	var o object
	raw := func() string {
		p.Peek()
		from := p.Offset()
		p.Skip()
		if p.Failed() {
			return ""
		}
		return text[from:p.Offset()]
	}
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "uuid":
			o.uuid = p.Text()
		case "eventType":
			o.eventType = p.Text()
		case "published":
			o.published = p.Text()
		case "errorCode":
			o.errorCode = p.Text()
		case "errorSummary":
			o.errorSummary = p.Text()
		case "data":
			o.data = raw()
		case "detail":
			o.detail = raw()
		case "event":
			o.event = raw()
		case "event.original":
			o.original = raw()
		case "message":
			o.message = raw()
		case "events":
			o.events = raw()
		default:
			p.Skip()
		}
	}
	return o
}

// found takes an event, or an error with the place in the envelope: "events[2]".
type found func(raw, where string, err error)

// unwrap gives take the events in an object whose JSON is text, from whatever known
// envelopes they are in. What is no event is an error.
func unwrap(o *object, text, where string, wraps int, take found) {
	if o.isEvent() {
		take(text, where, nil)
		return
	}
	if wraps >= maxWraps {
		take("", where, fmt.Errorf("over %d envelopes lie in each other", maxWraps))
		return
	}
	inner := func(v, name string) bool { return unwrapValue(v, join(where, name), wraps+1, take) }
	switch {
	case o.data != "" && inner(member(o.data, "events", '['), "data.events"): // Okta's event hook
	case o.events != "" && o.events[0] == '[' && inner(o.events, "events"): // get_logs
	case inner(o.detail, "detail"): // EventBridge
	case inner(member(o.event, "original", '"'), "event.original"), inner(o.original, "event.original"): // Elastic
	case inner(o.event, "event"): // Splunk's HTTP event collector
	case inner(o.message, "message"): // Filebeat
	default:
		take("", where, o.fault())
	}
}

// unwrapValue unwraps the value of an envelope's member. It reports false if the
// member has no event, so that another may.
func unwrapValue(v, where string, wraps int, take found) bool {
	if v == "" {
		return false
	}
	switch v[0] {
	case '[':
		p := jsonscan.New(v)
		p.Enter('[')
		for i := 0; p.Element(); i++ {
			p.Peek()
			from := p.Offset()
			p.Skip()
			at := fmt.Sprintf("%s[%d]", where, i)
			if !unwrapValue(v[from:p.Offset()], at, wraps+1, take) {
				take("", at, reasonOf(v[from:p.Offset()]))
			}
		}
		return true
	case '{':
		o := readObject(jsonscan.New(v), v)
		// Its events count only if there are any: another member may have them.
		has := false
		var events []func()
		unwrap(&o, v, where, wraps, func(raw, at string, err error) {
			has = has || err == nil
			events = append(events, func() { take(raw, at, err) })
		})
		for _, event := range events {
			if has {
				event()
			}
		}
		return has
	case '"':
		var text string
		if json.Unmarshal([]byte(v), &text) != nil {
			return false
		}
		return unwrapText(strings.TrimFunc(text, func(r rune) bool { return r <= ' ' || r == '\ufeff' }), where, wraps, take)
	}
	return false
}

// unwrapText unwraps JSON text that an envelope carries as a string, in which one
// value may follow another.
func unwrapText(text, where string, wraps int, take found) bool {
	has := false
	for text != "" && (text[0] == '{' || text[0] == '[') {
		p := jsonscan.New(text)
		if p.Skip(); p.Failed() {
			break
		}
		value := text[:p.Offset()]
		text = strings.TrimLeft(text[p.Offset():], " \t\r\n")
		if unwrapValue(value, where, wraps, take) {
			has = true
		} else if has {
			take("", where, reasonOf(value))
		}
	}
	if has && text != "" {
		take("", where, errors.New("the text after the event is not JSON"))
	}
	return has
}

// member returns a member of the object v as JSON if it begins with open; else "".
func member(v, name string, open byte) string {
	p := jsonscan.New(v)
	found := ""
	p.Enter('{')
	for key, ok := p.Key(); ok; key, ok = p.Key() {
		first := p.Peek()
		from := p.Offset()
		p.Skip()
		if key == name && first == open {
			found = v[from:p.Offset()]
		}
	}
	return found
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

// fault says why an object is no event.
func (o *object) fault() error {
	if o.errorCode != "" {
		return fmt.Errorf("this is an error of Okta's, not an event: %s %s", o.errorCode, o.errorSummary)
	}
	var missing []string
	for _, m := range []struct{ name, value string }{{"uuid", o.uuid}, {"eventType", o.eventType}, {"published", o.published}} {
		if m.value == "" {
			missing = append(missing, m.name)
		}
	}
	if len(missing) == 0 {
		return errors.New("not an event of Okta's System Log: its published is not a time")
	}
	return errors.New("not an event of Okta's System Log: it has no " + strings.Join(missing, " and no "))
}

// reasonOf says why a value of an envelope is no event.
func reasonOf(v string) error {
	if strings.HasPrefix(v, "{") {
		o := readObject(jsonscan.New(v), v)
		return o.fault()
	}
	return errNoObject
}

var errNoObject = errors.New("not an event of Okta's System Log: it is not a JSON object")
