package ecs

import (
	"strconv"

	"soar.example/okta/internal/jsonscan"
)

// rest returns the members that have no field of their own, for okta.other: nested
// as in Okta's event, with the index of a target or address as its name.
func (e *event) rest() []member {
	all := e.extra
	nest(&all, "actor", e.actor.rest())
	var targets []member
	for i := range e.targets {
		nest(&targets, strconv.Itoa(i), e.targets[i].rest())
	}
	nest(&all, "target", targets)
	c := &e.client
	inner := c.extra
	nest(&inner, "userAgent", c.agentExtra)
	nest(&inner, "geographicalContext", c.geo.rest())
	nest(&all, "client", inner)
	nest(&all, "device", e.device.extra)
	inner = e.auth.extra
	nest(&inner, "issuer", e.auth.issuerExtra)
	nest(&all, "authenticationContext", inner)
	nest(&all, "securityContext", e.security.extra)
	nest(&all, "outcome", e.outcome.extra)
	nest(&all, "transaction", e.transaction.extra)
	nest(&all, "debugContext", e.debugExtra)
	inner = e.requestExtra
	var hops []member
	for i := range e.chain {
		h := e.chain[i].extra
		nest(&h, "geographicalContext", e.chain[i].geo.extra)
		nest(&hops, strconv.Itoa(i), h)
	}
	nest(&inner, "ipChain", hops)
	nest(&all, "request", inner)
	return all
}

func (p *party) rest() []member {
	all := p.extra
	nest(&all, "changeDetails", p.changeExtra)
	return all
}

// rest also has the words for no value, which client.geo does not have.
func (g *geo) rest() []member {
	all := g.extra
	for _, m := range [...]member{{"city", string(g.city)}, {"state", string(g.state)}, {"country", string(g.country)}, {"postalCode", string(g.postalCode)}} {
		if m.raw != "" && nothing(lit(m.raw)) {
			all = append(all, m)
		}
	}
	return all
}

// nest adds an object with these members, if there are any.
func nest(all *[]member, name string, inner []member) {
	if len(inner) == 0 {
		return
	}
	b := []byte{'{'}
	for i, m := range inner {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(jsonscan.AppendQuoted(b, m.name), ':'), m.raw...)
	}
	*all = append(*all, member{name, string(append(b, '}'))})
}
