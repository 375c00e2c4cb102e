package ecs

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Values of event.outcome.
const (
	success = "success"
	failure = "failure"
	unknown = "unknown"
)

// outcome returns event.outcome for Okta's outcome.result. A challenge, a skip or a deferral is
// neither a success nor a failure.
func outcome(result lit) string {
	switch result {
	case `"SUCCESS"`, `"ALLOW"`:
		return success
	case `"FAILURE"`, `"DENY"`:
		return failure
	default:
		return unknown
	}
}

// timestamp returns an RFC 3339 time in UTC, with microseconds unless they are zero. It truncates
// smaller fractions. It returns "" for any other text.
func timestamp(published string) string {
	t, err := time.Parse(time.RFC3339Nano, published)
	if err != nil {
		return ""
	}
	if len(published) == len("2006-01-02T15:04:05.000Z") && published[23] == 'Z' && published[19] == '.' {
		if published[20:23] == "000" {
			return published[:19] + "Z"
		}
		return published[:23] + "000Z"
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 0 || t.Year() > 9999 {
		return "" // an offset can move the time beyond the last valid year
	}
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}

// isPlaceholder reports whether a text is a placeholder for an absent value.
func isPlaceholder(l lit) bool {
	switch len(l) {
	case 0:
		return true
	case len(`"null"`):
		return strings.EqualFold(string(l), `"null"`)
	case len(`"unknown"`):
		return strings.EqualFold(string(l), `"unknown"`)
	}
	return false
}

// isIP reports whether Elasticsearch can store the address s. It cannot store an address with a
// zone.
func isIP(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == ""
}

// degrees returns raw if it is a number between -most and most.
func degrees(raw string, most float64) lit {
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') || f < -most || f > most {
		return ""
	}
	return lit(raw)
}

// isEmail reports whether a literal is an email address, and not a name such as unknown or CORP\x.
func isEmail(l lit) bool {
	if len(l) < len(`"a@b"`) {
		return false
	}
	inner := l[1 : len(l)-1]
	at := strings.IndexByte(string(inner), '@')
	if at <= 0 || at == len(inner)-1 {
		return false
	}
	for i := range len(inner) {
		c := inner[i]
		if !notInEmail[c] {
			continue
		}
		if c != '.' || i == 0 || i == at-1 || i == at+1 || i == len(inner)-1 || inner[i-1] == '.' {
			return false
		}
	}
	return strings.IndexByte(string(inner[at+1:]), '@') < 0
}

// notInEmail marks the bytes that an email address cannot contain, and the dot, which must be
// between other characters.
var notInEmail = marks(" \\\"<>(),;:[].")

// marks returns a table in which the bytes of set and the control characters are true.
func marks(set string) (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || strings.IndexByte(set, byte(c)) >= 0
	}
	return t
}

// splitDomain splits a domain at its public suffix. All parts are "" if the domain has no suffix of
// ICANN, such as a host name or an address. Suffixes of companies, such as github.io, do not
// count, as in tldextract, because analysts need the registrant of the name.
func splitDomain(domain string) (registered, sub, top string) {
	name := strings.TrimSuffix(domain, ".")
	if name == "" || name[0] == '.' || strings.Contains(name, "..") {
		return "", "", ""
	}
	plain := ascii(name)
	suffix := icann(plain)
	if suffix == "" || strings.Count(plain, ".") != strings.Count(name, ".") {
		return "", "", ""
	}
	// Count labels, because the length of a label differs between Unicode and ASCII.
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

// ascii returns name in lower case and in ASCII, the form of the list of suffixes.
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

// icann returns the longest suffix of name that ICANN lists.
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
