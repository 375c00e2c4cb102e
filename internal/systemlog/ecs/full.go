package ecs

import (
	"cmp"
	"slices"
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// full writes the document of the full profile.
func (w *writer) full(e *event, rules *agents, original string) {
	w.timestamp(e)
	w.name(`"ecs":{"version":"` + Version + `"}`)
	at := w.open(`"event":`)
	w.lit(`"id":`, e.get(atUUID))
	w.name(`"kind":"event","dataset":"system-log"`)
	w.lit(`"action":`, e.get(atEventType))
	w.lit(`"reason":`, e.get(atMessage))
	w.class(Classify(e.get(atEventType).text()))
	w.b = append(append(append(w.b, `,"outcome":"`...), outcome(e.get(atResult))...), '"')
	w.original(original)
	w.close(at)
	w.name(`"observer":{"vendor":"Okta"}`)
	w.users(e, w.endpoints(e))
	w.userAgent(e, rules)
	host := w.url(e)
	at = w.open(`"device":`)
	w.lit(`"id":`, e.get(atDeviceID))
	w.close(at)
	at = w.open(`"okta":`)
	w.object(e, eventObject, 0)
	if isNoValue := func(v value) bool { return v.lit != "" && isPlaceholder(v.lit) }; len(e.extra) > 0 ||
		slices.ContainsFunc(e.values[atClientGeo+1:atClientGeo+5], isNoValue) {
		slices.SortStableFunc(e.extra, func(a, b extraMember) int { return cmp.Compare(a.owner, b.owner) })
		w.flattened(`"other":`, e.rest(eventObject, 0, false))
	}
	w.close(at)
	w.related(e, host)
}

// timestamp writes the time of the event.
func (w *writer) timestamp(e *event) {
	if at := timestamp(e.get(atPublished).text()); at != "" {
		w.b = append(append(append(w.b, `"@timestamp":"`...), at...), '"')
	}
}

// A span is a part of the document.
type span struct{ from, to int }

// endpoints writes source and client, which are equal except for the actor in client. It returns
// the part of the document with the members of the actor.
func (w *writer) endpoints(e *event) (actor span) {
	mark := w.open(`"source":`)
	from := len(w.b) - 1
	w.origin(e, true)
	to := len(w.b)
	w.close(mark)
	mark = len(w.b)
	w.name(`"client":`)
	w.b = append(w.b, w.b[from:to]...)
	at := w.open(`"user":`)
	actor.from = len(w.b)
	w.person(e.party(atActor))
	actor.to = len(w.b)
	w.close(at)
	w.close(mark)
	return actor
}

// origin writes the address, domain, network and location of the client. If clean is true, it
// omits placeholders for absent values.
func (w *writer) origin(e *event, clean bool) {
	w.lit(`"ip":`, e.get(atClientIP))
	domain := e.get(atDomain)
	if clean {
		domain = e.domain()
	}
	if domain != "" {
		w.lit(`"address":`, domain)
		w.domain(domain)
	} else {
		w.lit(`"address":`, e.get(atClientIP))
	}
	w.system(e, atASNumber, clean)
	at := w.open(`"geo":`)
	for i, quoted := range [...]string{`"city_name":`, `"region_name":`, `"country_name":`, `"postal_code":`} {
		if l := e.get(atClientGeo + 1 + i); !clean || !isPlaceholder(l) {
			w.lit(quoted, l)
		}
	}
	w.point(`"location":`, e, atClientGeo+5)
	w.close(at)
}

// system writes the autonomous system with its number at a slot, and its organization at the next
// slot.
func (w *writer) system(e *event, slot int, clean bool) {
	as := w.open(`"as":`)
	w.lit(`"number":`, e.get(slot))
	if name := e.get(slot + 1); !clean || !isPlaceholder(name) {
		organization := w.open(`"organization":`)
		w.lit(`"name":`, name)
		w.close(organization)
	}
	w.close(as)
}

// domain returns the domain of the client's address. Okta sends a dot if there is no domain.
func (e *event) domain() lit {
	if d := e.get(atDomain); d != `"."` && !isPlaceholder(d) {
		return d
	}
	return ""
}

// The kinds of targets.
const (
	user        = lit(`"User"`)
	appUser     = lit(`"AppUser"`)
	userGroup   = lit(`"UserGroup"`)
	appInstance = lit(`"AppInstance"`)
)

// A party is an actor or a target.
type party struct{ id, kind, alternateID, displayName lit }

// party returns the actor or target with its header at a slot.
func (e *event) party(at int) party {
	return party{e.get(at + 1), e.get(at + 2), e.get(at + 3), e.get(at + 4)}
}

// firstTarget returns the slot of the first target of one of two kinds, or 0.
func (e *event) firstTarget(kind, other lit) int {
	for at, end := e.items(atTargets); at < end; at += targetObject.size {
		if k := e.get(at + 2); k == kind || k == other {
			return at
		}
	}
	return 0
}

// users writes user: the actor and the other users of the event. The user acted on is the first
// target of type User, else the first of type AppUser. A sign-in to an app has both, and the
// AppUser has the app's ID of the user.
func (w *writer) users(e *event, actor span) {
	at := w.open(`"user":`)
	w.b = append(w.b, w.b[actor.from:actor.to]...)
	target := cmp.Or(e.firstTarget(user, user), e.firstTarget(appUser, appUser))
	inner := w.open(`"target":`)
	if target != 0 {
		w.person(e.party(target))
	}
	if group := e.firstTarget(userGroup, userGroup); group != 0 {
		g := w.open(`"group":`)
		w.lit(`"id":`, e.party(group).id)
		w.lit(`"name":`, e.party(group).displayName)
		w.close(g)
	}
	w.close(inner)
	if target != 0 {
		inner = w.open(`"changes":`)
		w.person(changes(e.members(target + atChangedTo)))
		w.close(inner)
		switch e.get(atEventType) {
		case `"user.session.impersonation.initiate"`, `"user.session.impersonation.end"`:
			inner = w.open(`"effective":`)
			w.person(e.party(target))
			w.close(inner)
		}
	}
	w.close(at)
}

func (w *writer) person(p party) {
	w.lit(`"id":`, p.id)
	w.lit(`"name":`, p.alternateID)
	if isEmail(p.alternateID) {
		w.lit(`"email":`, p.alternateID)
	}
	w.lit(`"full_name":`, p.displayName)
}

// changes returns the new name and login of a user, from the values after the change.
func changes(after []member) (p party) {
	for _, m := range after {
		if m.raw[0] != '"' {
			continue
		}
		switch name := m.name[strings.LastIndexByte(m.name, '.')+1:]; name {
		case "login", "userName", "username":
			p.alternateID = lit(m.raw)
		case "email":
			if p.alternateID == "" {
				p.alternateID = lit(m.raw)
			}
		case "displayName":
			p.displayName = lit(m.raw)
		}
	}
	return p
}

// url writes the URL of the request, and returns its host.
func (w *writer) url(e *event) (host string) {
	original := e.get(atURL)
	if isPlaceholder(original) {
		original = e.get(atRequestURI)
	}
	if isPlaceholder(original) {
		return ""
	}
	at := w.open(`"url":`)
	w.lit(`"original":`, original)
	rest := original.text()
	if scheme, after, ok := strings.Cut(rest, "://"); ok && scheme != "" && !strings.ContainsAny(scheme, "/?#") {
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		host = after[strings.LastIndexByte(after[:end], '@')+1 : end]
		if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
			host = host[:colon]
		}
		w.text(`"scheme":`, scheme)
		w.text(`"domain":`, host)
		rest = after[end:]
	}
	rest, _, _ = strings.Cut(rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	w.text(`"path":`, path)
	w.text(`"query":`, query)
	w.close(at)
	return host
}

// related writes the values to search for in other events.
func (w *writer) related(e *event, host string) {
	var buffer [24]lit
	at := w.open(`"related":`)
	all := add(buffer[:0], e.domain())
	if host != "" {
		all = add(all, lit(jsonscan.AppendQuoted(nil, host)))
	}
	w.list(`"hosts":`, add(all, e.get(atDeviceName)))
	all = add(buffer[:0], e.get(atClientIP))
	for hop, end := e.items(atChain); hop < end; hop += hopObject.size {
		all = add(all, e.get(hop+1))
	}
	w.list(`"ip":`, all)
	all = e.party(atActor).identifiers(buffer[:0])
	for target, end := e.items(atTargets); target < end; target += targetObject.size {
		if p := e.party(target); p.kind == user || p.kind == appUser {
			all = p.identifiers(all)
		}
	}
	w.list(`"user":`, all)
	w.list(`"hash":`, add(buffer[:0], e.get(atDTHash)))
	w.close(at)
}

func (p party) identifiers(all []lit) []lit {
	return add(add(add(all, p.alternateID), p.id), p.displayName)
}

// add appends a value that is not in the list and not a placeholder.
func add(all []lit, l lit) []lit {
	if isPlaceholder(l) {
		return all
	}
	const many = 1000 // okta.target has all values of a larger event
	for _, known := range all {
		if known == l || len(all) > many {
			return all
		}
	}
	return append(all, l)
}

// detail writes the details of a request: the ID of its API token, and the others.
func (w *writer) detail(quoted string, all []member) {
	at := w.open(quoted)
	for i := range slices.Backward(all) {
		if m := &all[i]; m.name == "requestApiTokenId" && word(m.raw) != "" {
			w.lit(`"request_api_token_id":`, word(m.raw))
			m.raw = ""
			break
		}
	}
	w.flattened(`"flattened":`, all)
	w.close(at)
}
