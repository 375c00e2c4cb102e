package ecs

import (
	"errors"
	"fmt"
	"strconv"

	"soar.example/okta/internal/jsonscan"
)

// ErrNotEvent is wrapped by the error for bytes that are not one JSON object.
var ErrNotEvent = errors.New("not a System Log event")

// A lit is a JSON string literal with its quotes, or another JSON scalar; "" is
// absent. Documents are mostly copies of such literals, so they are not decoded.
type lit string

func (l lit) text() string { return jsonscan.Unquoted(string(l)) }

// A member is one member of an object: its name and its value as JSON. A value that
// is a string is a literal of [jsonscan.Scanner.Literal].
type member struct{ name, raw string }

// A span is a part of event.pool.
type span struct{ from, to int }

// An event holds what Okta sent. Each object has the members that it has no field
// for in extra, with the values that do not fit their field.
type event struct {
	uuid, eventType, published, severity, displayMessage, legacyEventType, version lit

	actor   party
	targets []party
	client  client
	device  device
	auth    struct {
		provider, step, credentialProvider, credentialType lit
		session, root, kind, issuerID, issuerType          lit
		extra, issuerExtra                                 []member
	}
	security struct {
		domain, asNumber, asOrg, isp, isProxy lit
		risk, ipDetails, bot                  span
		behaviors                             lit
		extra                                 []member
	}
	outcome struct {
		result, reason lit
		extra          []member
	}
	transaction struct {
		id, kind lit
		detail   span
		extra    []member
	}
	chain        []hop
	requestExtra []member
	debug        span
	debugExtra   []member
	extra        []member

	pool  []member // members of the open objects, one object after the other
	named debugData
}

type party struct {
	id, kind, alternateID, displayName lit
	detail, before, after              span
	extra, changeExtra                 []member
}

type client struct {
	id, ip, zone, device, agent, os, browser lit
	geo                                      geo
	extra, agentExtra                        []member
}

type geo struct {
	city, state, country, postalCode, lat, lon lit
	extra                                      []member
}

type device struct {
	id, name, osPlatform, osVersion, encryption, lock lit
	managed, registered, hardware, jailbreak          lit
	integrator                                        span
	extra                                             []member
}

type hop struct {
	ip, version, source lit
	details             span
	geo                 geo
	extra               []member
}

// reset empties e for the next event. It lets go of the texts of the last one.
func (e *event) reset() {
	clear(e.pool)
	clear(e.targets)
	clear(e.chain)
	*e = event{pool: e.pool[:0], targets: e.targets[:0], chain: e.chain[:0]}
}

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
			e.uuid = text(p, &e.extra, name)
		case "eventType":
			e.eventType = text(p, &e.extra, name)
		case "published":
			e.published = text(p, &e.extra, name)
		case "severity":
			e.severity = text(p, &e.extra, name)
		case "displayMessage":
			e.displayMessage = text(p, &e.extra, name)
		case "legacyEventType":
			e.legacyEventType = text(p, &e.extra, name)
		case "version":
			e.version = loose(p, &e.extra, name)
		case "actor":
			e.actor = e.party(p, &e.extra, name)
		case "target":
			e.readTargets(p)
		case "client":
			e.readClient(p)
		case "device":
			e.readDevice(p)
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
		case "debugContext":
			e.readDebug(p)
		default:
			other(p, &e.extra, name)
		}
	}
}

// other keeps the next value for okta.other.
func other(p *jsonscan.Scanner, extra *[]member, name string) {
	if raw := value(p); raw != "" {
		*extra = append(*extra, member{name, raw})
	}
}

// value returns the next value as JSON, and "" for null and for an empty string.
func value(p *jsonscan.Scanner) string {
	if literal, ok := p.Literal(); ok {
		return literal
	}
	if raw := p.Raw(); raw != "null" {
		return raw
	}
	return ""
}

// text returns the next value if it is a string.
func text(p *jsonscan.Scanner, extra *[]member, name string) lit {
	if literal, ok := p.Literal(); ok {
		return lit(literal)
	}
	other(p, extra, name)
	return ""
}

// loose returns the next value as a string if it is a string or a number: Okta's own
// examples hold numbers where the documentation has strings.
func loose(p *jsonscan.Scanner, extra *[]member, name string) lit {
	if c := p.Peek(); c == '-' || c >= '0' && c <= '9' {
		return lit(`"` + p.Raw() + `"`)
	}
	return text(p, extra, name)
}

// number returns the next value if it is an integer from 0 that has at most so many
// bits, in a string or not.
func number(p *jsonscan.Scanner, extra *[]member, name string, bits int) lit {
	raw := value(p)
	if raw == "" {
		return ""
	}
	digits := raw
	if raw[0] == '"' {
		digits = jsonscan.Unquoted(raw)
	}
	n, err := strconv.ParseUint(digits, 10, bits)
	if err != nil {
		*extra = append(*extra, member{name, raw})
		return ""
	}
	if digits[0] == '0' && len(digits) > 1 {
		return lit(strconv.FormatUint(n, 10))
	}
	return lit(digits)
}

// boolean returns the next value if it is true or false, in a string or not.
func boolean(p *jsonscan.Scanner, extra *[]member, name string) lit {
	switch raw := value(p); raw {
	case "":
		return ""
	case "true", `"true"`:
		return "true"
	case "false", `"false"`:
		return "false"
	default:
		*extra = append(*extra, member{name, raw})
		return ""
	}
}

// address returns the next value if it is an IP address.
func address(p *jsonscan.Scanner, extra *[]member, name string) lit {
	l := text(p, extra, name)
	if l != "" && !isIP(l.text()) {
		*extra = append(*extra, member{name, string(l)})
		return ""
	}
	return l
}

// open keeps the members of the next value, if it is an object with members that
// Okta does not document.
func (e *event) open(p *jsonscan.Scanner, extra *[]member, name string) span {
	if p.Peek() != '{' {
		other(p, extra, name)
		return span{}
	}
	from := len(e.pool)
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		if raw := value(p); raw != "" {
			e.pool = append(e.pool, member{name, raw})
		}
	}
	return span{from, len(e.pool)}
}

// enter goes into the next value if it is an object; otherwise it keeps the value.
func enter(p *jsonscan.Scanner, extra *[]member, name string) bool {
	if p.Peek() == '{' {
		return p.Enter('{')
	}
	other(p, extra, name)
	return false
}

func (e *event) party(p *jsonscan.Scanner, extra *[]member, name string) (who party) {
	if !enter(p, extra, name) {
		return who
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			who.id = text(p, &who.extra, name)
		case "type":
			who.kind = text(p, &who.extra, name)
		case "alternateId":
			who.alternateID = text(p, &who.extra, name)
		case "displayName":
			who.displayName = text(p, &who.extra, name)
		case "detailEntry":
			who.detail = e.open(p, &who.extra, name)
		case "changeDetails":
			e.readChange(p, &who)
		default:
			other(p, &who.extra, name)
		}
	}
	return who
}

func (e *event) readChange(p *jsonscan.Scanner, who *party) {
	who.before, who.after, who.changeExtra = span{}, span{}, nil
	if !enter(p, &who.extra, "changeDetails") {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "from":
			who.before = e.open(p, &who.changeExtra, name)
		case "to":
			who.after = e.open(p, &who.changeExtra, name)
		default:
			other(p, &who.changeExtra, name)
		}
	}
}

func (e *event) readTargets(p *jsonscan.Scanner) {
	e.targets = e.targets[:0]
	if p.Peek() != '[' {
		other(p, &e.extra, "target")
		return
	}
	p.Enter('[')
	for p.Element() {
		// A target that is not an object keeps its index, so that nothing shifts.
		var odd []member
		who := e.party(p, &odd, "value")
		if who.extra == nil {
			who.extra = odd
		}
		e.targets = append(e.targets, who)
	}
}

func (e *event) readDebug(p *jsonscan.Scanner) {
	e.debug, e.debugExtra = span{}, nil
	if !enter(p, &e.extra, "debugContext") {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		if name == "debugData" {
			e.debug = e.open(p, &e.debugExtra, name)
			continue
		}
		other(p, &e.debugExtra, name)
	}
}

func (e *event) readClient(p *jsonscan.Scanner) {
	e.client = client{}
	if !enter(p, &e.extra, "client") {
		return
	}
	c := &e.client
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			c.id = text(p, &c.extra, name)
		case "ipAddress":
			c.ip = address(p, &c.extra, name)
		case "zone":
			c.zone = text(p, &c.extra, name)
		case "device":
			c.device = text(p, &c.extra, name)
		case "userAgent":
			c.readUserAgent(p)
		case "geographicalContext":
			c.geo = readGeo(p, &c.extra)
		default:
			other(p, &c.extra, name)
		}
	}
}

func (c *client) readUserAgent(p *jsonscan.Scanner) {
	c.agent, c.os, c.browser, c.agentExtra = "", "", "", nil
	if !enter(p, &c.extra, "userAgent") {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "rawUserAgent":
			c.agent = text(p, &c.agentExtra, name)
		case "os":
			c.os = text(p, &c.agentExtra, name)
		case "browser":
			c.browser = text(p, &c.agentExtra, name)
		default:
			other(p, &c.agentExtra, name)
		}
	}
}

func readGeo(p *jsonscan.Scanner, extra *[]member) (g geo) {
	if !enter(p, extra, "geographicalContext") {
		return g
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "city":
			g.city = text(p, &g.extra, name)
		case "state":
			g.state = text(p, &g.extra, name)
		case "country":
			g.country = text(p, &g.extra, name)
		case "postalCode":
			g.postalCode = loose(p, &g.extra, name)
		case "geolocation":
			g.readPoint(p)
		default:
			other(p, &g.extra, name)
		}
	}
	return g
}

// readPoint reads a point if it is one: two numbers that are degrees, and no more.
func (g *geo) readPoint(p *jsonscan.Scanner) {
	g.lat, g.lon = "", ""
	raw := value(p)
	if raw == "" {
		return
	}
	q, more := jsonscan.New(raw), false
	q.Enter('{')
	for name, ok := q.Key(); ok; name, ok = q.Key() {
		switch name {
		case "lat":
			g.lat = degrees(q.Raw(), 90)
		case "lon":
			g.lon = degrees(q.Raw(), 180)
		default:
			more = value(q) != "" || more
		}
	}
	if g.lat == "" || g.lon == "" {
		g.lat, g.lon, more = "", "", raw != "{}"
	}
	if more {
		g.extra = append(g.extra, member{"geolocation", raw})
	}
}
