package selection

import (
	"encoding/json"

	"soar.example/okta/internal/systemlog"
)

// An Event is an event to be judged, by several matchers mostly: what they read of
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
		e.read = readFast(e.Raw)
		if e.read == nil {
			e.read = readEach(e.Raw)
		}
	}
	return e.read
}

// readFast reads an event that is as documented, and returns nil for another.
func readFast(raw systemlog.Raw) *fields {
	type person struct {
		ID    *string `json:"id"`
		Login *string `json:"alternateId"`
	}
	var e struct {
		Severity *string `json:"severity"`
		Outcome  struct {
			Result *string `json:"result"`
		} `json:"outcome"`
		Client struct {
			IP  *string `json:"ipAddress"`
			Geo struct {
				Country *string `json:"country"`
			} `json:"geographicalContext"`
		} `json:"client"`
		Actor  *person   `json:"actor"`
		Target []*person `json:"target"`
	}
	if json.Unmarshal(raw, &e) != nil {
		return nil
	}
	f := &fields{outcome: known(e.Outcome.Result), severity: known(e.Severity), ip: known(e.Client.IP), country: known(e.Client.Geo.Country)}
	if e.Actor != nil {
		f.actor.all = []entity{{known(e.Actor.ID), known(e.Actor.Login)}}
	}
	for _, t := range e.Target {
		if t != nil {
			f.target.all = append(f.target.all, entity{known(t.ID), known(t.Login)})
		}
	}
	return f
}

func known(s *string) text {
	if s == nil {
		return text{}
	}
	return text{value: *s, there: true}
}

// readEach reads field by field what could not be read in one go.
func readEach(raw systemlog.Raw) *fields {
	var doc map[string]any
	_ = json.Unmarshal(raw, &doc)
	f := &fields{
		outcome: at(doc, "outcome.result", "outcome", "result"), severity: at(doc, "severity", "severity"),
		ip:      at(doc, "client.ipAddress", "client", "ipAddress"),
		country: at(doc, "client.geographicalContext.country", "client", "geographicalContext", "country"),
	}
	f.actor.add("actor", doc["actor"])
	switch list := doc["target"].(type) {
	case nil:
	case []any:
		for _, t := range list {
			f.target.add("target", t)
		}
	default:
		f.target.unread = "target"
	}
	return f
}

func (l *entities) add(name string, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		l.all = append(l.all, entity{at(v, name+".id", "id"), at(v, name+".alternateId", "alternateId")})
	default:
		l.unread = name
	}
}

// at reads the string at path; name is how it is called where it is not one.
func at(doc map[string]any, name string, path ...string) text {
	v := doc[path[0]]
	switch v := v.(type) {
	case nil:
		return text{}
	case string:
		if len(path) == 1 {
			return text{value: v, there: true}
		}
	case map[string]any:
		if len(path) > 1 {
			return at(v, name, path[1:]...)
		}
	}
	return text{unread: name}
}
