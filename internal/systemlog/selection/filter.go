package selection

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
)

// maxLength is the maximum length of a filter after URL escaping, in bytes. Okta rejects long
// requests (E0000256), and proxies reject a request line over 8 kB.
const maxLength = 6000

// Filter returns an expression of Okta's filter language for the events that match at least one of
// the selections. It returns "" if all events must be read. other is another parameter of the same
// request that counts toward the maximum length. If the filter would be too long, Filter omits all
// terms except the event types. If that is too long as well, it returns "".
//
// The expression can also match events that no selection matches, so the caller must match every
// event locally. The language cannot ignore case and cannot compare addresses. Therefore, the
// expression ignores logins and countries, and rounds address ranges to whole octets.
func Filter(selections []Selection, other string) string {
	available := maxLength - len(url.QueryEscape(other))
	for _, terms := range []func(Selection) []string{Selection.terms, Selection.typeTerms} {
		if f := either(selections, terms); f == "" || len(url.QueryEscape(f)) <= available {
			return f
		}
	}
	return ""
}

// either joins the expressions of all selections by "or". It returns "" if a selection has no terms.
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

// both joins terms by "and". It puts terms that contain "or" in parentheses.
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

// typeTerms returns the conditions of the event type alone.
func (s Selection) typeTerms() []string {
	var terms []string
	if types := typeTerm(s.EventTypes); types != "" {
		terms = append(terms, types)
	}
	// The prefix of a pattern would exclude too many events.
	precise := slices.DeleteFunc(slices.Clone(s.ExcludeTypes), func(p string) bool { return strings.Contains(strings.TrimSuffix(p, "*"), "*") })
	if types := typeTerm(precise); types != "" {
		terms = append(terms, "not ("+types+")")
	}
	return terms
}

// terms returns conditions that every matching event fulfills.
func (s Selection) terms() []string {
	terms := s.typeTerms()
	add := func(term string) {
		if term != "" {
			terms = append(terms, term)
		}
	}
	add(anyOf("outcome.result", s.Outcome))
	add(anyOf("severity", s.Severity))
	if actors := newPrincipalSet(s.Actor); len(actors.logins) == 0 {
		add(anyOf("actor.id", s.Actor))
	}
	if targets := newPrincipalSet(s.Target); len(targets.logins) == 0 {
		add(anyOf("target.id", s.Target))
	}
	if ids := slices.DeleteFunc(slices.Clone(s.ExcludeActors), func(a string) bool { return !isID(a) }); len(ids) > 0 {
		add("not (" + anyOf("actor.id", ids) + ")")
	}
	add(addressTerm(ranges(s.ClientIP)))
	return terms
}

// anyOf returns an expression that is true if the attribute has one of the values.
func anyOf(attribute string, values []string) string {
	terms := make([]string, len(values))
	for i, v := range values {
		terms[i] = attribute + " eq " + systemlog.Quote(v)
	}
	return strings.Join(terms, " or ")
}

// typeTerm returns an expression for the patterns, or for the text before their first *. It returns
// "" if they match every type. An exclusion of every type also has no term: the filter then matches
// more events, which is safe.
func typeTerm(patterns []string) string {
	var terms []string
	for _, p := range patterns {
		family, _, isFamily := strings.Cut(p, "*")
		if isFamily && family == "" {
			return ""
		}
		if isFamily {
			terms = append(terms, "eventType sw "+systemlog.Quote(family))
		} else {
			terms = append(terms, "eventType eq "+systemlog.Quote(p))
		}
	}
	return strings.Join(terms, " or ")
}

// addressTerm returns an expression that is true for every spelling of every address in the ranges.
// An IPv4 address has one spelling in dotted form. All other spellings, of IPv4 and IPv6 addresses,
// contain a colon.
func addressTerm(ranges []netip.Prefix) string {
	const colon = `client.ipAddress co ":"`
	var terms []string
	for _, p := range ranges {
		whole := p.Bits() / 8 // number of octets that all addresses of the range share
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
