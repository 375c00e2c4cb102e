package selection

import (
	"fmt"
	"net/netip"
	"strings"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/schema"
)

// Violations returns an error for each value that can never match an event, such as a misspelled
// event type. pointer is the JSON Pointer of the selection.
func (s Selection) Violations(pointer string) []schema.Violation {
	var all []schema.Violation
	each := func(name string, values []string, check func(string) error) {
		for i, v := range values {
			if err := check(v); err != nil {
				all = append(all, schema.Violation{Pointer: fmt.Sprintf("%s/%s/%d", pointer, name, i), Message: err.Error()})
			}
		}
	}
	each("event_types", s.EventTypes, checkType)
	each("actor", s.Actor, checkPrincipal)
	each("target", s.Target, checkPrincipal)
	each("client_ip", s.ClientIP, checkRange)
	each("country", s.Country, checkCountry)
	each("exclude_types", s.ExcludeTypes, func(pattern string) error {
		if pattern == "*" {
			return fmt.Errorf("excludes every event: list event types or families instead")
		}
		return checkType(pattern)
	})
	each("exclude_actors", s.ExcludeActors, checkPrincipal)
	each("exclude_ips", s.ExcludeIPs, checkRange)
	each("exclude_countries", s.ExcludeCountries, checkCountry)
	return all
}

// Notes returns a note for each event type or family that this version does not know. Such a type is
// new or badly misspelled, so the operator should check it.
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

func checkPrincipal(login string) error {
	if login != strings.TrimSpace(login) {
		return fmt.Errorf("must not begin or end with white space")
	}
	return nil
}

func checkRange(text string) error {
	_, err := parseRange(text)
	return err
}

// parseRange parses an address or a range in CIDR notation. It converts IPv4-mapped IPv6 addresses to
// IPv4.
func parseRange(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("must be an IP address or a range in CIDR notation, such as 203.0.113.24, 2001:db8::1 or 203.0.113.0/24")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("must be an address range in CIDR notation, such as 203.0.113.0/24 or 2001:db8::/32")
	}
	if !p.Addr().Is4In6() {
		return p.Masked(), nil
	}
	if p.Bits() < 96 {
		return netip.Prefix{}, fmt.Errorf("must have a prefix length of at least 96, because its address is an IPv4-mapped IPv6 address")
	}
	return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked(), nil
}

func checkCountry(name string) error {
	switch {
	case name != strings.TrimSpace(name):
		return fmt.Errorf("must not begin or end with white space")
	case len(name) < 3 || strings.ContainsAny(name, "0123456789"):
		return fmt.Errorf("must be the English name of a country, such as France instead of FR")
	}
	return nil
}
