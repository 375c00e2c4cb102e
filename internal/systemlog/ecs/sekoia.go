package ecs

import (
	"slices"
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// sekoia writes the document of Sekoia.io's intake: the current one, or the one of
// July 2023.
func (w *writer) sekoia(e *event, rules *agents, current bool, original string) {
	if at := timestamp(e.published.text()); at != "" {
		w.b = append(append(append(w.b, `"@timestamp":"`...), at...), '"')
	}
	at := w.open(`"event":`)
	if !current {
		w.name(`"kind":"event"`)
	}
	w.name(`"dataset":"system-log"`)
	w.lit(`"action":`, e.eventType)
	w.lit(`"reason":`, e.displayMessage)
	w.class(sekoiaClass(e.eventType.text()))
	if current {
		switch e.outcome.result {
		case `"SUCCESS"`, `"FAILURE"`:
			w.text(`"outcome":`, outcome(e.outcome.result))
		}
	}
	w.original(original)
	w.close(at)
	w.name(`"observer":{"vendor":"Okta"}`)
	w.sekoiaSource(e)
	users := w.sekoiaUsers(e, current)
	w.userAgent(e, rules)
	at = w.open(`"okta":`)
	inner := w.open(`"system":`)
	w.system(e, current)
	w.close(inner)
	w.close(at)
	at = w.open(`"related":`)
	var room [1]lit
	w.list(`"hosts":`, present(room[:0], e.security.domain))
	w.list(`"ip":`, present(room[:0], e.client.ip))
	w.list(`"user":`, users)
	w.close(at)
}

// present appends a value that is there and new.
func present(all []lit, l lit) []lit {
	if l == "" || slices.Contains(all, l) {
		return all
	}
	return append(all, l)
}

func (w *writer) sekoiaSource(e *event) {
	c, s := &e.client, &e.security
	at := w.open(`"source":`)
	w.lit(`"ip":`, c.ip)
	if s.domain != "" {
		w.lit(`"address":`, s.domain)
		w.domain(s.domain)
	} else {
		w.lit(`"address":`, c.ip)
	}
	as := w.open(`"as":`)
	w.lit(`"number":`, s.asNumber)
	organization := w.open(`"organization":`)
	w.lit(`"name":`, s.asOrg)
	w.close(organization)
	w.close(as)
	inner := w.open(`"geo":`)
	w.lit(`"city_name":`, c.geo.city)
	w.lit(`"region_name":`, c.geo.state)
	w.lit(`"country_name":`, c.geo.country)
	w.lit(`"postal_code":`, c.geo.postalCode)
	w.point(`"location":`, &c.geo)
	w.close(inner)
	inner = w.open(`"user":`)
	w.lit(`"id":`, c.id)
	w.close(inner)
	w.close(at)
}

// sekoiaUsers writes user and returns related.user. In 2023 the first target user
// replaced the actor; since 2024 the user acted on has fields of its own.
func (w *writer) sekoiaUsers(e *event, current bool) (related []lit) {
	actor, target := &e.actor, (*party)(nil)
	for i := range e.targets {
		if t := &e.targets[i]; t.kind == `"User"` || t.kind == `"AppUser"` {
			target = t
			break
		}
	}
	if !current && target != nil {
		actor, target = target, nil
	}
	at := w.open(`"user":`)
	related = present(related, w.sekoiaUser(actor, current))
	if target != nil {
		inner := w.open(`"target":`)
		related = present(related, w.sekoiaUser(target, current))
		w.close(inner)
	}
	w.close(at)
	slices.Sort(related)
	return related
}

func (w *writer) sekoiaUser(p *party, current bool) (name lit) {
	name = p.alternateID
	if current {
		name = strip(name)
	}
	w.lit(`"id":`, p.id)
	w.lit(`"name":`, name)
	w.lit(`"email":`, name)
	w.lit(`"full_name":`, p.displayName)
	return name
}

// strip removes the backslashes at the end.
func strip(l lit) lit {
	if !strings.HasSuffix(string(l), `\\"`) {
		return l
	}
	s := strings.TrimRight(l.text(), `\`)
	if s == "" {
		return ""
	}
	return lit(jsonscan.AppendQuoted(nil, s))
}

func (w *writer) system(e *event, current bool) {
	actor := e.actor
	w.lit(`"severity":`, e.severity)
	if current {
		actor.alternateID = strip(actor.alternateID)
	}
	at := w.open(`"actor":`)
	w.party(&actor)
	w.close(at)
	at = w.open(`"transaction":`)
	w.lit(`"id":`, e.transaction.id)
	w.lit(`"type":`, e.transaction.kind)
	w.close(at)
	a := &e.auth
	at = w.open(`"authentication_context":`)
	w.lit(`"interface":`, a.kind)
	inner := w.open(`"authentication":`)
	w.lit(`"provider":`, a.provider)
	w.close(inner)
	inner = w.open(`"credential":`)
	w.lit(`"provider":`, a.credentialProvider)
	w.lit(`"type":`, a.credentialType)
	w.close(inner)
	if a.session != `"unknown"` {
		w.lit(`"external_session_id":`, a.session)
	}
	inner = w.open(`"issuer":`)
	w.lit(`"id":`, a.issuerID)
	w.lit(`"type":`, a.issuerType)
	w.close(inner)
	w.close(at)
	at = w.open(`"outcome":`)
	w.lit(`"result":`, e.outcome.result)
	w.lit(`"reason":`, e.outcome.reason)
	w.close(at)
	if current {
		w.sekoiaTarget(e)
		w.sekoiaDebug(e.debugData())
	}
}

// sekoiaTarget writes the first app among the targets. Its names are Okta's.
func (w *writer) sekoiaTarget(e *event) {
	for i := range e.targets {
		t := &e.targets[i]
		if t.kind != `"AppInstance"` {
			continue
		}
		at := w.open(`"target":`)
		w.lit(`"type":`, t.kind)
		w.lit(`"id":`, t.id)
		w.lit(`"alternateId":`, t.alternateID)
		w.lit(`"displayName":`, t.displayName)
		w.close(at)
		return
	}
}

func (w *writer) sekoiaDebug(d *debugData) {
	at := w.open(`"debug":`)
	w.lit(`"dtHash":`, d.dtHash)
	switch strings.ToLower(d.threatSuspected.text()) {
	case "true":
		w.lit(`"threatSuspected":`, "true")
	case "false":
		w.lit(`"threatSuspected":`, "false")
	}
	w.pairs(`"risk":`, d.risk)
	w.pairs(`"behaviors":`, d.behaviors)
	w.close(at)
}

// pairs writes the parts of a Java map as an object.
func (w *writer) pairs(quoted string, l lit) {
	if l == "" {
		return
	}
	var room [8]member
	all := room[:0]
	for name, value, rest := cutPair(l.text()); name != ""; name, value, rest = cutPair(rest) {
		if value != "" {
			all = append(all, member{name, string(jsonscan.AppendQuoted(nil, value))})
		}
	}
	w.flattened(quoted, all)
}
