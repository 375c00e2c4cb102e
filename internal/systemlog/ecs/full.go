package ecs

import "slices"

// further adds what the full profile has beyond Sekoia's. It changes none of
// Sekoia's values but the category and type, which are the table's, and the lists
// of related, which grow.
func (d *Document) further(e *event) {
	class := Classify(e.eventType)
	d.ECS.Version = Version
	d.Event.ID = e.uuid
	d.Event.Category, d.Event.Type = class.Category, class.Type
	d.Event.Outcome = outcome(e.outcome.result)
	d.Client = d.Source
	d.Client.User = EndpointID{} // ECS means a person by it, Okta a program
	for _, t := range e.targets {
		if t.isUser() {
			d.User.Target = user(t)
			break
		}
	}
	s := &d.Okta.System
	s.Transaction.Detail = e.transaction.detail
	s.SecurityContext.ISP = e.security.isp
	switch e.security.isProxy {
	case "true", "false":
		s.SecurityContext.IsProxy = new(e.security.isProxy == "true")
	}
	if len(e.targets) > 0 {
		s.Target = make([]Party, len(e.targets))
	}
	for i, t := range e.targets {
		s.Target[i] = Party{ID: t.id, Type: t.kind, AlternateID: t.alternateID, DisplayName: t.displayName}
	}
	d.relate(e)
}

// relate gathers who and what else is in the event.
func (d *Document) relate(e *event) {
	r := &d.Related
	for _, ip := range e.chain {
		if isIP(ip) {
			r.IP = include(r.IP, ip)
		}
	}
	if e.actor.kind == "User" {
		r.User = include(r.User, e.actor.alternateID)
	}
	for _, t := range e.targets {
		if t.isUser() {
			r.User = include(r.User, t.alternateID)
		}
	}
	slices.Sort(r.IP)
	slices.Sort(r.User)
}

// include adds name to names if it is one, and not there. Okta writes "unknown"
// where it has none.
func include(names []string, name string) []string {
	if name == "" || name == "unknown" || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
