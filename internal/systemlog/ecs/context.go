package ecs

import "soar.example/okta/internal/jsonscan"

func (e *event) readDevice(p *jsonscan.Scanner) {
	e.device = device{}
	if !enter(p, &e.extra, "device") {
		return
	}
	d := &e.device
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			d.id = text(p, &d.extra, name)
		case "name":
			d.name = text(p, &d.extra, name)
		case "os_platform":
			d.osPlatform = text(p, &d.extra, name)
		case "os_version":
			d.osVersion = text(p, &d.extra, name)
		case "disk_encryption_type":
			d.encryption = text(p, &d.extra, name)
		case "screen_lock_type":
			d.lock = text(p, &d.extra, name)
		case "managed":
			d.managed = boolean(p, &d.extra, name)
		case "registered":
			d.registered = boolean(p, &d.extra, name)
		case "secure_hardware_present":
			d.hardware = boolean(p, &d.extra, name)
		case "jailbreak":
			d.jailbreak = boolean(p, &d.extra, name)
		case "device_integrator":
			d.integrator = e.open(p, &d.extra, name)
		default:
			other(p, &d.extra, name)
		}
	}
}

func (e *event) readSecurity(p *jsonscan.Scanner) {
	e.security = event{}.security
	if !enter(p, &e.extra, "securityContext") {
		return
	}
	c := &e.security
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "domain":
			c.domain = text(p, &c.extra, name)
		case "asNumber":
			c.asNumber = number(p, &c.extra, name, 32)
		case "asOrg":
			c.asOrg = text(p, &c.extra, name)
		case "isp":
			c.isp = text(p, &c.extra, name)
		case "isProxy":
			c.isProxy = boolean(p, &c.extra, name)
		case "risk":
			c.risk = e.open(p, &c.extra, name)
		case "ipDetails":
			c.ipDetails = e.open(p, &c.extra, name)
		case "botProtection":
			c.bot = e.open(p, &c.extra, name)
		case "userBehaviors":
			c.behaviors = objects(p, &c.extra, name)
		default:
			other(p, &c.extra, name)
		}
	}
}

// objects returns the next value if it is a list of objects and null.
func objects(p *jsonscan.Scanner, extra *[]member, name string) lit {
	raw := value(p)
	if raw == "" {
		return ""
	}
	q, only := jsonscan.New(raw), raw[0] == '['
	for q.Enter('['); only && q.Element(); q.Skip() {
		c := q.Peek()
		only = c == '{' || c == 'n'
	}
	if !only {
		*extra = append(*extra, member{name, raw})
		return ""
	}
	return lit(raw)
}

func (e *event) readAuthentication(p *jsonscan.Scanner) {
	e.auth = event{}.auth
	if !enter(p, &e.extra, "authenticationContext") {
		return
	}
	c := &e.auth
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "authenticationProvider":
			c.provider = text(p, &c.extra, name)
		case "authenticationStep":
			c.step = number(p, &c.extra, name, 63)
		case "credentialProvider":
			c.credentialProvider = text(p, &c.extra, name)
		case "credentialType":
			c.credentialType = text(p, &c.extra, name)
		case "externalSessionId":
			c.session = text(p, &c.extra, name)
		case "rootSessionId":
			c.root = text(p, &c.extra, name)
		case "interface":
			c.kind = text(p, &c.extra, name)
		case "issuer":
			e.readIssuer(p)
		default:
			other(p, &c.extra, name)
		}
	}
}

func (e *event) readIssuer(p *jsonscan.Scanner) {
	c := &e.auth
	c.issuerID, c.issuerType, c.issuerExtra = "", "", nil
	if !enter(p, &c.extra, "issuer") {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			c.issuerID = text(p, &c.issuerExtra, name)
		case "type":
			c.issuerType = text(p, &c.issuerExtra, name)
		default:
			other(p, &c.issuerExtra, name)
		}
	}
}

func (e *event) readOutcome(p *jsonscan.Scanner) {
	e.outcome = event{}.outcome
	if !enter(p, &e.extra, "outcome") {
		return
	}
	c := &e.outcome
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "result":
			c.result = text(p, &c.extra, name)
		case "reason":
			c.reason = text(p, &c.extra, name)
		default:
			other(p, &c.extra, name)
		}
	}
}

func (e *event) readTransaction(p *jsonscan.Scanner) {
	e.transaction = event{}.transaction
	if !enter(p, &e.extra, "transaction") {
		return
	}
	c := &e.transaction
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			c.id = text(p, &c.extra, name)
		case "type":
			c.kind = text(p, &c.extra, name)
		case "detail":
			c.detail = e.open(p, &c.extra, name)
		default:
			other(p, &c.extra, name)
		}
	}
}

func (e *event) readRequest(p *jsonscan.Scanner) {
	e.chain, e.requestExtra = e.chain[:0], nil
	if !enter(p, &e.extra, "request") {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		if name != "ipChain" {
			other(p, &e.requestExtra, name)
			continue
		}
		e.chain = e.chain[:0]
		if p.Peek() != '[' {
			other(p, &e.requestExtra, name)
			continue
		}
		for p.Enter('['); p.Element(); {
			e.chain = append(e.chain, e.readHop(p))
		}
	}
}

func (e *event) readHop(p *jsonscan.Scanner) (h hop) {
	if !enter(p, &h.extra, "value") {
		return h
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "ip":
			h.ip = address(p, &h.extra, name)
		case "version":
			h.version = text(p, &h.extra, name)
		case "source":
			h.source = text(p, &h.extra, name)
		case "ipDetails":
			h.details = e.open(p, &h.extra, name)
		case "geographicalContext":
			h.geo = readGeo(p, &h.extra)
		default:
			other(p, &h.extra, name)
		}
	}
	return h
}
