package selection

import (
	"net/netip"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
)

// A Match reports whether a [Matcher] wants an event.
type Match int

// The values of a Match.
const (
	Unwanted Match = iota
	Wanted
	// Indeterminate means that the fields that could be read match, and that a field that
	// could not be read decides.
	Indeterminate
)

// and returns the match if both are required.
func (v Match) and(w Match) Match {
	if v == Unwanted || w == Unwanted {
		return Unwanted
	}
	return max(v, w)
}

func (v Match) not() Match {
	switch v {
	case Wanted:
		return Unwanted
	case Unwanted:
		return Wanted
	}
	return Indeterminate
}

// exclude returns the match of a parameter of n values that excludes the events that match.
func exclude(n int, m Match) Match {
	if n == 0 {
		return Wanted
	}
	return m.not()
}

func matchIf(matches bool) Match {
	if matches {
		return Wanted
	}
	return Unwanted
}

// A Matcher matches events against one [Selection]. It is immutable and safe for
// concurrent use.
type Matcher struct {
	types, noTypes         typeSet
	outcome, severity      []string
	actor, target, noActor people
	ip, noIP               []netip.Prefix
	country, noCountry     []string // in lower case
	own                    bool
	deep                   bool // more than the type decides
}

// Compile returns the matcher of s, which must have no Violations: a range of addresses
// that cannot be parsed is ignored.
func Compile(s Selection) *Matcher {
	m := &Matcher{
		types: newTypeSet(s.EventTypes), noTypes: newTypeSet(s.ExcludeTypes),
		outcome: s.Outcome, severity: s.Severity,
		actor: newPeople(s.Actor), target: newPeople(s.Target), noActor: newPeople(s.ExcludeActors),
		ip: ranges(s.ClientIP), noIP: ranges(s.ExcludeIPs),
		country: lower(s.Country), noCountry: lower(s.ExcludeCountries),
		own: s.OwnEvents,
	}
	m.deep = len(s.Outcome)+len(s.Severity)+len(s.Actor)+len(s.Target)+len(s.ClientIP)+len(s.Country)+
		len(s.ExcludeActors)+len(s.ExcludeIPs)+len(s.ExcludeCountries) > 0
	return m
}

// Own reports whether the selection includes events that the connection caused.
func (m *Matcher) Own() bool { return m.own }

// Match reports whether e matches, without regard to [Matcher.Own]. It reads no more of
// the event than it needs. If the match is indeterminate, unread names the fields that
// decide and could not be read.
func (m *Matcher) Match(e *Event) (v Match, unread []string) {
	v = m.matchType(e.Head)
	if v == Indeterminate {
		unread = []string{"eventType"}
	}
	if v == Unwanted || !m.deep {
		return v, unread
	}
	f, missed := e.fields(), &unread
	each := [...]Match{
		oneOf(m.outcome, f.outcome, missed), oneOf(m.severity, f.severity, missed),
		m.actor.among(f.actor, missed), m.target.among(f.target, missed),
		exclude(len(m.noActor.ids)+len(m.noActor.logins), m.noActor.among(f.actor, missed)),
		within(m.ip, f.ip, missed), exclude(len(m.noIP), within(m.noIP, f.ip, missed)),
		oneOfFolded(m.country, f.country, missed), exclude(len(m.noCountry), oneOfFolded(m.noCountry, f.country, missed)),
	}
	for _, one := range each {
		v = v.and(one)
	}
	if v != Indeterminate {
		return v, nil
	}
	slices.Sort(unread)
	return v, slices.Compact(unread)
}

func (m *Matcher) matchType(h systemlog.Head) Match {
	if m.types.all && m.noTypes.empty() {
		return Wanted
	}
	if slices.Contains(h.Unread, "eventType") {
		return Indeterminate
	}
	return matchIf(m.types.has(h.EventType) && !m.noTypes.has(h.EventType))
}

// oneOf matches a field that must have one of the values, if there are any.
func oneOf(values []string, t text, missed *[]string) Match {
	if len(values) == 0 {
		return Wanted
	}
	if t.unread != "" {
		*missed = append(*missed, t.unread)
		return Indeterminate
	}
	return matchIf(t.there && slices.Contains(values, t.value))
}

func oneOfFolded(values []string, t text, missed *[]string) Match {
	if len(values) == 0 {
		return Wanted
	}
	t.value = strings.ToLower(t.value)
	return oneOf(values, t, missed)
}

// within matches an address that must lie in one of the ranges, if there are any.
func within(ranges []netip.Prefix, t text, missed *[]string) Match {
	if len(ranges) == 0 {
		return Wanted
	}
	// Okta writes the text null where it knows no address.
	if t.unread == "" && (!t.there || t.value == "" || t.value == "null") {
		return Unwanted
	}
	addr, err := netip.ParseAddr(t.value)
	if t.unread != "" || err != nil {
		*missed = append(*missed, "client.ipAddress")
		return Indeterminate
	}
	addr = addr.Unmap().WithZone("")
	return matchIf(slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr) }))
}

// A typeSet holds event types and families of them.
type typeSet struct {
	all      bool
	exact    map[string]bool
	families []string // with the dot at their end
}

func newTypeSet(patterns []string) typeSet {
	s := typeSet{exact: map[string]bool{}}
	for _, p := range patterns {
		if p == "*" {
			s.all = true
		} else if family, ok := strings.CutSuffix(p, "*"); ok {
			s.families = append(s.families, family)
		} else {
			s.exact[p] = true
		}
	}
	return s
}

func (s typeSet) empty() bool { return !s.all && len(s.exact) == 0 && len(s.families) == 0 }

func (s typeSet) has(eventType string) bool {
	return s.all || s.exact[eventType] ||
		slices.ContainsFunc(s.families, func(f string) bool { return strings.HasPrefix(eventType, f) })
}

func ranges(texts []string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		if p, err := parseRange(t); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func lower(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, strings.ToLower(t))
	}
	return all
}

// people are actors or targets: ids, and logins in lower case.
type people struct {
	ids, logins map[string]bool
}

func newPeople(who []string) people {
	p := people{ids: map[string]bool{}, logins: map[string]bool{}}
	for _, w := range who {
		if isID(w) {
			p.ids[w] = true
		} else {
			p.logins[strings.ToLower(w)] = true
		}
	}
	return p
}

// isID reports whether s has the form of Okta's ids: 20 letters and digits.
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

func (p people) empty() bool { return len(p.ids)+len(p.logins) == 0 }

// among matches a list that must name one of p, if p is not empty.
func (p people) among(list entities, missed *[]string) Match {
	if p.empty() {
		return Wanted
	}
	for _, e := range list.all {
		if e.id.there && p.ids[e.id.value] || e.login.there && p.logins[strings.ToLower(e.login.value)] {
			return Wanted
		}
	}
	var unread []string
	if list.unread != "" {
		unread = append(unread, list.unread)
	}
	for _, e := range list.all {
		if e.id.unread != "" && len(p.ids) > 0 {
			unread = append(unread, e.id.unread)
		}
		if e.login.unread != "" && len(p.logins) > 0 {
			unread = append(unread, e.login.unread)
		}
	}
	if unread == nil {
		return Unwanted
	}
	*missed = append(*missed, unread...)
	return Indeterminate
}
