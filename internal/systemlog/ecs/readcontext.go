package ecs

func (e *event) readSecurity(p *scanner) {
	e.security = event{}.security
	if !p.enter('{') {
		return
	}
	c := &e.security
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "domain":
			c.domain = p.text()
		case "asNumber":
			c.asNumber = p.loose()
		case "asOrg":
			c.asOrg = p.text()
		case "isp":
			c.isp = p.text()
		case "isProxy":
			c.isProxy = p.loose()
		default:
			p.skip()
		}
	}
}

func (e *event) readAuthentication(p *scanner) {
	e.auth = event{}.auth
	if !p.enter('{') {
		return
	}
	c := &e.auth
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "authenticationProvider":
			c.provider = p.text()
		case "credentialProvider":
			c.credentialProvider = p.text()
		case "credentialType":
			c.credentialType = p.text()
		case "externalSessionId":
			c.session = p.text()
		case "interface":
			c.kind = p.text()
		case "issuer":
			issuer := readParty(p)
			c.issuerID, c.issuerType = issuer.id, issuer.kind
		default:
			p.skip()
		}
	}
}

func (e *event) readOutcome(p *scanner) {
	e.outcome = event{}.outcome
	if !p.enter('{') {
		return
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "result":
			e.outcome.result = p.text()
		case "reason":
			e.outcome.reason = p.text()
		default:
			p.skip()
		}
	}
}

func (e *event) readTransaction(p *scanner) {
	e.transaction = event{}.transaction
	if !p.enter('{') {
		return
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		switch name {
		case "id":
			e.transaction.id = p.text()
		case "type":
			e.transaction.kind = p.text()
		case "detail":
			e.transaction.detail = readDetail(p)
		default:
			p.skip()
		}
	}
}

// readDetail keeps the strings, numbers and booleans of an object, as strings:
// what a flattened field holds. Members without a name have no place in one.
func readDetail(p *scanner) map[string]string {
	if !p.enter('{') {
		return nil
	}
	var detail map[string]string
	for name, ok := p.key(); ok; name, ok = p.key() {
		value := p.loose()
		if name == "" || value == "" {
			delete(detail, name)
			continue
		}
		if detail == nil {
			detail = map[string]string{}
		}
		detail[name] = value
	}
	if len(detail) == 0 {
		return nil // as if it had not been there
	}
	return detail
}

func (e *event) readRequest(p *scanner) {
	e.chain = nil
	if !p.enter('{') {
		return
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		if name != "ipChain" {
			p.skip()
			continue
		}
		e.chain = nil
		if !p.enter('[') {
			continue
		}
		for p.element() {
			if ip := readAddress(p); ip != "" {
				e.chain = append(e.chain, ip)
			}
		}
	}
}

func readAddress(p *scanner) (ip string) {
	if !p.enter('{') {
		return ""
	}
	for name, ok := p.key(); ok; name, ok = p.key() {
		if name == "ip" {
			ip = p.text()
		} else {
			p.skip()
		}
	}
	return ip
}
