// Package origin returns the origin of a URL (scheme, host and port) in a canonical form. Two spellings of one
// address have the same canonical form.
package origin

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

var (
	errNoHost = errors.New("the URL has no host")
	errHost   = errors.New("the URL has a host name that DNS does not allow")
	errMixed  = errors.New("the URL has a host name with letters of several alphabets")
	errPort   = errors.New("the URL has a port that is not a number from 1 to 65535")
)

// defaultPorts are the ports that a URL may omit.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// Parse returns the canonical origin of a URL.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	return Of(u)
}

// Of returns the canonical origin of u. Scheme and host are in lower case. The host is in ASCII (punycode) without a
// trailing dot, and IPv6 addresses have their shortest form. The default port of the scheme is omitted. The path,
// query and user of u are ignored.
func Of(u *url.URL) (*url.URL, error) {
	if u.Opaque != "" || u.Hostname() == "" {
		return nil, errNoHost
	}
	host, err := Host(u.Hostname())
	if err != nil {
		return nil, err
	}
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return nil, errPort
		}
		port = strconv.FormatUint(number, 10)
	}
	switch {
	case port != "" && port != defaultPorts[scheme]:
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: scheme, Host: host}, nil
}

// Same reports whether two URLs have the same origin. A URL without an origin is never the same.
func Same(a, b string) bool {
	one, err := Parse(a)
	if err != nil {
		return false
	}
	other, err := Parse(b)
	return err == nil && *one == *other
}

// Host returns the canonical form of a host name or of an IP address without brackets.
func Host(name string) (string, error) {
	if strings.Contains(name, ":") {
		address, err := netip.ParseAddr(name)
		if err != nil || address.Zone() != "" {
			return "", errHost
		}
		return address.String(), nil
	}
	if mixed(name) {
		return "", errMixed
	}
	host := strings.ToLower(name)
	if !ascii(host) {
		var err error
		if host, err = idna.Lookup.ToASCII(name); err != nil {
			return "", errHost
		}
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 {
		return "", errHost
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return "", errHost
		}
		for _, r := range label {
			// Host names in private networks may contain underscores.
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
				return "", errHost
			}
		}
	}
	return host, nil
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// mixed reports whether a label mixes letters of similar-looking alphabets. Such a name can imitate another
// name.
func mixed(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		scripts := 0
		for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee} {
			if strings.IndexFunc(label, func(r rune) bool { return unicode.Is(script, r) }) >= 0 {
				scripts++
			}
		}
		if scripts > 1 {
			return true
		}
	}
	return false
}
