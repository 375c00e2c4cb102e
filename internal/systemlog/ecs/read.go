package ecs

import (
	"errors"
	"fmt"
)

// ErrNotEvent is wrapped by the error for bytes that are not one JSON object.
var ErrNotEvent = errors.New("not a System Log event")

// event is what the mapping needs of an event, as it was sent: "" where a member
// is absent, null or not of the type that Okta documents.
type event struct {
	uuid, eventType, published, severity, displayMessage string

	actor   party
	targets []party
	client  struct {
		id, ip, agent, browser string
		city, state, country   string
		postalCode, lat, lon   string
	}
	security struct{ domain, asNumber, asOrg, isp, isProxy string }
	auth     struct {
		provider, credentialProvider, credentialType string
		session, kind, issuerID, issuerType          string
	}
	outcome     struct{ result, reason string }
	transaction struct {
		id, kind string
		detail   map[string]string
	}
	chain []string
}

// party is an actor or a target.
type party struct{ id, kind, alternateID, displayName string }

func (p party) isUser() bool { return p.kind == "User" || p.kind == "AppUser" }

// read fills e from s. A member that comes twice counts as it came last.
func (e *event) read(s string) error {
	p := scanner{s: s}
	if p.peek() != '{' {
		return fmt.Errorf("%w: not a JSON object", ErrNotEvent)
	}
	e.members(&p)
	if p.peek(); p.failed || p.i < len(s) {
		return fmt.Errorf("%w: not valid JSON at byte %d", ErrNotEvent, p.i)
	}
	return nil
}

func (e *event) members(p *scanner) {
	p.enter('{')
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "uuid":
			e.uuid = p.text()
		case "eventType":
			e.eventType = p.text()
		case "published":
			e.published = p.text()
		case "severity":
			e.severity = p.text()
		case "displayMessage":
			e.displayMessage = p.text()
		case "actor":
			e.actor = readParty(p)
		case "target":
			e.readTargets(p)
		case "client":
			e.readClient(p)
		case "securityContext":
			e.readSecurity(p)
		case "authenticationContext":
			e.readAuthentication(p)
		case "outcome":
			e.readOutcome(p)
		case "transaction":
			e.readTransaction(p)
		case "request":
			e.readRequest(p)
		default:
			p.skip()
		}
	}
}

func readParty(p *scanner) (who party) {
	if !p.enter('{') {
		return who
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "id":
			who.id = p.text()
		case "type":
			who.kind = p.text()
		case "alternateId":
			who.alternateID = p.text()
		case "displayName":
			who.displayName = p.text()
		default:
			p.skip()
		}
	}
	return who
}

func (e *event) readTargets(p *scanner) {
	e.targets = nil
	if !p.enter('[') {
		return
	}
	for p.element() {
		if t := readParty(p); t != (party{}) {
			if e.targets == nil {
				e.targets = make([]party, 0, 4) // few events have more
			}
			e.targets = append(e.targets, t)
		}
	}
}

func (e *event) readClient(p *scanner) {
	e.client = event{}.client
	if !p.enter('{') {
		return
	}
	c := &e.client
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "id":
			c.id = p.text()
		case "ipAddress":
			c.ip = p.text()
		case "userAgent":
			e.readUserAgent(p)
		case "geographicalContext":
			e.readGeo(p)
		default:
			p.skip()
		}
	}
}

func (e *event) readUserAgent(p *scanner) {
	c := &e.client
	c.agent, c.browser = "", ""
	if !p.enter('{') {
		return
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "rawUserAgent":
			c.agent = p.text()
		case "browser":
			c.browser = p.text()
		default:
			p.skip()
		}
	}
}

func (e *event) readGeo(p *scanner) {
	c := &e.client
	c.city, c.state, c.country, c.postalCode, c.lat, c.lon = "", "", "", "", "", ""
	if !p.enter('{') {
		return
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "city":
			c.city = p.text()
		case "state":
			c.state = p.text()
		case "country":
			c.country = p.text()
		case "postalCode":
			c.postalCode = p.text()
		case "geolocation":
			c.lat, c.lon = readPoint(p)
		default:
			p.skip()
		}
	}
}

func readPoint(p *scanner) (lat, lon string) {
	if !p.enter('{') {
		return "", ""
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "lat":
			lat = p.scalar()
		case "lon":
			lon = p.scalar()
		default:
			p.skip()
		}
	}
	return lat, lon
}
