package ecs

import (
	"errors"
	"fmt"

	"soar.example/okta/internal/jsonscan"
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

// read fills e from s. A member that comes twice counts as it came last.
func (e *event) read(s string) error {
	p := jsonscan.New(s)
	if p.Peek() != '{' {
		return fmt.Errorf("%w: not a JSON object", ErrNotEvent)
	}
	e.members(p)
	if err := p.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotEvent, err)
	}
	return nil
}

func (e *event) members(p *jsonscan.Scanner) {
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "uuid":
			e.uuid = p.Text()
		case "eventType":
			e.eventType = p.Text()
		case "published":
			e.published = p.Text()
		case "severity":
			e.severity = p.Text()
		case "displayMessage":
			e.displayMessage = p.Text()
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
			p.Skip()
		}
	}
}

func readParty(p *jsonscan.Scanner) (who party) {
	if !p.Enter('{') {
		return who
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			who.id = p.Text()
		case "type":
			who.kind = p.Text()
		case "alternateId":
			who.alternateID = p.Text()
		case "displayName":
			who.displayName = p.Text()
		default:
			p.Skip()
		}
	}
	return who
}

func (e *event) readTargets(p *jsonscan.Scanner) {
	e.targets = nil
	if !p.Enter('[') {
		return
	}
	for p.Element() {
		if t := readParty(p); t != (party{}) {
			if e.targets == nil {
				e.targets = make([]party, 0, 4) // few events have more
			}
			e.targets = append(e.targets, t)
		}
	}
}

func (e *event) readClient(p *jsonscan.Scanner) {
	e.client = event{}.client
	if !p.Enter('{') {
		return
	}
	c := &e.client
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			c.id = p.Text()
		case "ipAddress":
			c.ip = p.Text()
		case "userAgent":
			e.readUserAgent(p)
		case "geographicalContext":
			e.readGeo(p)
		default:
			p.Skip()
		}
	}
}

func (e *event) readUserAgent(p *jsonscan.Scanner) {
	c := &e.client
	c.agent, c.browser = "", ""
	if !p.Enter('{') {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "rawUserAgent":
			c.agent = p.Text()
		case "browser":
			c.browser = p.Text()
		default:
			p.Skip()
		}
	}
}

func (e *event) readGeo(p *jsonscan.Scanner) {
	c := &e.client
	c.city, c.state, c.country, c.postalCode, c.lat, c.lon = "", "", "", "", "", ""
	if !p.Enter('{') {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "city":
			c.city = p.Text()
		case "state":
			c.state = p.Text()
		case "country":
			c.country = p.Text()
		case "postalCode":
			c.postalCode = p.Loose() // in Okta's own examples it is a number
		case "geolocation":
			c.lat, c.lon = readPoint(p)
		default:
			p.Skip()
		}
	}
}

func readPoint(p *jsonscan.Scanner) (lat, lon string) {
	if !p.Enter('{') {
		return "", ""
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "lat":
			lat = p.Scalar()
		case "lon":
			lon = p.Scalar()
		default:
			p.Skip()
		}
	}
	return lat, lon
}
