package actions

import (
	"net/netip"
	"strings"

	"soar.example/okta/internal/okta"
)

// A span is what an entry of a zone covers: from one address to another, both in it.
type span struct{ from, to netip.Addr }

// spanOf reads an entry of a zone. ok is false for one that is in no known form.
func spanOf(g okta.Gateway) (s span, ok bool) {
	if from, to, isRange := strings.Cut(g.Value, "-"); isRange {
		first, err1 := netip.ParseAddr(strings.TrimSpace(from))
		last, err2 := netip.ParseAddr(strings.TrimSpace(to))
		s = span{first.Unmap(), last.Unmap()}
		return s, err1 == nil && err2 == nil && s.from.Is4() == s.to.Is4() && !s.to.Less(s.from)
	}
	p, ok := prefixOf(g.Value)
	return spanOfPrefix(p), ok
}

// prefixOf reads an entry that is one address or a CIDR range.
func prefixOf(value string) (netip.Prefix, bool) {
	value = strings.TrimSpace(value)
	if a, err := netip.ParseAddr(value); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= mapped.Bits() {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped.Bits())
	}
	// Okta keeps what it was given: 198.51.100.7/24 means 198.51.100.0/24.
	return p.Masked(), true
}

func spanOfPrefix(p netip.Prefix) span {
	if !p.IsValid() {
		return span{}
	}
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
	}
	to, _ := netip.AddrFromSlice(last)
	return span{p.Addr(), to}
}

func (s span) covers(o span) bool { return s.overlaps(o) && !o.from.Less(s.from) && !s.to.Less(o.to) }

func (s span) overlaps(o span) bool {
	return s.from.Is4() == o.from.Is4() && !s.to.Less(o.from) && !o.to.Less(s.from)
}

// BlockState is how a blocklist stands to an address.
type BlockState struct {
	Blocked bool     `json:"blocked"`      // Whether the zone blocks the address, or the whole of the range.
	Entries []string `json:"entries"`      // The entries of the zone that hold the address or a part of the range.
	Size    int      `json:"zone_entries"` // How many entries the zone has.
}

// blockState judges a zone by its entries. No two entries are put together: a range
// that only several of them cover counts as not blocked, and gets an entry.
func blockState(z *okta.Zone, p netip.Prefix) BlockState {
	state := BlockState{Entries: []string{}, Size: len(z.Gateways)}
	want := spanOfPrefix(p)
	for _, g := range z.Gateways {
		s, ok := spanOf(g)
		if !ok || !s.overlaps(want) {
			continue
		}
		state.Entries = append(state.Entries, g.Value)
		state.Blocked = state.Blocked || s.covers(want)
	}
	return state
}

// without returns the entries but those that are p and nothing else.
func without(gateways []okta.Gateway, p netip.Prefix) []okta.Gateway {
	want := spanOfPrefix(p)
	kept := []okta.Gateway{}
	for _, g := range gateways {
		if s, ok := spanOf(g); !ok || s != want {
			kept = append(kept, g)
		}
	}
	return kept
}
