package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// BlockIP puts an address on the blocklist.
var BlockIP = action[BlockIPInput, BlockIPOutput]{
	Name:    "block_ip",
	Summary: "Adds an IP address or CIDR range to Okta's blocklist, which rejects its sign-ins; never changes a zone that rules trust.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/#tag/NetworkZone/operation/replaceNetworkZone",
	Effect:  sdk.Writes,
	Undo:    "unblock_ip",
	Scopes:  []string{"okta.networkZones.manage", "okta.users.read", "okta.logs.read"},
	Example: sdk.Example[BlockIPInput, BlockIPOutput]{
		Input: BlockIPInput{Address: "203.0.113.7", OneBlocklist: exampleBlocklist, For: &exampleBlock, Protect: []string{"198.51.100.0/28"}},
		Output: BlockIPOutput{
			Address: "203.0.113.7/32", Zone: exampleZone, ExpiresAt: exampleTime("2026-03-15T02:41:09Z"), OwnAddress: "198.51.100.4", Warnings: []string{},
			Undo: []sdk.Undo{{
				Subject: exampleZone.ID + " 203.0.113.7/32", Action: "unblock_ip",
				Input: sdk.JSON(`{"address":"203.0.113.7/32","zone":"` + exampleZone.ID + `","only_entry":true}`),
				At:    exampleTime("2026-03-15T02:41:09Z"),
			}},
			Change: reconcile.Changed(
				BlockState{Entries: []string{}, Size: 12},
				BlockState{Blocked: true, Entries: []string{"203.0.113.7/32"}, Size: 13},
			),
		},
	},
	Run: blockIP,
}

// BlockIPInput is the input of block_ip.
type BlockIPInput struct {
	// IPv4 or IPv6 address, or a CIDR range of at most a /8 (IPv4) or a /16 (IPv6).
	Address string `json:"address" jsonschema:"example=203.0.113.7,example=2001:db8::/48,minLength=2,maxLength=60"`
	// Duration of the block; no end if absent. Okta keeps no expiry: the host reverts the block by the undo of the
	// output.
	For *sdk.Duration `json:"for,omitempty" jsonschema:"example=24h"`
	// End of the block, instead of a duration.
	ExpiresAt *time.Time `json:"expires_at,omitempty" jsonschema:"title=Until,example=2026-03-15T02:41:09Z" jsonschema_extras:"x-group=advanced"`
	// Addresses and ranges that must stay open, such as the responders' own. A block that overlaps one of them is
	// rejected.
	Protect []string `json:"protect,omitempty" jsonschema:"maxItems=100,uniqueItems=true,maxLength=60,example=203.0.113.7" jsonschema_extras:"x-group=advanced"`
	OneBlocklist
	reconcile.Write
}

// Validate refuses what is no address, and ranges that would shut out too many.
func (in BlockIPInput) Validate() error {
	p, err := parseAddresses("/address", in.Address)
	if err != nil {
		return err
	}
	if err := checkBlockable("/address", p); err != nil {
		return err
	}
	for i, s := range in.Protect {
		protected, err := parseAddresses(fmt.Sprintf("/protect/%d", i), s)
		if err != nil {
			return err
		}
		if protected.Overlaps(p) {
			return sdk.InvalidField("/address", "overlaps %s, which is never to be blocked", s)
		}
	}
	switch {
	case in.For != nil && in.ExpiresAt != nil:
		return sdk.InvalidField("/expires_at", "must not be given beside for")
	case in.For != nil && *in.For == 0:
		// A time that was computed and came out as nothing must not block for ever.
		return sdk.InvalidField("/for", "is no time at all; leave it out for a block without an end")
	}
	return nil
}

// BlockIPOutput is the output of block_ip.
type BlockIPOutput struct {
	Address string  `json:"address"` // Blocked address or range, in its shortest form.
	Zone    ZoneRef `json:"zone"`    // The blocklist.
	// End of this block. Okta keeps no expiry: the host makes the call in undo. If several blocks have one address,
	// the latest end counts.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Address of the last write of the connection's own user, which is never blocked; absent if it is unknown.
	OwnAddress string   `json:"own_address,omitempty"`
	Warnings   []string `json:"warnings"` // Warnings about the block.
	// Call that reverts the block: it removes the entry that this call added, or the entry that blocked the address
	// before. Absent if the address is not blocked.
	Undo []sdk.Undo `json:"undo,omitempty"`
	reconcile.Change[BlockState]
}

func blockIP(ctx context.Context, c *okta.Client, in BlockIPInput) (BlockIPOutput, error) {
	p, err := parseAddresses("/address", in.Address)
	if err != nil {
		return BlockIPOutput{}, err
	}
	out := BlockIPOutput{Address: p.String(), Warnings: append([]string{}, oddities(p)...)}
	if out.ExpiresAt, err = expiry(in.For, in.ExpiresAt, time.Now()); err != nil {
		return BlockIPOutput{}, err
	}
	own, err := c.OwnAddress(ctx)
	if err != nil {
		return BlockIPOutput{}, err
	}
	if own.IsValid() {
		out.OwnAddress = own.String()
		if p.Contains(own) {
			return BlockIPOutput{}, sdk.InvalidField("/address", "holds %s, from which this login's own writes reach Okta: the block would shut out whoever "+
				"has to take it back", own)
		}
	} else {
		out.Warnings = append(out.Warnings, "the address from which this login reaches Okta is not known, so it was not compared; name it in protect")
	}
	if out.Zone, out.Change, err = block(p).run(ctx, c, string(in.Zone)); err != nil {
		return out, err
	}
	out.Undo, err = undoBlock(out, p)
	return out, err
}

// undoBlock is how the block is taken back. A block that another entry makes rests
// on that entry, so that it must not go before this block ends.
func undoBlock(out BlockIPOutput, p netip.Prefix) ([]sdk.Undo, error) {
	switch out.Outcome {
	case sdk.NotApplicable:
		return nil, nil
	case sdk.Unchanged:
		var ok bool
		if p, ok = holder(out.After.Entries, p); !ok {
			return nil, nil
		}
	}
	input, err := json.Marshal(UnblockIPInput{Address: p.String(), OneBlocklist: OneBlocklist{BlocklistName(out.Zone.ID)}, OnlyEntry: true})
	return []sdk.Undo{{Subject: out.Zone.ID + " " + p.String(), Action: "unblock_ip", Input: sdk.JSON(input), At: out.ExpiresAt}}, err
}

// holder returns the entry that blocks all of p: p's own if there is one. It returns
// none if a range from one address to another does, which block_ip never adds.
func holder(entries []string, p netip.Prefix) (netip.Prefix, bool) {
	if len(exactly(entries, p)) > 0 {
		return p, true
	}
	var held netip.Prefix
	for _, e := range entries {
		s, ok := spanOf(okta.Gateway{Value: e})
		if !ok || !s.covers(spanOfPrefix(p)) {
			continue
		}
		q, ok := prefixOf(e)
		if !ok {
			return q, false
		}
		if !held.IsValid() {
			held = q
		}
	}
	return held, held.IsValid()
}

func block(p netip.Prefix) zoneEdit {
	return zoneEdit{
		addresses: p,
		goal:      "address is on the blocklist (somebody else has changed the zone at the same time)",
		done:      func(s BlockState) bool { return s.Blocked },
		edit: func(gateways []okta.Gateway) []okta.Gateway {
			return append(slices.Clone(gateways), okta.Gateway{Type: okta.GatewayCIDR, Value: p.String()})
		},
		precondition: func(z *okta.Zone, s BlockState) string {
			switch {
			case z.Status != okta.StatusActive:
				return "the zone is " + z.Status + ", so that it blocks nobody; activate it first"
			case s.Size >= okta.BlocklistRoom:
				return fmt.Sprintf("the zone is full: Okta allows %d entries; take some off it, or name another blocklist", okta.BlocklistRoom)
			}
			return ""
		},
	}
}

// expiry is when a block ends, nil if it has no end.
func expiry(length *sdk.Duration, at *time.Time, now time.Time) (*time.Time, error) {
	if length != nil {
		end := now.Add(length.Std()).UTC().Truncate(time.Second)
		return &end, nil
	}
	if at != nil && !at.After(now) {
		return nil, sdk.InvalidField("/expires_at", "is over already")
	}
	return at, nil
}

var exampleBlock = sdk.Duration(24 * time.Hour)
