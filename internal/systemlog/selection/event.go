package selection

import (
	"strings"

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

// read reads the fields of one event. A member that comes twice counts as it came last. A text
// that is not a JSON object has no fields.
func read(raw string) *fields {
	p, f := jsonscan.New(raw), new(fields)
	for name := range p.Members() {
		switch name {
		case "severity":
			f.severity = readText(p, "severity", "")
		case "outcome":
			readObject(p, name, wanted{"result", &f.outcome})
		case "client":
			readObject(p, name, wanted{"ipAddress", &f.ip}, wanted{"geographicalContext.country", &f.country})
		case "actor":
			f.actor = entities{}
			f.actor.add(p, name)
		case "target":
			f.target = entities{}
			if first := p.Peek(); first != '[' && first != 'n' {
				f.target.unread = name
			}
			if p.Peek() == '[' {
				for p.Enter('['); p.Element(); {
					f.target.add(p, name)
				}
			}
		}
	}
	if p.Err() != nil {
		return new(fields)
	}
	return f
}

// readText reads the next value. If the value is not a string, the text is unread under its
// path, whose last parts are rest.
func readText(p *jsonscan.Scanner, path, rest string) text {
	switch p.Peek() {
	case '"':
		return text{value: p.Text(), there: true}
	case 'n':
		p.Skip()
		return text{}
	}
	p.Skip()
	return text{unread: path + rest}
}

// wanted is a member to read into a text, with its path below an object.
type wanted struct {
	path string
	to   *text
}

// readObject reads members of the next value. It reports whether the value is an object. If the
// value is neither an object nor null, the members are unread.
func readObject(p *jsonscan.Scanner, path string, members ...wanted) bool {
	first := p.Peek()
	for _, m := range members {
		*m.to = text{}
		if first != '{' && first != 'n' {
			m.to.unread = path + "." + m.path
		}
	}
	for name := range p.Members() {
		for _, m := range members {
			switch first, rest, deeper := strings.Cut(m.path, "."); {
			case first != name:
			case deeper:
				readObject(p, path+"."+name, wanted{rest, m.to})
			default:
				*m.to = readText(p, path, "."+name)
			}
		}
	}
	return first == '{'
}

// add reads the next value as one more entity of the list with that name.
func (l *entities) add(p *jsonscan.Scanner, name string) {
	var e entity
	switch first := p.Peek(); {
	case readObject(p, name, wanted{"id", &e.id}, wanted{"alternateId", &e.login}):
		l.all = append(l.all, e)
	case first != 'n':
		l.unread = name
	}
}
