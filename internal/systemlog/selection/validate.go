package selection

import (
	"fmt"
	"net/netip"
	"strings"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/schema"
)

// Violations are the values that can never fit an event, an event type that is all
// but certainly misspelt among them. at is the JSON Pointer of the selection.
func (s Selection) Violations(at string) []schema.Violation {
	var all []schema.Violation
	each := func(name string, values []string, check func(string) error) {
		for i, v := range values {
			if err := check(v); err != nil {
				all = append(all, schema.Violation{Pointer: fmt.Sprintf("%s/%s/%d", at, name, i), Message: err.Error()})
			}
		}
	}
	each("event_types", s.EventTypes, checkType)
	each("actor", s.Actor, checkWho)
	each("target", s.Target, checkWho)
	each("client_ip", s.ClientIP, checkRange)
	each("country", s.Country, checkCountry)
	each("exclude_types", s.ExcludeTypes, func(pattern string) error {
		if pattern == "*" {
			return fmt.Errorf("leaves every event out")
		}
		return checkType(pattern)
	})
	each("exclude_actors", s.ExcludeActors, checkWho)
	each("exclude_ips", s.ExcludeIPs, checkRange)
	each("exclude_countries", s.ExcludeCountries, checkCountry)
	return all
}

// Notes are on the event types that this version does not know. They are new, or
// misspelt beyond likeness: an operator should know which.
func (s Selection) Notes() []string {
	var notes []string
	for _, patterns := range [][]string{s.EventTypes, s.ExcludeTypes} {
		for _, pattern := range patterns {
			if note, err := catalogue.Check(pattern); err == nil && note != "" {
				notes = append(notes, note)
			}
		}
	}
	return notes
}

func checkType(pattern string) error {
	_, err := catalogue.Check(pattern)
	return err
}

func checkWho(who string) error {
	if who != strings.TrimSpace(who) {
		return fmt.Errorf("begins or ends with a blank, as no id and no login does")
	}
	return nil
}

func checkRange(text string) error {
	_, err := parseRange(text)
	return err
}

// parseRange reads an address or a range of them. IPv4 addresses that are written
// as IPv6 ones are what they stand for.
func parseRange(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("is neither an address, such as 203.0.113.24 or 2001:db8::1, nor a range of them, such as 203.0.113.0/24")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("is not a range of addresses in CIDR notation, such as 203.0.113.0/24 or 2001:db8::/32")
	}
	if !p.Addr().Is4In6() {
		return p.Masked(), nil
	}
	if p.Bits() < 96 {
		return netip.Prefix{}, fmt.Errorf("has IPv4 addresses written as IPv6 ones, and is no range of them: its length must be 96 at least")
	}
	return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked(), nil
}

func checkCountry(name string) error {
	switch {
	case name != strings.TrimSpace(name):
		return fmt.Errorf("begins or ends with a blank, as no country's name does")
	case len(name) < 3 || strings.ContainsAny(name, "0123456789"):
		return fmt.Errorf("is not the name of a country: Okta writes it out in English, such as France, and not FR")
	}
	return nil
}
