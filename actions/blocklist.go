package actions

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// OneBlocklist names the blocklist of an action.
type OneBlocklist struct {
	// ID or exact name of the blocklist. Every Okta org has BlockedIpZone.
	Zone BlocklistName `json:"zone,omitempty" jsonschema_extras:"x-options=list_network_zones usage=BLOCKLIST,x-group=advanced"`
}

// BlocklistName is the ID or the name of a blocklist.
type BlocklistName string

// JSONSchemaExtend adds the length of a name, and the blocklist that every Okta org has.
func (BlocklistName) JSONSchemaExtend(s *jsonschema.Schema) {
	least, most := uint64(1), uint64(200)
	s.MinLength, s.MaxLength, s.Default, s.Examples = &least, &most, exampleZone.Name, []any{exampleZone.Name}
}

// ZoneRef identifies the network zone of an output.
type ZoneRef struct {
	ID   string `json:"id"`   // ID of the network zone.
	Name string `json:"name"` // Name of the network zone.
}

var (
	exampleZone      = ZoneRef{ID: "nzo1a2b3c4d5e6f7g8h9", Name: "BlockedIpZone"}
	exampleBlocklist = OneBlocklist{BlocklistName(exampleZone.Name)}
)

// A zoneEdit changes the entries of a blocklist.
type zoneEdit struct {
	addresses netip.Prefix
	goal      string
	done      func(BlockState) bool
	// edit returns the new entries of the zone.
	edit func([]okta.Gateway) []okta.Gateway
	// precondition explains why the entries of a zone cannot reach the goal, "" if they can. It may be nil.
	precondition func(*okta.Zone, BlockState) string
}

// zoneTries is the number of attempts for a change that writes of other clients overwrite.
const zoneTries = 3

// run changes the blocklist that ref names. Okta replaces a zone as a whole and has no
// version to compare, so the later of two concurrent writes wins. Therefore run verifies
// the zone, and repeats a lost change on top of the other client's write.
func (e zoneEdit) run(ctx context.Context, c *okta.Client, ref string) (ZoneRef, reconcile.Change[BlockState], error) {
	var none reconcile.Change[BlockState]
	unlock, err := c.LockZones(ctx)
	if err != nil {
		return ZoneRef{}, none, err
	}
	defer unlock()
	z, err := c.FindZone(ctx, "/zone", ref)
	if err != nil {
		return ZoneRef{}, none, err
	}
	zone := ZoneRef{ID: z.ID, Name: z.Name}
	if z.Usage != okta.ZoneBlocklist || z.Type != okta.ZoneIP {
		return zone, none, sdk.InvalidField("/zone", "is a zone of type %s and usage %s. "+
			"This action changes only blocklists of type IP, never a zone that rules trust", z.Type, z.Usage)
	}
	first := blockState(z, e.addresses)
	id := z.ID
	for try := 1; ; try++ {
		change, lost, err := e.once(ctx, c, &z)
		change.Before = first
		change.About(sdk.Subject{Type: "zone", ID: z.ID, Name: z.Name},
			sdk.Subject{Type: "address", ID: z.ID + " " + e.addresses.String(), Name: e.addresses.String()})
		if err == nil || !lost || try == zoneTries {
			return zone, change, Explained(ctx, c, err, id)
		}
	}
}

// once writes the zone and verifies it, in z. Lost reports whether Okta accepted the
// change and the zone does not have it.
func (e zoneEdit) once(ctx context.Context, c *okta.Client, z **okta.Zone) (change reconcile.Change[BlockState], lost bool, err error) {
	change, err = reconcile.Goal[BlockState]{
		Name: e.goal,
		Done: e.done,
		Blocked: func(s BlockState) string {
			if e.precondition == nil {
				return ""
			}
			return e.precondition(*z, s)
		},
		Act: func(ctx context.Context) error {
			err := c.ReplaceGateways(ctx, *z, e.edit((*z).Gateways))
			lost = err == nil
			return err
		},
		Read: func(ctx context.Context) (BlockState, error) {
			now, err := c.Zone(ctx, (*z).ID)
			if err != nil {
				lost = false
				return BlockState{}, err
			}
			*z = now
			return blockState(now, e.addresses), nil
		},
	}.From(ctx, blockState(*z, e.addresses))
	return change, lost && err != nil && !errors.Is(err, context.Canceled), err
}

// A span is the range of addresses that an entry of a zone covers, both ends included.
type span struct{ from, to netip.Addr }

// spanOf parses an entry of a zone. It returns false if the form of the entry is unknown.
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

// prefixOf parses an entry that is one address or a CIDR range.
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
	// Okta does not normalize entries: 198.51.100.7/24 means 198.51.100.0/24.
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

// BlockState is the state of an address on a blocklist.
type BlockState struct {
	Blocked bool     `json:"blocked"`      // Whether the zone blocks the address, or the whole range.
	Entries []string `json:"entries"`      // Entries of the zone that contain the address or a part of the range.
	Size    int      `json:"zone_entries"` // Number of entries of the zone.
}

// Compares excludes the size of the zone, which blocks of other addresses change.
func (BlockState) Compares(member string) bool { return member != "zone_entries" }

// blockState reports whether a zone blocks p. It does not combine entries: a range that
// only several entries cover counts as not blocked, and gets an entry.
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

// without returns the entries that are not equal to p.
func without(gateways []okta.Gateway, p netip.Prefix) []okta.Gateway {
	return slices.DeleteFunc(append([]okta.Gateway{}, gateways...), func(g okta.Gateway) bool {
		s, ok := spanOf(g)
		return ok && s == spanOfPrefix(p)
	})
}

// mapped is the range of IPv6 that contains all of IPv4.
var mapped = netip.MustParsePrefix("::ffff:0:0/96")

// parseAddresses parses an address or a CIDR range of IPv4 or IPv6 into its shortest
// form. Pointer is its member of the input.
func parseAddresses(pointer, s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return netip.Prefix{}, sdk.InvalidField(pointer, "has an IPv6 zone (%%), which has a meaning on one machine only. Remove the zone")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, sdk.InvalidField(pointer, "is neither an IP address nor a CIDR range, such as 203.0.113.7 or 2001:db8::/48")
	}
	if p.Masked() != p {
		return netip.Prefix{}, sdk.InvalidField(pointer,
			"has address bits beyond the prefix length. Use %s for the range, or %s for the single address", p.Masked(), p.Addr())
	}
	if p.Addr().Is4In6() && p.Bits() >= mapped.Bits() {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped.Bits())
	}
	return p, nil
}

// The shortest prefixes that may be blocked, so that a typing error does not block many users.
const (
	widest4 = 8
	widest6 = 16
)

// checkBlockable rejects ranges that are too wide, and addresses without sign-ins.
func checkBlockable(pointer string, p netip.Prefix) error {
	switch {
	case p.Bits() == 0:
		return sdk.InvalidField(pointer, "contains every address")
	case p.Addr().Is4() && p.Bits() < widest4:
		return sdk.InvalidField(pointer, "is wider than a /%d. Block smaller ranges", widest4)
	case p.Addr().Is6() && p.Bits() < widest6:
		return sdk.InvalidField(pointer, "is wider than a /%d. Block smaller ranges", widest6)
	case p.Addr().Is6() && p.Overlaps(mapped):
		return sdk.InvalidField(pointer, "contains all of IPv4 (::ffff:0:0/96)")
	case p.Addr().IsUnspecified() && p.IsSingleIP():
		return sdk.InvalidField(pointer, "is the unspecified address, from which nobody signs in")
	case p.Addr().IsMulticast():
		return sdk.InvalidField(pointer, "is a multicast address, from which nobody signs in")
	}
	return nil
}

// shared is the shared address space of carriers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// warnings returns the warnings about a block of p.
func warnings(p netip.Prefix) []string {
	a := p.Addr()
	switch {
	case a.IsLoopback():
		return []string{p.String() + " is a loopback address: Okta never sees a sign-in from it"}
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return []string{p.String() + " is a private address: Okta sees the public address in front of it. Block that address"}
	case shared.Overlaps(p):
		return []string{p.String() + " is in the shared address space of carriers: Okta sees the public address in front of it. Block that address"}
	case p.Addr().Is4() && p.Bits() < 24, p.Addr().Is6() && p.Bits() < 48:
		return []string{p.String() + " is a wide range: the block also rejects the sign-ins of all other users in this range"}
	}
	return nil
}
