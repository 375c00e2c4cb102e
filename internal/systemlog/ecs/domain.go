package ecs

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// divide splits a domain at its public suffix. All parts are "" if it has none
// that ICANN knows, as a host name or an address. Suffixes of companies, such as
// github.io, do not count as public, as with tldextract: who registered the name is
// what an analyst asks.
func divide(domain string) (registered, sub, top string) {
	name := strings.TrimSuffix(domain, ".")
	if name == "" || name[0] == '.' || strings.Contains(name, "..") {
		return "", "", ""
	}
	plain := ascii(name)
	suffix := icann(plain)
	if suffix == "" || strings.Count(plain, ".") != strings.Count(name, ".") {
		return "", "", ""
	}
	// Counted in labels, as a label in Unicode is not as long as one in ASCII.
	at := len(name)
	for range strings.Count(suffix, ".") + 1 {
		at = max(strings.LastIndexByte(name[:at], '.'), 0)
	}
	if at == 0 {
		return "", "", name
	}
	top = name[at+1:]
	if cut := strings.LastIndexByte(name[:at], '.'); cut >= 0 {
		return name[cut+1:], name[:cut], top
	}
	return name, "", top
}

// ascii is name in lower case and without Unicode, as the list of suffixes is.
func ascii(name string) string {
	for i := range len(name) {
		if name[i] >= 0x80 {
			if a, err := idna.Lookup.ToASCII(name); err == nil {
				return a
			}
			return ""
		}
	}
	return strings.ToLower(name)
}

// icann is the longest suffix of name that is public by ICANN's word.
func icann(name string) string {
	suffix, official := publicsuffix.PublicSuffix(name)
	for !official {
		_, parent, ok := strings.Cut(suffix, ".")
		if !ok {
			return ""
		}
		suffix, official = publicsuffix.PublicSuffix(parent)
	}
	return suffix
}
