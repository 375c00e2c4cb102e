package actions

import (
	"net/netip"
	"strings"

	"soar.example/okta/sdk"
)

// mapped is the range of IPv6 that contains all of IPv4.
var mapped = netip.MustParsePrefix("::ffff:0:0/96")

// parseAddresses parses an address or a CIDR range of IPv4 or IPv6 into its shortest
// form. Pointer is its member of the input.
func parseAddresses(pointer, s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return netip.Prefix{}, sdk.InvalidField(pointer, "has a zone (%%): such an address has a meaning on one machine only")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, sdk.InvalidField(pointer, "is neither an IP address nor a CIDR range, such as 203.0.113.7 or 2001:db8::/48")
	}
	if p.Masked() != p {
		return netip.Prefix{}, sdk.InvalidField(pointer, "has address bits beyond its length: %s is the range, %s the one address", p.Masked(), p.Addr())
	}
	if p.Addr().Is4In6() && p.Bits() >= mapped.Bits() {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped.Bits())
	}
	return p, nil
}

// The widest ranges that may be blocked: a typing error must not block a continent.
const (
	widest4 = 8
	widest6 = 16
)

// checkBlockable rejects ranges that are too wide, and addresses without sign-ins.
func checkBlockable(pointer string, p netip.Prefix) error {
	switch {
	case p.Bits() == 0:
		return sdk.InvalidField(pointer, "is every address there is")
	case p.Addr().Is4() && p.Bits() < widest4:
		return sdk.InvalidField(pointer, "is a range of more than a /%d; block its parts if you must", widest4)
	case p.Addr().Is6() && p.Bits() < widest6:
		return sdk.InvalidField(pointer, "is a range of more than a /%d; block its parts if you must", widest6)
	case p.Addr().Is6() && p.Overlaps(mapped):
		return sdk.InvalidField(pointer, "holds all of IPv4 (::ffff:0:0/96)")
	case p.Addr().IsUnspecified() && p.IsSingleIP():
		return sdk.InvalidField(pointer, "is no address that anybody signs in from")
	case p.Addr().IsMulticast():
		return sdk.InvalidField(pointer, "is a multicast address, which nobody signs in from")
	}
	return nil
}

// shared is the address space of carriers that put many customers behind one address
// (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// oddities returns warnings about blocking p.
func oddities(p netip.Prefix) []string {
	a := p.Addr()
	switch {
	case a.IsLoopback():
		return []string{p.String() + " is a loopback address: Okta never sees a sign-in from it"}
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return []string{p.String() + " is a private address: Okta sees the public address behind which it is"}
	case shared.Overlaps(p):
		return []string{p.String() + " is of a carrier's shared address space: Okta sees the public address behind which it is"}
	case p.Addr().Is4() && p.Bits() < 24, p.Addr().Is6() && p.Bits() < 48:
		return []string{p.String() + " is a wide range: whoever else signs in from it is shut out too"}
	}
	return nil
}
