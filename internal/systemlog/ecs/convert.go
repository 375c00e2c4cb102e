package ecs

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// FromRaw turns one event, as Okta sent it, into an ECS document. An error wraps
// [ErrNotEvent]: the bytes are not one JSON object. Whatever else is wrong with the
// event only costs the fields concerned, and a type of event that nobody knows is
// new, not wrong.
//
// The document keeps nothing of raw: its strings are parts of one copy of it, or of
// their own.
func FromRaw(raw []byte, o Options) (Document, error) {
	var d Document
	if err := d.fill(raw, o); err != nil {
		return Document{}, err
	}
	// The tables of this package are not the caller's to change.
	d.Event.Category, d.Event.Type = slices.Clone(d.Event.Category), slices.Clone(d.Event.Type)
	return d, nil
}

// AppendRaw appends to dst the ECS document of one event as JSON, without a line
// break: FromRaw and AppendJSON in one, for streams. On an error dst comes back as
// it was. dst must not share memory with raw.
//
// It reads with a scanner of its own, because an event must survive a member of the
// wrong type, on which typed decoders give up, and because it is faster. Where it
// was chosen, an event of 2.2 kB took the scanner 5 µs, goccy/go-json 8, sonic 10,
// go-json-experiment/json 15 and encoding/json 29, each for the members needed
// here; all of AppendRaw takes about 15. The scanner's language is that of
// encoding/json, to which a fuzz test holds it.
func AppendRaw(dst, raw []byte, o Options) ([]byte, error) {
	var d Document
	if err := d.fill(raw, o); err != nil {
		return dst, err
	}
	return d.AppendJSON(dst), nil
}

// fill makes d, which must be empty, the document of the event in raw.
func (d *Document) fill(raw []byte, o Options) error {
	rules, err := browsers()
	if err != nil {
		return err
	}
	text := string(raw)
	var e event
	if err := e.read(text); err != nil {
		return err
	}
	d.sekoia(&e, rules)
	if o.Profile == Full {
		d.further(&e)
	}
	if o.Original {
		d.Event.Original = strings.ToValidUTF8(text, "\uFFFD")
	}
	return nil
}

// sekoia fills in what both profiles have.
func (d *Document) sekoia(e *event, rules *agents) {
	class := sekoiaClass(e.eventType)
	d.Timestamp = timestamp(e.published)
	d.Event = Event{
		Kind: "event", Dataset: "system-log", Action: e.eventType, Reason: e.displayMessage,
		Category: class.Category, Type: class.Type,
	}
	d.Observer.Vendor = "Okta"
	d.Source = source(e)
	d.User.User = subject(e)
	d.UserAgent = userAgent(e, rules)
	d.Okta.System = system(e)
	if d.Source.Domain != "" {
		d.Related.Hosts = []string{d.Source.Domain}
	}
	if d.Source.IP != "" {
		d.Related.IP = []string{d.Source.IP}
	}
	if d.User.Name != "" {
		d.Related.User = []string{d.User.Name}
	}
}

func source(e *event) Endpoint {
	s := Endpoint{Domain: e.security.domain, User: EndpointID{ID: e.client.id}}
	if isIP(e.client.ip) {
		s.IP = e.client.ip
	}
	s.Address = s.Domain
	if s.Address == "" {
		s.Address = s.IP
	}
	s.RegisteredDomain, s.Subdomain, s.TopLevelDomain = divide(s.Domain)
	if n, err := strconv.ParseUint(e.security.asNumber, 10, 32); err == nil {
		s.AS.Number = new(int64(n))
	}
	s.AS.Organization.Name = e.security.asOrg
	s.Geo = Geo{
		CityName: e.client.city, RegionName: e.client.state, CountryName: e.client.country,
		PostalCode: e.client.postalCode, Location: point(e.client.lat, e.client.lon),
	}
	return s
}

// isIP reports whether s is an address that Elasticsearch stores; it stores none
// with a zone.
func isIP(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == ""
}

// point is nil unless both are degrees: NaN and Inf are words that JSON has not.
func point(lat, lon string) *Point {
	y, errY := strconv.ParseFloat(lat, 64)
	x, errX := strconv.ParseFloat(lon, 64)
	if errY != nil || errX != nil || y < -90 || y > 90 || x < -180 || x > 180 {
		return nil
	}
	return &Point{Lat: y, Lon: x}
}

// subject is the user that an event is about: who signed in through an identity
// provider is a target, and the actor is Okta itself.
func subject(e *event) User {
	if t, ok := e.targetUser(); ok {
		return user(t)
	}
	return user(e.actor)
}

// targetUser is the first user among the targets, or else the first user of an app.
// A sign-in to an app names both, the latter with the app's id of them.
func (e *event) targetUser() (who party, found bool) {
	for _, t := range e.targets {
		if t.kind == "User" {
			return t, true
		}
		if t.kind == "AppUser" && !found {
			who, found = t, true
		}
	}
	return who, found
}

func user(p party) User {
	return User{ID: p.id, Name: p.alternateID, Email: p.alternateID, FullName: p.displayName}
}

// userAgent is what ua-parser reads from the header, or the browser by Okta's word
// where Okta keeps no header. "UNKNOWN-DOWNLOAD" and its like are not headers.
func userAgent(e *event, rules *agents) UserAgent {
	c := &e.client
	if c.agent != "" && !saysUnknown(c.agent) {
		ua := rules.parse(c.agent)
		ua.Original = c.agent
		return ua
	}
	if c.browser == "" || strings.EqualFold(c.browser, "unknown") {
		return UserAgent{}
	}
	return UserAgent{Name: capitalize(c.browser)}
}

// saysUnknown reports whether s has the word unknown in it, in any case.
func saysUnknown(s string) bool {
	const word = "unknown"
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// capitalize makes "Chrome" of "CHROME".
func capitalize(s string) string {
	for i := range s {
		if i > 0 {
			return strings.ToUpper(s[:i]) + strings.ToLower(s[i:])
		}
	}
	return strings.ToUpper(s)
}

func system(e *event) System {
	s := System{
		Severity:    e.severity,
		Actor:       Party{ID: e.actor.id, Type: e.actor.kind, AlternateID: e.actor.alternateID, DisplayName: e.actor.displayName},
		Transaction: Transaction{ID: e.transaction.id, Type: e.transaction.kind},
		AuthenticationContext: AuthenticationContext{
			Interface:         e.auth.kind,
			Authentication:    Provider{Provider: e.auth.provider},
			Credential:        Credential{Provider: e.auth.credentialProvider, Type: e.auth.credentialType},
			ExternalSessionID: e.auth.session,
			Issuer:            Issuer{ID: e.auth.issuerID, Type: e.auth.issuerType},
		},
		Outcome: Outcome{Result: e.outcome.result, Reason: e.outcome.reason},
	}
	if s.AuthenticationContext.ExternalSessionID == "unknown" {
		s.AuthenticationContext.ExternalSessionID = ""
	}
	return s
}
