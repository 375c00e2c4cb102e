package selection

import (
	"net/netip"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
)

// A Verdict is what a [Matcher] says of an event.
type Verdict int

// The verdicts.
const (
	Unwanted Verdict = iota
	Wanted
	// Unsure is that what could be read of the event fits, and what could not be
	// read would decide.
	Unsure
)

// and is the verdict where both must fit.
func (v Verdict) and(w Verdict) Verdict {
	if v == Unwanted || w == Unwanted {
		return Unwanted
	}
	return max(v, w)
}

func (v Verdict) not() Verdict {
	switch v {
	case Wanted:
		return Unwanted
	case Unwanted:
		return Wanted
	}
	return Unsure
}

func verdict(fits bool) Verdict {
	if fits {
		return Wanted
	}
	return Unwanted
}

// A Matcher judges events by one [Selection]. It is immutable and safe for
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

// Compile prepares s, of which Violations must have found none: a range of
// addresses that cannot be read is left out.
func Compile(s Selection) *Matcher {
	m := &Matcher{
		types: newTypeSet(s.EventTypes), noTypes: newTypeSet(s.ExcludeTypes),
		outcome: s.Outcome, severity: s.Severity,
		actor: newPeople(s.Actor), target: newPeople(s.Target), noActor: newPeople(s.ExcludeActors),
		ip: ranges(s.ClientIP), noIP: ranges(s.ExcludeIPs),
		country: lower(s.Country), noCountry: lower(s.ExcludeCountries),
		own: s.OwnEvents,
	}
	for _, given := range [][]string{s.Outcome, s.Severity, s.Actor, s.Target, s.ClientIP, s.Country, s.ExcludeActors, s.ExcludeIPs, s.ExcludeCountries} {
		m.deep = m.deep || len(given) > 0
	}
	return m
}

// Own reports whether events are wanted that the connection's own login caused.
func (m *Matcher) Own() bool { return m.own }

// Judge says whether e is wanted, whoever caused it. It reads no more of the event
// than it needs. Where it is unsure, unread names what would decide and could not
// be read.
func (m *Matcher) Judge(e *Event) (v Verdict, unread []string) {
	v = m.judgeType(e.Head)
	if v == Unsure {
		unread = []string{"eventType"}
	}
	if v == Unwanted || !m.deep {
		return v, unread
	}
	f, missed := e.fields(), &unread
	each := [...]Verdict{
		oneOf(m.outcome, f.outcome, missed), oneOf(m.severity, f.severity, missed),
		m.actor.among(f.actor, missed), m.target.among(f.target, missed), m.noActor.without(f.actor, missed),
		within(m.ip, f.ip, missed), outside(m.noIP, f.ip, missed),
		oneOfFolded(m.country, f.country, missed), noneOfFolded(m.noCountry, f.country, missed),
	}
	for _, one := range each {
		v = v.and(one)
	}
	if v != Unsure {
		return v, nil
	}
	slices.Sort(unread)
	return v, slices.Compact(unread)
}

func (m *Matcher) judgeType(h systemlog.Head) Verdict {
	if m.types.all && m.noTypes.empty() {
		return Wanted
	}
	if slices.Contains(h.Unread, "eventType") {
		return Unsure
	}
	return verdict(m.types.has(h.EventType) && !m.noTypes.has(h.EventType))
}

// oneOf judges a field that must have one of the values, if there are any.
func oneOf(values []string, t text, missed *[]string) Verdict {
	if len(values) == 0 {
		return Wanted
	}
	if t.unread != "" {
		*missed = append(*missed, t.unread)
		return Unsure
	}
	return verdict(t.there && slices.Contains(values, t.value))
}

func oneOfFolded(values []string, t text, missed *[]string) Verdict {
	if len(values) == 0 {
		return Wanted
	}
	t.value = strings.ToLower(t.value)
	return oneOf(values, t, missed)
}

func noneOfFolded(values []string, t text, missed *[]string) Verdict {
	if len(values) == 0 {
		return Wanted
	}
	return oneOfFolded(values, t, missed).not()
}

// within judges an address that must lie in one of the ranges, if there are any.
func within(ranges []netip.Prefix, t text, missed *[]string) Verdict {
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
		return Unsure
	}
	addr = addr.Unmap().WithZone("")
	return verdict(slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr) }))
}

func outside(ranges []netip.Prefix, t text, missed *[]string) Verdict {
	if len(ranges) == 0 {
		return Wanted
	}
	return within(ranges, t, missed).not()
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
