package ecs

import (
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// full writes the document of the full profile.
func (w *writer) full(e *event, rules *agents, original string) {
	d := e.debugData()
	if at := timestamp(e.published.text()); at != "" {
		w.b = append(append(append(w.b, `"@timestamp":"`...), at...), '"')
	}
	w.name(`"ecs":{"version":"` + Version + `"}`)
	at := w.open(`"event":`)
	w.lit(`"id":`, e.uuid)
	w.name(`"kind":"event","dataset":"system-log"`)
	w.lit(`"action":`, e.eventType)
	w.lit(`"reason":`, e.displayMessage)
	w.class(Classify(e.eventType.text()))
	w.b = append(append(append(w.b, `,"outcome":"`...), outcome(e.outcome.result)...), '"')
	w.original(original)
	w.close(at)
	w.name(`"observer":{"vendor":"Okta"}`)
	w.users(e, w.endpoints(e))
	w.userAgent(e, rules)
	host := w.url(d)
	at = w.open(`"device":`)
	w.lit(`"id":`, e.device.id)
	w.close(at)
	at = w.open(`"okta":`)
	w.okta(e, d)
	w.close(at)
	w.related(e, d, host)
}

// endpoints writes source and client. They are the same, but client has the actor too.
// It returns the place of the actor's members in w.b.
func (w *writer) endpoints(e *event) (actor span) {
	mark := w.open(`"source":`)
	from := len(w.b) - 1
	c, s := &e.client, &e.security
	w.lit(`"ip":`, c.ip)
	if domain := e.domain(); domain != "" {
		w.lit(`"address":`, domain)
		w.domain(domain)
	} else {
		w.lit(`"address":`, c.ip)
	}
	as := w.open(`"as":`)
	w.lit(`"number":`, s.asNumber)
	if !nothing(s.asOrg) {
		organization := w.open(`"organization":`)
		w.lit(`"name":`, s.asOrg)
		w.close(organization)
	}
	w.close(as)
	at := w.open(`"geo":`)
	w.geo(&c.geo)
	w.close(at)
	to := len(w.b)
	w.close(mark)
	mark = len(w.b)
	w.name(`"client":`)
	w.b = append(w.b, w.b[from:to]...)
	at = w.open(`"user":`)
	actor.from = len(w.b)
	w.person(&e.actor)
	actor.to = len(w.b)
	w.close(at)
	w.close(mark)
	return actor
}

// domain returns the domain of the client's address. Okta sends a dot for none.
func (e *event) domain() lit {
	if d := e.security.domain; d != `"."` && !nothing(d) {
		return d
	}
	return ""
}

func (w *writer) geo(g *geo) {
	for _, f := range [...]struct {
		quoted string
		value  lit
	}{{`"city_name":`, g.city}, {`"region_name":`, g.state}, {`"country_name":`, g.country}, {`"postal_code":`, g.postalCode}} {
		if !nothing(f.value) {
			w.lit(f.quoted, f.value)
		}
	}
	w.point(`"location":`, g)
}

// users writes user: the actor, and the users that the event relates the actor to.
func (w *writer) users(e *event, actor span) {
	at := w.open(`"user":`)
	w.b = append(w.b, w.b[actor.from:actor.to]...)
	user, group := e.targetUser(), e.targetGroup()
	inner := w.open(`"target":`)
	if user != nil {
		w.person(user)
	}
	if group != nil {
		g := w.open(`"group":`)
		w.lit(`"id":`, group.id)
		w.lit(`"name":`, group.displayName)
		w.close(g)
	}
	w.close(inner)
	if user != nil {
		inner = w.open(`"changes":`)
		changed := e.changes(user)
		w.person(&changed)
		w.close(inner)
		switch e.eventType {
		case `"user.session.impersonation.initiate"`, `"user.session.impersonation.end"`:
			inner = w.open(`"effective":`)
			w.person(user)
			w.close(inner)
		}
	}
	w.close(at)
}

func (w *writer) person(p *party) {
	w.lit(`"id":`, p.id)
	w.lit(`"name":`, p.alternateID)
	if isEmail(p.alternateID) {
		w.lit(`"email":`, p.alternateID)
	}
	w.lit(`"full_name":`, p.displayName)
}

func (e *event) targetGroup() *party {
	for i := range e.targets {
		if e.targets[i].kind == `"UserGroup"` {
			return &e.targets[i]
		}
	}
	return nil
}

// changes returns the new name and login of a user, as far as the event changes them.
func (e *event) changes(user *party) (p party) {
	for _, m := range e.span(user.after) {
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

func (e *event) span(s span) []member { return e.pool[s.from:s.to] }

// url writes the URL of the request, and returns its host.
func (w *writer) url(d *debugData) (host string) {
	original := d.url
	if nothing(original) {
		original = d.requestURI
	}
	if nothing(original) {
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

// related writes the values to pivot on.
func (w *writer) related(e *event, d *debugData, host string) {
	var room [24]lit
	at := w.open(`"related":`)
	all := add(room[:0], e.domain())
	if host != "" {
		all = add(all, lit(jsonscan.AppendQuoted(nil, host)))
	}
	w.list(`"hosts":`, add(all, e.device.name))
	all = add(room[:0], e.client.ip)
	for i := range e.chain {
		all = add(all, e.chain[i].ip)
	}
	w.list(`"ip":`, all)
	all = e.actor.identifiers(room[:0])
	for i := range e.targets {
		if t := &e.targets[i]; t.kind == `"User"` || t.kind == `"AppUser"` {
			all = t.identifiers(all)
		}
	}
	w.list(`"user":`, all)
	w.list(`"hash":`, add(room[:0], d.dtHash))
	w.close(at)
}

func (p *party) identifiers(all []lit) []lit {
	return add(add(add(all, p.alternateID), p.id), p.displayName)
}

// add appends a value that is new and not a word for no value.
func add(all []lit, l lit) []lit {
	if nothing(l) {
		return all
	}
	const many = 1000 // an event with more values has them in okta.target
	for _, known := range all {
		if known == l || len(all) > many {
			return all
		}
	}
	return append(all, l)
}

// okta writes the event under the names of Elastic's integration.
func (w *writer) okta(e *event, d *debugData) {
	w.lit(`"uuid":`, e.uuid)
	w.lit(`"event_type":`, e.eventType)
	w.lit(`"legacy_event_type":`, e.legacyEventType)
	w.lit(`"published":`, e.published)
	w.lit(`"version":`, e.version)
	w.lit(`"severity":`, e.severity)
	w.lit(`"display_message":`, e.displayMessage)
	at := w.open(`"actor":`)
	w.party(&e.actor)
	w.flattened(`"detailEntry":`, e.span(e.actor.detail))
	w.close(at)
	w.targets(e)
	w.client(&e.client)
	w.device(e)
	w.authentication(e)
	w.security(e)
	at = w.open(`"outcome":`)
	w.lit(`"result":`, e.outcome.result)
	w.lit(`"reason":`, e.outcome.reason)
	w.close(at)
	w.transaction(e)
	w.chain(e)
	at = w.open(`"debug_context":`)
	inner := w.open(`"debug_data":`)
	w.debug(e, d)
	w.close(inner)
	w.close(at)
	w.flattened(`"other":`, e.rest())
}

func (w *writer) party(p *party) {
	w.lit(`"id":`, p.id)
	w.lit(`"type":`, p.kind)
	w.lit(`"alternate_id":`, p.alternateID)
	w.lit(`"display_name":`, p.displayName)
}

func (w *writer) targets(e *event) {
	mark := len(w.b)
	w.name(`"target":[`)
	from := len(w.b)
	for i := range e.targets {
		t := &e.targets[i]
		start := len(w.b)
		if start > from {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		w.party(t)
		w.flattened(`"detailEntry":`, e.span(t.detail))
		change := w.open(`"changeDetails":`)
		w.flattened(`"from":`, e.span(t.before))
		w.flattened(`"to":`, e.span(t.after))
		w.close(change)
		w.close(start)
	}
	if len(w.b) == from {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, ']')
}

func (w *writer) client(c *client) {
	at := w.open(`"client":`)
	w.lit(`"id":`, c.id)
	w.lit(`"ip":`, c.ip)
	w.lit(`"zone":`, c.zone)
	w.lit(`"device":`, c.device)
	inner := w.open(`"user_agent":`)
	w.lit(`"raw_user_agent":`, c.agent)
	w.lit(`"os":`, c.os)
	w.lit(`"browser":`, c.browser)
	w.close(inner)
	w.close(at)
}

func (w *writer) device(e *event) {
	d := &e.device
	at := w.open(`"device":`)
	w.lit(`"id":`, d.id)
	w.lit(`"name":`, d.name)
	w.lit(`"os_platform":`, d.osPlatform)
	w.lit(`"os_version":`, d.osVersion)
	w.lit(`"disk_encryption_type":`, d.encryption)
	w.lit(`"screen_lock_type":`, d.lock)
	w.lit(`"managed":`, d.managed)
	w.lit(`"registered":`, d.registered)
	w.lit(`"secure_hardware_present":`, d.hardware)
	w.lit(`"jailbreak":`, d.jailbreak)
	w.flattened(`"device_integrator":`, e.span(d.integrator))
	w.close(at)
}

func (w *writer) authentication(e *event) {
	a := &e.auth
	at := w.open(`"authentication_context":`)
	w.lit(`"authentication_provider":`, a.provider)
	w.lit(`"authentication_step":`, a.step)
	w.lit(`"credential_provider":`, a.credentialProvider)
	w.lit(`"credential_type":`, a.credentialType)
	w.lit(`"external_session_id":`, a.session)
	w.lit(`"root_session_id":`, a.root)
	w.lit(`"interface":`, a.kind)
	inner := w.open(`"issuer":`)
	w.lit(`"id":`, a.issuerID)
	w.lit(`"type":`, a.issuerType)
	w.close(inner)
	w.close(at)
}

func (w *writer) security(e *event) {
	s := &e.security
	at := w.open(`"security_context":`)
	as := w.open(`"as":`)
	w.lit(`"number":`, s.asNumber)
	organization := w.open(`"organization":`)
	w.lit(`"name":`, s.asOrg)
	w.close(organization)
	w.close(as)
	w.lit(`"domain":`, s.domain)
	w.lit(`"isp":`, s.isp)
	w.lit(`"is_proxy":`, s.isProxy)
	w.flattened(`"risk":`, e.span(s.risk))
	w.flattened(`"ip_details":`, e.span(s.ipDetails))
	w.flattened(`"bot_protection":`, e.span(s.bot))
	if s.behaviors != "" {
		mark := len(w.b)
		w.name(`"user_behaviors":`)
		if !w.value(string(s.behaviors), 0) {
			w.b = w.b[:mark]
		}
	}
	w.close(at)
}

func (w *writer) transaction(e *event) {
	t := &e.transaction
	at := w.open(`"transaction":`)
	w.lit(`"id":`, t.id)
	w.lit(`"type":`, t.kind)
	if all := e.span(t.detail); len(all) > 0 {
		detail := w.open(`"detail":`)
		token := -1
		for i := range all {
			if all[i].name == "requestApiTokenId" && word(all[i].raw) != "" {
				token = i
			}
		}
		if token >= 0 {
			w.lit(`"request_api_token_id":`, word(all[token].raw))
			all[token].raw = ""
		}
		w.flattened(`"flattened":`, all)
		w.close(detail)
	}
	w.close(at)
}

func (w *writer) chain(e *event) {
	mark := len(w.b)
	w.name(`"request":{"ip_chain":[`)
	from := len(w.b)
	for i := range e.chain {
		h := &e.chain[i]
		start := len(w.b)
		if start > from {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		w.lit(`"ip":`, h.ip)
		w.lit(`"version":`, h.version)
		w.lit(`"source":`, h.source)
		w.flattened(`"ip_details":`, e.span(h.details))
		at := w.open(`"geographical_context":`)
		w.lit(`"city":`, h.geo.city)
		w.lit(`"state":`, h.geo.state)
		w.lit(`"country":`, h.geo.country)
		w.lit(`"postal_code":`, h.geo.postalCode)
		w.point(`"geolocation":`, &h.geo)
		w.close(at)
		w.close(start)
	}
	if len(w.b) == from {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, "]}"...)
}
