package ecs

import "slices"

// further adds what the full profile has beyond Sekoia's. It changes none of
// Sekoia's values but the category and type, which are the table's.
func (d *Document) further(e *event) {
	class := Classify(e.eventType)
	d.ECS.Version = Version
	d.Event.ID = e.uuid
	d.Event.Category, d.Event.Type = class.Category, class.Type
	d.Event.Outcome = outcome(e.outcome.result)
	d.Client = d.Source
	d.Client.User = EndpointID{} // ECS means a person by it, Okta a program
	if t, ok := e.targetUser(); ok {
		d.User.Target = user(t)
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
	s.Request.IPChain = slices.DeleteFunc(e.chain, func(ip string) bool { return !isIP(ip) })
}
