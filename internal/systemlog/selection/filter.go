package selection

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
)

// longest is how much filter, escaped for a URL, fits into a request: Okta refuses
// long requests (E0000256), and proxies reject a request line over 8 kB.
const longest = 6000

// Filter returns an expression of Okta's filter language that is true for every event that
// matches one of the selections, and for as few others as the language can express. It
// returns "" if all events must be read. other is a filter of the same request. If the
// request would be too long, Filter leaves out terms, from the end of the selections'
// parameters. This is safe because every event is also matched locally.
//
// The expression has no logins, countries, or ranges that do not end at a dot. The language
// cannot compare texts without regard to case, and cannot compare addresses.
func Filter(selections []Selection, other string) string {
	room := longest - len(url.QueryEscape(other))
	for _, terms := range []func(Selection) []string{Selection.terms, Selection.typeTerms} {
		if f := either(selections, terms); f == "" || len(url.QueryEscape(f)) <= room {
			return f
		}
	}
	return ""
}

func either(selections []Selection, terms func(Selection) []string) string {
	var all []string
	for _, s := range selections {
		one := both(terms(s))
		if one == "" {
			return ""
		}
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return strings.Join(all, " or ")
}

// both joins terms by "and", which binds more strongly than "or".
func both(terms []string) string {
	if len(terms) == 1 {
		return terms[0]
	}
	for i, t := range terms {
		if strings.Contains(t, " or ") && !strings.HasPrefix(t, "not (") {
			terms[i] = "(" + t + ")"
		}
	}
	return strings.Join(terms, " and ")
}

func (s Selection) typeTerms() []string {
	var terms []string
	if types := typeTerm(s.EventTypes); types != "" {
		terms = append(terms, types)
	}
	if types := typeTerm(s.ExcludeTypes); types != "" {
		terms = append(terms, "not ("+types+")")
	}
	return terms
}

// terms must all hold of an event that is wanted.
func (s Selection) terms() []string {
	terms := s.typeTerms()
	add := func(term string) {
		if term != "" {
			terms = append(terms, term)
		}
	}
	add(anyOf("outcome.result", s.Outcome))
	add(anyOf("severity", s.Severity))
	if actors := newPeople(s.Actor); len(actors.logins) == 0 {
		add(anyOf("actor.id", s.Actor))
	}
	if targets := newPeople(s.Target); len(targets.logins) == 0 {
		add(anyOf("target.id", s.Target))
	}
	if ids := slices.DeleteFunc(slices.Clone(s.ExcludeActors), func(a string) bool { return !isID(a) }); len(ids) > 0 {
		add("not (" + anyOf("actor.id", ids) + ")")
	}
	add(addressTerm(ranges(s.ClientIP)))
	return terms
}

func anyOf(attribute string, values []string) string {
	terms := make([]string, len(values))
	for i, v := range values {
		terms[i] = attribute + " eq " + systemlog.Quote(v)
	}
	return strings.Join(terms, " or ")
}

// typeTerm is "" for every type. An exclusion of every type has no term either,
// which asks for too much and loses nothing.
func typeTerm(patterns []string) string {
	var terms []string
	for _, p := range patterns {
		if p == "*" {
			return ""
		}
		if family, ok := strings.CutSuffix(p, "*"); ok {
			terms = append(terms, "eventType sw "+systemlog.Quote(family))
		} else {
			terms = append(terms, "eventType eq "+systemlog.Quote(p))
		}
	}
	return strings.Join(terms, " or ")
}

// addressTerm holds for every text of an address in one of the ranges. An IPv4
// address has one text, and others as an IPv6 address; an IPv6 address has many,
// and all have a colon.
func addressTerm(ranges []netip.Prefix) string {
	const colon = `client.ipAddress co ":"`
	var terms []string
	for _, p := range ranges {
		whole := p.Bits() / 8 // octets that all addresses of the range share
		switch octets := p.Addr().AsSlice(); {
		case !p.Addr().Is4():
		case whole == 0:
			return ""
		case p.IsSingleIP():
			terms = append(terms, "client.ipAddress eq "+systemlog.Quote(p.Addr().String()))
		default:
			var start strings.Builder
			for _, o := range octets[:whole] {
				fmt.Fprintf(&start, "%d.", o)
			}
			terms = append(terms, "client.ipAddress sw "+systemlog.Quote(start.String()))
		}
	}
	if len(ranges) == 0 {
		return ""
	}
	return strings.Join(append(terms, colon), " or ")
}
