package selection

import (
	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/internal/systemlog"
)

// An Event is an event to match, mostly against several matchers: what they read of
// it is read once, when the first asks.
type Event struct {
	systemlog.Head
	read *fields
}

// fields are those that parameters can ask for.
type fields struct {
	outcome, severity, ip, country text
	actor, target                  entities
}

// A text is a string of an event, or why there is none.
type text struct {
	value  string
	there  bool   // false: absent or null
	unread string // the field's name, if it holds something other than a string
}

// An entity is an actor or a target.
type entity struct{ id, login text }

// entities are the actor, alone, or the targets.
type entities struct {
	all    []entity
	unread string // the list's name, if an entity of it could not be read
}

func (e *Event) fields() *fields {
	if e.read == nil {
		e.read = read(string(e.Raw))
	}
	return e.read
}

// read reads what can be asked for of one event. A member that comes twice counts as
// it came last. Of what is no JSON object nothing is there.
func read(raw string) *fields {
	p := jsonscan.New(raw)
	f := new(fields)
	if !p.Enter('{') {
		return f
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "severity":
			f.severity = readText(p, "severity")
		case "outcome":
			f.outcome = readMember(p, "outcome.result", "result")
		case "client":
			f.ip, f.country = readClient(p)
		case "actor":
			f.actor = entities{}
			f.actor.add(p, "actor")
		case "target":
			f.target = readTargets(p)
		default:
			p.Skip()
		}
	}
	if p.Err() != nil {
		return new(fields)
	}
	return f
}

// readText reads the next value; name is how it is called where it is no string.
func readText(p *jsonscan.Scanner, name string) text {
	switch p.Peek() {
	case '"':
		return text{value: p.Text(), there: true}
	case 'n':
		p.Skip()
		return text{}
	}
	p.Skip()
	return text{unread: name}
}

// enter goes into the next value if it is an object. Any other is passed over, and is
// odd unless it is null.
func enter(p *jsonscan.Scanner) (in, odd bool) {
	first := p.Peek()
	in = p.Enter('{')
	return in, !in && first != 'n'
}

// readMember reads a member of the next value; name is how it is called where it, or
// the whole value, is of another type.
func readMember(p *jsonscan.Scanner, name, member string) (t text) {
	in, odd := enter(p)
	if odd {
		return text{unread: name}
	}
	if !in {
		return t
	}
	for key, ok := p.Key(); ok; key, ok = p.Key() {
		if key == member {
			t = readText(p, name)
		} else {
			p.Skip()
		}
	}
	return t
}

func readClient(p *jsonscan.Scanner) (ip, country text) {
	const ipName, countryName = "client.ipAddress", "client.geographicalContext.country"
	in, odd := enter(p)
	if odd {
		return text{unread: ipName}, text{unread: countryName}
	}
	if !in {
		return ip, country
	}
	for key, ok := p.Key(); ok; key, ok = p.Key() {
		switch key {
		case "ipAddress":
			ip = readText(p, ipName)
		case "geographicalContext":
			country = readMember(p, countryName, "country")
		default:
			p.Skip()
		}
	}
	return ip, country
}

func readTargets(p *jsonscan.Scanner) (list entities) {
	first := p.Peek()
	if !p.Enter('[') {
		if first != 'n' {
			list.unread = "target"
		}
		return list
	}
	for p.Element() {
		list.add(p, "target")
	}
	return list
}

// add reads the next value as one more of the list, which name is the name of.
func (l *entities) add(p *jsonscan.Scanner, name string) {
	in, odd := enter(p)
	if odd {
		l.unread = name
	}
	if !in {
		return
	}
	var e entity
	for key, ok := p.Key(); ok; key, ok = p.Key() {
		switch key {
		case "id":
			e.id = readText(p, name+".id")
		case "alternateId":
			e.login = readText(p, name+".alternateId")
		default:
			p.Skip()
		}
	}
	l.all = append(l.all, e)
}
