package selection

import (
	"net/netip"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// A Match is the result of matching an event.
type Match int

// The values of a Match.
const (
	Unwanted Match = iota
	Wanted
	// Indeterminate means that all readable fields match, but the result depends on a field that
	// could not be read.
	Indeterminate
)

// and returns the combined result if both must match.
func (v Match) and(w Match) Match {
	if v == Unwanted || w == Unwanted {
		return Unwanted
	}
	return max(v, w)
}

// not returns the inverted result.
func (v Match) not() Match {
	switch v {
	case Wanted:
		return Unwanted
	case Unwanted:
		return Wanted
	}
	return Indeterminate
}

// exclude returns the result of an exclusion with n values. m is the result of matching the values.
func exclude(n int, m Match) Match {
	if n == 0 {
		return Wanted
	}
	return m.not()
}

// matchIf returns Wanted or Unwanted.
func matchIf(matches bool) Match {
	if matches {
		return Wanted
	}
	return Unwanted
}

// A Matcher matches events against one [Selection]. It is immutable and safe for
// concurrent use.
type Matcher struct {
	types, excludeTypes          typeSet
	outcome, severity            []string
	actor, target, excludeActors principalSet
	ip, excludeIPs               []netip.Prefix
	country, excludeCountries    []string // in lower case
	includesSelfGenerated        bool
	needsFields                  bool // whether the match depends on fields other than the event type
}

// Compile returns the matcher of s. The caller must check [Selection.Violations] first, because
// Compile ignores invalid address ranges.
func Compile(s Selection) *Matcher {
	m := &Matcher{
		types: newTypeSet(s.EventTypes), excludeTypes: newTypeSet(s.ExcludeTypes),
		outcome: s.Outcome, severity: s.Severity,
		actor: newPrincipalSet(s.Actor), target: newPrincipalSet(s.Target), excludeActors: newPrincipalSet(s.ExcludeActors),
		ip: ranges(s.ClientIP), excludeIPs: ranges(s.ExcludeIPs),
		country: lower(s.Country), excludeCountries: lower(s.ExcludeCountries),
		includesSelfGenerated: s.OwnEvents,
	}
	m.needsFields = len(s.Outcome)+len(s.Severity)+len(s.Actor)+len(s.Target)+len(s.ClientIP)+len(s.Country)+
		len(s.ExcludeActors)+len(s.ExcludeIPs)+len(s.ExcludeCountries) > 0
	return m
}

// IncludesSelfGenerated reports whether the selection includes events that the connection caused.
func (m *Matcher) IncludesSelfGenerated() bool { return m.includesSelfGenerated }

// Match matches e, but does not check whether the event is self-generated. It parses the fields of
// the event only if it needs them. If the match is [Indeterminate], unreadable lists the unreadable
// fields on which the match depends.
func (m *Matcher) Match(e *Event) (v Match, unreadable []string) {
	v = m.matchType(e.Head)
	if v == Indeterminate {
		unreadable = []string{"eventType"}
	}
	if v == Unwanted || !m.needsFields {
		return v, unreadable
	}
	f := e.fields()
	each := [...]Match{
		oneOf(m.outcome, f.outcome, &unreadable), oneOf(m.severity, f.severity, &unreadable),
		m.actor.among(f.actor, &unreadable), m.target.among(f.target, &unreadable),
		exclude(len(m.excludeActors.ids)+len(m.excludeActors.logins), m.excludeActors.among(f.actor, &unreadable)),
		within(m.ip, f.ip, &unreadable), exclude(len(m.excludeIPs), within(m.excludeIPs, f.ip, &unreadable)),
		oneOfFolded(m.country, f.country, &unreadable), exclude(len(m.excludeCountries), oneOfFolded(m.excludeCountries, f.country, &unreadable)),
	}
	for _, one := range each {
		v = v.and(one)
	}
	if v != Indeterminate {
		return v, nil
	}
	slices.Sort(unreadable)
	return v, slices.Compact(unreadable)
}

func (m *Matcher) matchType(h systemlog.Head) Match {
	if m.types.all && m.excludeTypes.empty() {
		return Wanted
	}
	if slices.Contains(h.Unreadable, "eventType") {
		return Indeterminate
	}
	return matchIf(m.types.has(h.EventType) && !m.excludeTypes.has(h.EventType))
}

// oneOf matches a field that must equal one of the values. It always matches if there are none.
func oneOf(values []string, t text, unreadable *[]string) Match {
	if len(values) == 0 {
		return Wanted
	}
	if t.unreadable != "" {
		*unreadable = append(*unreadable, t.unreadable)
		return Indeterminate
	}
	return matchIf(t.present && slices.Contains(values, t.value))
}

// oneOfFolded is oneOf without regard to case. The values must be in lower case.
func oneOfFolded(values []string, t text, unreadable *[]string) Match {
	if len(values) == 0 {
		return Wanted
	}
	t.value = strings.ToLower(t.value)
	return oneOf(values, t, unreadable)
}

// within matches an address that must be in one of the ranges. It always matches if there are none.
func within(ranges []netip.Prefix, t text, unreadable *[]string) Match {
	if len(ranges) == 0 {
		return Wanted
	}
	// If Okta knows no address, the string can be "null".
	if t.unreadable == "" && (!t.present || t.value == "" || t.value == "null") {
		return Unwanted
	}
	addr, err := netip.ParseAddr(t.value)
	if t.unreadable != "" || err != nil {
		*unreadable = append(*unreadable, "client.ipAddress")
		return Indeterminate
	}
	addr = addr.Unmap().WithZone("")
	return matchIf(slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr) }))
}

// A typeSet is a set of event types and families.
type typeSet struct {
	all      bool
	exact    map[string]bool
	families []string // prefixes with the final dot
	patterns []string // with a * elsewhere
}

func newTypeSet(patterns []string) typeSet {
	s := typeSet{exact: map[string]bool{}}
	for _, p := range patterns {
		if p == "*" {
			s.all = true
		} else if family, ok := strings.CutSuffix(p, "*"); ok && !strings.Contains(family, "*") {
			s.families = append(s.families, family)
		} else if strings.Contains(p, "*") {
			s.patterns = append(s.patterns, p)
		} else {
			s.exact[p] = true
		}
	}
	return s
}

func (s typeSet) empty() bool { return !s.all && len(s.exact)+len(s.families)+len(s.patterns) == 0 }

func (s typeSet) has(eventType string) bool {
	return s.all || s.exact[eventType] ||
		slices.ContainsFunc(s.families, func(f string) bool { return strings.HasPrefix(eventType, f) }) ||
		slices.ContainsFunc(s.patterns, func(p string) bool { return sdk.MatchType(p, eventType) })
}

// ranges parses addresses and ranges, and ignores invalid ones.
func ranges(texts []string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		if p, err := parseRange(t); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// lower returns the texts in lower case.
func lower(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, strings.ToLower(t))
	}
	return all
}

// A principalSet is a set of actors or targets: IDs, and logins in lower case.
type principalSet struct {
	ids, logins map[string]bool
}

func newPrincipalSet(values []string) principalSet {
	p := principalSet{ids: map[string]bool{}, logins: map[string]bool{}}
	for _, v := range values {
		if isID(v) {
			p.ids[v] = true
		} else {
			p.logins[strings.ToLower(v)] = true
		}
	}
	return p
}

// isID reports whether s has the form of an Okta ID: 20 letters and digits.
func isID(s string) bool {
	digits := 0
	for i := range len(s) {
		switch ch := s[i]; {
		case ch >= '0' && ch <= '9':
			digits++
		case ch < 'A' || ch > 'z' || ch > 'Z' && ch < 'a':
			return false
		}
	}
	return len(s) == 20 && digits > 0
}

func (p principalSet) empty() bool { return len(p.ids)+len(p.logins) == 0 }

// among matches a list that must contain one of the principals. It always matches if p is empty.
func (p principalSet) among(list entities, unreadable *[]string) Match {
	if p.empty() {
		return Wanted
	}
	for _, e := range list.all {
		if e.id.present && p.ids[e.id.value] || e.login.present && p.logins[strings.ToLower(e.login.value)] {
			return Wanted
		}
	}
	var paths []string
	if list.unreadable != "" {
		paths = append(paths, list.unreadable)
	}
	for _, e := range list.all {
		if e.id.unreadable != "" && len(p.ids) > 0 {
			paths = append(paths, e.id.unreadable)
		}
		if e.login.unreadable != "" && len(p.logins) > 0 {
			paths = append(paths, e.login.unreadable)
		}
	}
	if paths == nil {
		return Unwanted
	}
	*unreadable = append(*unreadable, paths...)
	return Indeterminate
}
