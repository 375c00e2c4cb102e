package ecs

import (
	"slices"
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// sekoia writes the document of Sekoia.io's intake: the current one, or the one of July 2023.
func (w *writer) sekoia(e *event, rules *agents, current bool, original string) {
	w.timestamp(e)
	at := w.open(`"event":`)
	if !current {
		w.name(`"kind":"event"`)
	}
	w.name(`"dataset":"system-log"`)
	w.lit(`"action":`, e.get(atEventType))
	w.lit(`"reason":`, e.get(atMessage))
	w.class(sekoiaClass(e.get(atEventType).text()))
	if current {
		switch result := e.get(atResult); result {
		case `"SUCCESS"`, `"FAILURE"`:
			w.text(`"outcome":`, outcome(result))
		}
	}
	w.original(original)
	w.close(at)
	w.name(`"observer":{"vendor":"Okta"}`)
	at = w.open(`"source":`)
	w.origin(e, false)
	inner := w.open(`"user":`)
	w.lit(`"id":`, e.get(atClientID))
	w.close(inner)
	w.close(at)
	users := w.sekoiaUsers(e, current)
	w.userAgent(e, rules)
	at = w.open(`"okta":`)
	inner = w.open(`"system":`)
	w.sekoiaSystem(e, current)
	w.close(inner)
	w.close(at)
	at = w.open(`"related":`)
	var buffer [1]lit
	w.list(`"hosts":`, present(buffer[:0], e.get(atDomain)))
	w.list(`"ip":`, present(buffer[:0], e.get(atClientIP)))
	w.list(`"user":`, users)
	w.close(at)
}

// present appends a value that is not empty and not in the list.
func present(all []lit, l lit) []lit {
	if l == "" || slices.Contains(all, l) {
		return all
	}
	return append(all, l)
}

// sekoiaUsers writes user, and returns related.user. In 2023, the first target user replaced the
// actor. Since 2024, the user acted on has its own fields.
func (w *writer) sekoiaUsers(e *event, current bool) (related []lit) {
	actor, target := atActor, e.firstTarget(user, appUser)
	if !current && target != 0 {
		actor, target = target, 0
	}
	at := w.open(`"user":`)
	related = present(related, w.sekoiaUser(e.party(actor), current))
	if target != 0 {
		inner := w.open(`"target":`)
		related = present(related, w.sekoiaUser(e.party(target), current))
		w.close(inner)
	}
	w.close(at)
	slices.Sort(related)
	return related
}

func (w *writer) sekoiaUser(p party, current bool) (name lit) {
	name = p.alternateID
	if current {
		name = trimBackslashes(name)
	}
	w.lit(`"id":`, p.id)
	w.lit(`"name":`, name)
	w.lit(`"email":`, name)
	w.lit(`"full_name":`, p.displayName)
	return name
}

// trimBackslashes removes backslashes at the end.
func trimBackslashes(l lit) lit {
	if !strings.HasSuffix(string(l), `\\"`) {
		return l
	}
	s := strings.TrimRight(l.text(), `\`)
	if s == "" {
		return ""
	}
	return lit(jsonscan.AppendQuoted(nil, s))
}

func (w *writer) sekoiaSystem(e *event, current bool) {
	actor := e.party(atActor)
	w.lit(`"severity":`, e.get(atSeverity))
	if current {
		actor.alternateID = trimBackslashes(actor.alternateID)
	}
	at := w.open(`"actor":`)
	w.lit(`"id":`, actor.id)
	w.lit(`"type":`, actor.kind)
	w.lit(`"alternate_id":`, actor.alternateID)
	w.lit(`"display_name":`, actor.displayName)
	w.close(at)
	at = w.open(`"transaction":`)
	w.lit(`"id":`, e.get(atTransaction+1))
	w.lit(`"type":`, e.get(atTransaction+2))
	w.close(at)
	a := func(name string) lit { return e.get(atAuthentication + authenticationObject.at(name)) }
	at = w.open(`"authentication_context":`)
	w.lit(`"interface":`, a("interface"))
	inner := w.open(`"authentication":`)
	w.lit(`"provider":`, a("authenticationProvider"))
	w.close(inner)
	inner = w.open(`"credential":`)
	w.lit(`"provider":`, a("credentialProvider"))
	w.lit(`"type":`, a("credentialType"))
	w.close(inner)
	if session := a("externalSessionId"); session != `"unknown"` {
		w.lit(`"external_session_id":`, session)
	}
	w.nested(`"issuer":`, e, issuerObject, atAuthentication+authenticationObject.at("issuer"))
	w.close(at)
	w.nested(`"outcome":`, e, outcomeObject, atOutcome)
	if !current {
		return
	}
	if app := e.firstTarget(appInstance, appInstance); app != 0 {
		// Its members have Okta's names.
		t := e.party(app)
		at = w.open(`"target":`)
		w.lit(`"type":`, t.kind)
		w.lit(`"id":`, t.id)
		w.lit(`"alternateId":`, t.alternateID)
		w.lit(`"displayName":`, t.displayName)
		w.close(at)
	}
	at = w.open(`"debug":`)
	w.lit(`"dtHash":`, e.get(atDTHash))
	switch suspected := strings.ToLower(e.get(atThreat).text()); suspected {
	case "true", "false":
		w.lit(`"threatSuspected":`, lit(suspected))
	}
	w.pairs(`"risk":`, e.get(atRisk))
	w.pairs(`"behaviors":`, e.get(atBehaviors))
	w.close(at)
}

// pairs writes the parts of a Java map as an object.
func (w *writer) pairs(quoted string, l lit) {
	if l == "" {
		return
	}
	var buffer [8]member
	all := buffer[:0]
	for name, value, rest := cutPair(l.text()); name != ""; name, value, rest = cutPair(rest) {
		if value != "" {
			all = append(all, member{name, string(jsonscan.AppendQuoted(nil, value))})
		}
	}
	w.flattened(quoted, all)
}
