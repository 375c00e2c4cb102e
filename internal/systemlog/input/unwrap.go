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

// maxEnvelopes is the maximum nesting of envelopes.
const maxEnvelopes = 8

// An object holds the members of a JSON object that identify an event or an Okta error, and the
// members in which envelopes carry events. The latter are raw JSON, "" if absent.
type object struct {
	uuid, eventType, published    string
	errorCode, errorSummary       string
	data, detail, event, original string
	message, events               string
}

// isEvent reports whether the object has the members that every System Log event has.
func (o *object) isEvent() bool { return o.uuid != "" && o.eventType != "" && isTime(o.published) }

// isTime reports whether s is an RFC 3339 time.
func isTime(s string) bool {
	var t time.Time
	return t.UnmarshalText([]byte(s)) == nil
}

// readObject reads the next value, which is an object. If a member is repeated, the last one counts,
// as in encoding/json.
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

// A finding is an event, or an error for a part of an envelope that is not an event.
type finding struct {
	raw  string
	path string // path in the envelope, such as events[2]
	err  error
}

// hasEvent reports whether at least one finding is an event.
func hasEvent(all []finding) bool {
	return slices.ContainsFunc(all, func(f finding) bool { return f.err == nil })
}

// unwrap returns the events of the object, whose JSON is text. It opens all known envelopes. depth is
// the number of envelopes around the object.
func (o *object) unwrap(text, path string, depth int) []finding {
	switch {
	case o.isEvent():
		return []finding{{raw: text, path: path}}
	case depth >= maxEnvelopes:
		return []finding{{path: path, err: fmt.Errorf("more than %d nested envelopes", maxEnvelopes)}}
	}
	// Only the first member with an event counts, because some shippers repeat the event in a second
	// member.
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
		all := unwrapValue(m.value, join(path, m.name), depth+1)
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
	return []finding{{path: path, err: o.nonEventError()}}
}

// unwrapValue returns the events in a member of an envelope. v is the JSON of the member.
func unwrapValue(v, path string, depth int) []finding {
	switch v[0] {
	case '{':
		o := readObject(jsonscan.New(v))
		return o.unwrap(v, path, depth)
	case '[':
		if depth >= maxEnvelopes {
			break
		}
		var all []finding
		p := jsonscan.New(v)
		p.Enter('[')
		for i := 0; p.Element(); i++ {
			all = append(all, unwrapValue(p.Raw(), fmt.Sprintf("%s[%d]", path, i), depth+1)...)
		}
		return all
	case '"':
		var text string
		if json.Unmarshal([]byte(v), &text) == nil {
			return unwrapText(text, path, depth)
		}
	}
	return []finding{{path: path, err: errNotObject}}
}

// unwrapText returns the events in a string of an envelope. The string can have several JSON values
// in sequence.
func unwrapText(text, path string, depth int) []finding {
	blank := func(r rune) bool { return r <= ' ' || r == '\ufeff' }
	var all []finding
	for text = strings.TrimFunc(text, blank); text != ""; text = strings.TrimLeftFunc(text, blank) {
		p := jsonscan.New(text)
		p.Skip()
		if p.Failed() || text[0] != '{' && text[0] != '[' {
			return append(all, finding{path: path, err: errors.New("the string is not JSON")})
		}
		all = append(all, unwrapValue(text[:p.Offset()], path, depth)...)
		text = text[p.Offset():]
	}
	return all
}

// member returns the JSON of a member of the object v. It returns "" if the JSON does not begin with
// open.
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

// join appends a member name to a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// nonEventError returns the reason why the object is not an event.
func (o *object) nonEventError() error {
	if o.errorCode != "" {
		return fmt.Errorf("not an event but an Okta error: %s %s", o.errorCode, o.errorSummary)
	}
	var missing []string
	for _, m := range []struct{ name, value string }{{"uuid", o.uuid}, {"eventType", o.eventType}, {"published", o.published}} {
		if m.value == "" {
			missing = append(missing, m.name)
		}
	}
	if len(missing) == 0 {
		return errors.New("not an event of Okta's System Log: published is not an RFC 3339 time")
	}
	return errors.New("not an event of Okta's System Log: it has no " + strings.Join(missing, ", no "))
}

var errNotObject = errors.New("not an event of Okta's System Log: it is not a JSON object")
