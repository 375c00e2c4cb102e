package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
func readObject(p *jsonscan.Scanner) object {
	var o object
	for name := range p.Members() {
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
			o.data = p.Raw()
		case "detail":
			o.detail = p.Raw()
		case "event":
			o.event = p.Raw()
		case "event.original":
			o.original = p.Raw()
		case "message":
			o.message = p.Raw()
		case "events":
			o.events = p.Raw()
		}
	}
	return o
}

// A finding is an event, or a reason why a part of an envelope is none, with its
// place there: "events[2]".
type finding struct {
	raw, where string
	err        error
}

func hasEvent(all []finding) bool {
	return slices.ContainsFunc(all, func(f finding) bool { return f.err == nil })
}

// unwrap returns the events in an object whose JSON is text. It opens all known
// envelopes.
func (o *object) unwrap(text, where string, wraps int) []finding {
	switch {
	case o.isEvent():
		return []finding{{raw: text, where: where}}
	case wraps >= maxWraps:
		return []finding{{where: where, err: fmt.Errorf("over %d envelopes lie in each other", maxWraps)}}
	}
	// The first member that has an event counts: shippers send some events twice.
	list, isList := []finding(nil), false
	for _, m := range []struct{ name, value string }{
		{"data.events", member(o.data, "events", '[')},                                       // Okta's event hook
		{"events", o.events},                                                                 // get_logs
		{"detail", o.detail},                                                                 // EventBridge
		{"event.original", member(o.event, "original", '"')}, {"event.original", o.original}, // Elastic
		{"event", o.event},     // Splunk's HTTP event collector
		{"message", o.message}, // Filebeat
	} {
		if m.value == "" || m.name == "events" && m.value[0] != '[' {
			continue
		}
		all := unwrapValue(m.value, join(where, m.name), wraps+1)
		if hasEvent(all) {
			return all
		}
		if m.value[0] == '[' && !isList {
			list, isList = all, true
		}
	}
	if isList {
		return list
	}
	return []finding{{where: where, err: o.fault()}}
}

// unwrapValue returns the events in the value of an envelope's member.
func unwrapValue(v, where string, wraps int) []finding {
	switch v[0] {
	case '{':
		o := readObject(jsonscan.New(v))
		return o.unwrap(v, where, wraps)
	case '[':
		if wraps >= maxWraps {
			break
		}
		var all []finding
		p := jsonscan.New(v)
		p.Enter('[')
		for i := 0; p.Element(); i++ {
			all = append(all, unwrapValue(p.Raw(), fmt.Sprintf("%s[%d]", where, i), wraps+1)...)
		}
		return all
	case '"':
		var text string
		if json.Unmarshal([]byte(v), &text) == nil {
			return unwrapText(text, where, wraps)
		}
	}
	return []finding{{where: where, err: errNoObject}}
}

// unwrapText returns the events in JSON text that an envelope carries as a string, in
// which one value may follow another.
func unwrapText(text, where string, wraps int) []finding {
	blank := func(r rune) bool { return r <= ' ' || r == '\ufeff' }
	var all []finding
	for text = strings.TrimFunc(text, blank); text != ""; text = strings.TrimLeftFunc(text, blank) {
		p := jsonscan.New(text)
		p.Skip()
		if p.Failed() || text[0] != '{' && text[0] != '[' {
			return append(all, finding{where: where, err: errors.New("its text is not JSON")})
		}
		all = append(all, unwrapValue(text[:p.Offset()], where, wraps)...)
		text = text[p.Offset():]
	}
	return all
}

// member returns a member of the object v as JSON if it begins with open; else "".
func member(v, name string, open byte) string {
	p := jsonscan.New(v)
	found := ""
	for key := range p.Members() {
		if raw := p.Raw(); key == name && raw != "" && raw[0] == open {
			found = raw
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

var errNoObject = errors.New("not an event of Okta's System Log: it is not a JSON object")
