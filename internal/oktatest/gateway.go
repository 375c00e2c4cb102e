package oktatest

import (
	"net/netip"
	"strings"
)

// zoneAddress is an entry of a zone: addresses as a block or as a range.
type zoneAddress struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// cause says why Okta would refuse the entry, which the zone has under that field; it is empty for a good one.
func (a zoneAddress) cause(field string) string {
	switch a.Type {
	case "CIDR":
		// One address alone is a block too.
		if _, err := netip.ParsePrefix(a.Value); err == nil || isAddress(a.Value) {
			return ""
		}
	case "RANGE":
		if isRange(a.Value) {
			return ""
		}
	default:
		return field + ": The type " + a.Type + " must be CIDR or RANGE"
	}
	return field + ": The IP " + a.Value + " is invalid"
}

func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// isRange accepts two addresses of one family, the lower first, and one address alone.
func isRange(s string) bool {
	low, high, found := strings.Cut(s, "-")
	if !found {
		return isAddress(s)
	}
	if !isAddress(low) || !isAddress(high) {
		return false
	}
	from, to := netip.MustParseAddr(low), netip.MustParseAddr(high)
	return from.Is4() == to.Is4() && from.Compare(to) <= 0
}
