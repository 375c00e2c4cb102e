package httpconnector

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/idna"

	"soar.example/okta/sdk"
)

// specialRanges are the address ranges that are not public, by the registries of special
// addresses of IANA (https://www.iana.org/assignments/iana-ipv4-special-registry).
var specialRanges = []struct{ prefix, kind string }{
	{"0.0.0.0/8", "unspecified"},
	{"10.0.0.0/8", "private"},
	{"100.64.0.0/10", "shared by the customers of a provider"},
	{"127.0.0.0/8", "loopback"},
	{"168.63.129.16/32", "the host of a cloud machine"},
	{"169.254.0.0/16", "link-local, as the metadata service of a cloud is"},
	{"172.16.0.0/12", "private"},
	{"192.0.0.0/24", "reserved"},
	{"192.0.2.0/24", "for documentation"},
	{"192.88.99.0/24", "a relay of 6to4"},
	{"192.168.0.0/16", "private"},
	{"198.18.0.0/15", "for benchmarks"},
	{"198.51.100.0/24", "for documentation"},
	{"203.0.113.0/24", "for documentation"},
	{"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},
	{"::/128", "unspecified"},
	{"::1/128", "loopback"},
	{"2001::/23", "reserved"},
	{"2001:db8::/32", "for documentation"},
	{"3fff::/20", "for documentation"},
	{"fc00::/7", "private"},
	{"fe80::/10", "link-local"},
	{"ff00::/8", "multicast"},
}

// publicIPv6 holds all public addresses of IPv6.
var publicIPv6 = netip.MustParsePrefix("2000::/3")

// kindOf names the special range of an address, "" if the address is public.
func kindOf(a netip.Addr) string {
	for _, r := range specialRanges {
		if netip.MustParsePrefix(r.prefix).Contains(a) {
			return r.kind
		}
	}
	if a.Is6() && !publicIPv6.Contains(a) {
		return "not public"
	}
	return ""
}

// embeddings are the IPv6 ranges whose addresses lead to an IPv4 address inside them, with
// the position of its first byte.
var embeddings = []struct {
	prefix string
	at     int
}{
	{"::/96", 12},           // IPv4-compatible
	{"::ffff:0:0:0/96", 12}, // IPv4-translated
	{"64:ff9b::/96", 12},    // NAT64
	{"2002::/16", 2},        // 6to4
	{"2001::/32", 4},        // Teredo: the server
}

// destinations returns the addresses that a connection to a may reach: a itself, or the
// IPv4 addresses that it embeds.
func destinations(a netip.Addr) []netip.Addr {
	a = a.WithZone("").Unmap()
	if a.Is4() || a.IsUnspecified() || a.IsLoopback() {
		return []netip.Addr{a}
	}
	b := a.As16()
	for _, e := range embeddings {
		if !netip.MustParsePrefix(e.prefix).Contains(a) {
			continue
		}
		found := []netip.Addr{netip.AddrFrom4([4]byte(b[e.at : e.at+4]))}
		if e.at == 4 { // the client of Teredo, whose bits are inverted
			found = append(found, netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
		}
		return found
	}
	if (b[8] == 0 || b[8] == 2) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe { // ISATAP
		return []netip.Addr{a, netip.AddrFrom4([4]byte(b[12:]))}
	}
	return []netip.Addr{a}
}

// A firewall decides which addresses a connection may reach.
type firewall struct {
	host    string // of base_url, for messages
	allowed []netip.Prefix
}

// check rejects an address that is neither public nor allowed.
func (f *firewall) check(a netip.Addr) error {
	for _, d := range destinations(a) {
		kind := kindOf(d)
		if kind == "" || slices.ContainsFunc(f.allowed, func(p netip.Prefix) bool { return p.Contains(d) }) {
			continue
		}
		e := sdk.Errorf(sdk.Forbidden, "cannot connect to %s: its address %s is %s. If the address is right, add it to allow_cidrs of this connection",
			f.host, a, kind)
		e.Err = sdk.ErrUnsent
		return e
	}
	return nil
}

// control runs for each address that is about to be connected to, after the name was
// resolved. A name that resolves to another address later is therefore checked again.
func (f *firewall) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return sdk.Errorf(sdk.Internal, "cannot check the address %s of the network %s", address, network)
	}
	return f.check(to.Addr())
}

// parseCIDRs reads the ranges of allow_cidrs.
func parseCIDRs(all []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for i, text := range all {
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() {
			return nil, sdk.InvalidField("/allow_cidrs/"+strconv.Itoa(i), "is not a range such as 10.20.0.0/16 or 10.20.3.7/32")
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}

// originOf returns the canonical origin of an address, and the IP address if the host is
// one. It rejects every host that a resolver may read as an IP address in another
// notation, such as 2130706433, 0x7f.1 or 0177.0.0.1.
func originOf(u *url.URL) (origin *url.URL, ip netip.Addr, problem string) {
	scheme := strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" || u.Opaque != "" || u.Hostname() == "" {
		return nil, ip, "must be an address such as https://desk.example/api"
	}
	if u.User != nil {
		return nil, ip, "must not contain a user name or a password. Put credentials into headers"
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Zone() != "":
		return nil, ip, "must not contain the zone of an address"
	case err == nil:
		host = ip.String()
	default:
		if host, err = idna.Lookup.ToASCII(host); err != nil || !isHostName(strings.TrimSuffix(host, ".")) {
			return nil, ip, "has a host name that DNS does not allow"
		}
		host = strings.TrimSuffix(host, ".")
		if ip, err = netip.ParseAddr(host); err != nil && endsInNumber(host) {
			return nil, ip, "must write an IP address as four decimal numbers"
		}
	}
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return nil, ip, "has a port that is not a number from 1 to 65535"
	}
	if port == map[string]string{"https": "443", "http": "80"}[scheme] {
		port = ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: scheme, Host: host}, ip, ""
}

func isHostName(host string) bool {
	valid := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' }
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return !valid(r) }) {
			return false
		}
	}
	return true
}

// endsInNumber reports whether the last label is a number. URL parsers and resolvers read
// such a host as an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
