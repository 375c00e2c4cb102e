package ecs

import "soar.example/okta/internal/jsonscan"

func (e *event) readSecurity(p *jsonscan.Scanner) {
	e.security = event{}.security
	if !p.Enter('{') {
		return
	}
	c := &e.security
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "domain":
			c.domain = p.Text()
		case "asNumber":
			c.asNumber = p.Loose()
		case "asOrg":
			c.asOrg = p.Text()
		case "isp":
			c.isp = p.Text()
		case "isProxy":
			c.isProxy = p.Loose()
		default:
			p.Skip()
		}
	}
}

func (e *event) readAuthentication(p *jsonscan.Scanner) {
	e.auth = event{}.auth
	if !p.Enter('{') {
		return
	}
	c := &e.auth
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "authenticationProvider":
			c.provider = p.Text()
		case "credentialProvider":
			c.credentialProvider = p.Text()
		case "credentialType":
			c.credentialType = p.Text()
		case "externalSessionId":
			c.session = p.Text()
		case "interface":
			c.kind = p.Text()
		case "issuer":
			issuer := readParty(p)
			c.issuerID, c.issuerType = issuer.id, issuer.kind
		default:
			p.Skip()
		}
	}
}

func (e *event) readOutcome(p *jsonscan.Scanner) {
	e.outcome = event{}.outcome
	if !p.Enter('{') {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "result":
			e.outcome.result = p.Text()
		case "reason":
			e.outcome.reason = p.Text()
		default:
			p.Skip()
		}
	}
}

func (e *event) readTransaction(p *jsonscan.Scanner) {
	e.transaction = event{}.transaction
	if !p.Enter('{') {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "id":
			e.transaction.id = p.Text()
		case "type":
			e.transaction.kind = p.Text()
		case "detail":
			e.transaction.detail = readDetail(p)
		default:
			p.Skip()
		}
	}
}

// readDetail keeps the strings, numbers and booleans of an object, as strings:
// what a flattened field holds. Members without a name have no place in one.
func readDetail(p *jsonscan.Scanner) map[string]string {
	if !p.Enter('{') {
		return nil
	}
	var detail map[string]string
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		value := p.Loose()
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

func (e *event) readRequest(p *jsonscan.Scanner) {
	e.chain = nil
	if !p.Enter('{') {
		return
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		if name != "ipChain" {
			p.Skip()
			continue
		}
		e.chain = nil
		if !p.Enter('[') {
			continue
		}
		for p.Element() {
			if ip := readAddress(p); ip != "" {
				e.chain = append(e.chain, ip)
			}
		}
	}
}

func readAddress(p *jsonscan.Scanner) (ip string) {
	if !p.Enter('{') {
		return ""
	}
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		if name == "ip" {
			ip = p.Text()
		} else {
			p.Skip()
		}
	}
	return ip
}
