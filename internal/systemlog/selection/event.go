package selection

import (
	"strings"

	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/internal/systemlog"
)

// An Event is an event to match against one or more matchers. It parses the fields at the first use
// and caches them.
type Event struct {
	systemlog.Head
	parsed *fields
}

// fields holds the fields that selections can match.
type fields struct {
	outcome, severity, ip, country text
	actor, target                  entities
}

// A text is a string field of an event.
type text struct {
	value      string
	present    bool   // whether the field is a string; false if it is absent or null
	unreadable string // path of the field if its value is not a string
}

// An entity is the actor or a target of an event.
type entity struct{ id, login text }

// entities holds the actor or the targets.
type entities struct {
	all        []entity
	unreadable string // actor or target, if at least one entity is not an object
}

func (e *Event) fields() *fields {
	if e.parsed == nil {
		e.parsed = parse(string(e.Raw))
	}
	return e.parsed
}

// parse reads the fields of one event. If a member is repeated, the last one counts. A text that is
// not a JSON object has no fields.
func parse(raw string) *fields {
	p, f := jsonscan.New(raw), new(fields)
	for name := range p.Members() {
		switch name {
		case "severity":
			f.severity = readText(p, "severity", "")
		case "outcome":
			readObject(p, name, memberText{"result", &f.outcome})
		case "client":
			readObject(p, name, memberText{"ipAddress", &f.ip}, memberText{"geographicalContext.country", &f.country})
		case "actor":
			f.actor = entities{}
			f.actor.add(p, name)
		case "target":
			f.target = entities{}
			if first := p.Peek(); first != '[' && first != 'n' {
				f.target.unreadable = name
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

// readText reads the next value. If the value is neither a string nor null, the unreadable field is
// path + rest.
func readText(p *jsonscan.Scanner, path, rest string) text {
	switch p.Peek() {
	case '"':
		return text{value: p.Text(), present: true}
	case 'n':
		p.Skip()
		return text{}
	}
	p.Skip()
	return text{unreadable: path + rest}
}

// memberText is the path of a member below an object, and the text to set from it.
type memberText struct {
	path string
	to   *text
}

// readObject reads members of the next value and reports whether the value is an object. If it is
// neither an object nor null, all the members are unreadable.
func readObject(p *jsonscan.Scanner, path string, members ...memberText) bool {
	first := p.Peek()
	for _, m := range members {
		*m.to = text{}
		if first != '{' && first != 'n' {
			m.to.unreadable = path + "." + m.path
		}
	}
	for name := range p.Members() {
		for _, m := range members {
			switch first, rest, deeper := strings.Cut(m.path, "."); {
			case first != name:
			case deeper:
				readObject(p, path+"."+name, memberText{rest, m.to})
			default:
				*m.to = readText(p, path, "."+name)
			}
		}
	}
	return first == '{'
}

// add reads the next value as another entity. name is actor or target.
func (l *entities) add(p *jsonscan.Scanner, name string) {
	var e entity
	switch first := p.Peek(); {
	case readObject(p, name, memberText{"id", &e.id}, memberText{"alternateId", &e.login}):
		l.all = append(l.all, e)
	case first != 'n':
		l.unreadable = name
	}
}
