package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// BlockIP puts an address on the blocklist.
var BlockIP = action[BlockIPInput, BlockIPOutput]{
	Name:    "block_ip",
	Summary: "Adds an IP address or CIDR range to Okta's blocklist, which rejects its sign-ins; never changes a zone that rules trust.",
	Docs:    apiDocs("NetworkZone", "replaceNetworkZone"),
	Effect:  sdk.Writes,
	Undo:    "unblock_ip",
	Scopes:  []string{"okta.networkZones.manage", "okta.users.read", "okta.logs.read"},
	Example: sdk.Example[BlockIPInput, BlockIPOutput]{
		Input: BlockIPInput{Address: "203.0.113.7", OneBlocklist: exampleBlocklist, For: &exampleBlock, Protect: []string{"198.51.100.0/28"}},
		Output: BlockIPOutput{
			Address: "203.0.113.7/32", Zone: exampleZone, ExpiresAt: exampleTime("2026-03-15T02:41:09Z"), OwnAddress: "198.51.100.4", Warnings: []string{},
			Change: reconcile.Change[BlockState]{
				Outcome: sdk.Changed, Before: BlockState{Entries: []string{}, Size: 12},
				After: BlockState{Blocked: true, Entries: []string{"203.0.113.7/32"}, Size: 13},
				Subjects: []sdk.Subject{
					{Type: "zone", ID: exampleZone.ID, Name: exampleZone.Name},
					{Type: "address", ID: exampleZone.ID + " 203.0.113.7/32", Name: "203.0.113.7/32"},
				},
				Undo: []sdk.Undo{{
					Subject: exampleZone.ID + " 203.0.113.7/32", Action: "unblock_ip",
					Input: sdk.JSON(`{"address":"203.0.113.7/32","zone":"` + exampleZone.ID + `","only_entry":true}`),
					At:    exampleTime("2026-03-15T02:41:09Z"),
				}},
			},
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

// UnblockIP takes an address off the blocklist.
var UnblockIP = action[UnblockIPInput, UnblockIPOutput]{
	Name:    "unblock_ip",
	Summary: "Removes an IP address or CIDR range from Okta's blocklist, and reports if another entry still contains it.",
	Docs:    apiDocs("NetworkZone", "replaceNetworkZone"),
	Effect:  sdk.Writes,
	Undo:    "block_ip",
	Scopes:  []string{"okta.networkZones.manage"},
	Example: sdk.Example[UnblockIPInput, UnblockIPOutput]{
		Input: UnblockIPInput{Address: "203.0.113.7", OneBlocklist: exampleBlocklist},
		Output: UnblockIPOutput{Address: "203.0.113.7/32", Zone: exampleZone, Change: reconcile.Changed(
			BlockState{Blocked: true, Entries: []string{"203.0.113.7/32"}, Size: 13},
			BlockState{Entries: []string{}, Size: 12},
		)},
	},
	Run: unblockIP,
}

// UnblockIPInput is the input of unblock_ip.
type UnblockIPInput struct {
	// IPv4 or IPv6 address or CIDR range, as it was blocked.
	Address string `json:"address" jsonschema:"example=203.0.113.7,example=2001:db8::/48,minLength=2,maxLength=60"`
	OneBlocklist
	// Succeed if the entry of exactly this address or range is removed, even if another entry still contains it.
	OnlyEntry bool `json:"only_entry,omitempty" jsonschema:"title=Only the entry,default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate refuses what is no address.
func (in UnblockIPInput) Validate() error {
	_, err := parseAddresses("/address", in.Address)
	return err
}

// UnblockIPOutput is the output of unblock_ip.
type UnblockIPOutput struct {
	Address string  `json:"address"` // Unblocked address or range, in its shortest form.
	Zone    ZoneRef `json:"zone"`    // The blocklist.
	reconcile.Change[BlockState]
}

func unblockIP(ctx context.Context, c *okta.Client, in UnblockIPInput) (UnblockIPOutput, error) {
	p, err := parseAddresses("/address", in.Address)
	if err != nil {
		return UnblockIPOutput{}, err
	}
	zone, change, err := unblock(p).run(ctx, c, string(in.Zone))
	if len(exactly(change.Before.Entries, p)) > 0 {
		change.UndoneBy("block_ip", zone.ID+" "+p.String(), map[string]string{"address": p.String(), "zone": zone.ID})
	}
	if err == nil && !in.OnlyEntry && len(change.After.Entries) > 0 && change.Outcome != sdk.NotApplicable {
		still := stillHeld(change.After.Entries, p)
		if change.Outcome == sdk.Planned {
			if still != "" {
				change.Reason = still
			}
		} else {
			change.Outcome, change.Reason = sdk.NotApplicable, still
		}
	}
	return UnblockIPOutput{Address: p.String(), Zone: zone, Change: change}, err
}

func unblock(p netip.Prefix) zoneEdit {
	return zoneEdit{
		addresses: p,
		goal:      "address is off the blocklist (somebody else has changed the zone at the same time)",
		// An entry that holds the address beside others is not this action's to take:
		// that would open more than was asked for.
		done: func(s BlockState) bool { return len(exactly(s.Entries, p)) == 0 },
		edit: func(gateways []okta.Gateway) []okta.Gateway { return without(gateways, p) },
	}
}

// exactly returns the entries that are p and nothing else.
func exactly(entries []string, p netip.Prefix) []string {
	var same []string
	for _, e := range entries {
		if s, ok := spanOf(okta.Gateway{Value: e}); ok && s == spanOfPrefix(p) {
			same = append(same, e)
		}
	}
	return same
}

// stillHeld says which entries hold the address or a part of the range, besides p
// itself.
func stillHeld(entries []string, p netip.Prefix) string {
	var others []string
	for _, e := range entries {
		if len(exactly([]string{e}, p)) == 0 {
			others = append(others, e)
		}
	}
	const most = 5
	n := len(others)
	switch {
	case n == 0:
		return ""
	case n == 1:
		return "still blocked, whole or in part, by " + others[0] + ", which holds other addresses too: unblock that"
	case n > most:
		others = append(others[:most], fmt.Sprintf("%d more", n-most))
	}
	return "still blocked, whole or in part, by " + strings.Join(others, ", ") + ": unblock those"
}

// ListNetworkZones lists network zones.
var ListNetworkZones = action[ListNetworkZonesInput, ListNetworkZonesOutput]{
	Name:    "list_network_zones",
	Summary: "Lists the network zones of the Okta org with their addresses, including blocklists.",
	Docs:    apiDocs("NetworkZone", "listNetworkZones"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.networkZones.read"},
	Example: sdk.Example[ListNetworkZonesInput, ListNetworkZonesOutput]{
		Input: ListNetworkZonesInput{Usage: okta.ZoneBlocklist, Paging: firstPage},
		Output: ListNetworkZonesOutput{Paged: onePage, Zones: []ZoneItem{zoneItem(okta.Object(
			`{"id":"nzo1a2b3c4d5e6f7g8h9","type":"IP","name":"BlockedIpZone","status":"ACTIVE","usage":"BLOCKLIST","system":true,` +
				`"gateways":[{"type":"CIDR","value":"203.0.113.0/24"}],"proxies":null}`))}},
	},
	Options: listed(sdk.OptionList{Items: "zones", Value: "id", Label: "name", Description: "type", Typed: true}),
	Run: func(ctx context.Context, c *okta.Client, in ListNetworkZonesInput) (ListNetworkZonesOutput, error) {
		query := url.Values{}
		if in.Usage != "" {
			query.Set("filter", "usage eq "+systemlog.Quote(in.Usage))
		}
		zones, n, err := list(ctx, c, []string{"zones"}, query, pages(in.Paging), zoneItem)
		return ListNetworkZonesOutput{Zones: zones, Paged: n}, err
	},
}

// ListNetworkZonesInput is the input of list_network_zones.
type ListNetworkZonesInput struct {
	// Usage of the zones: BLOCKLIST, whose addresses Okta rejects before any sign-in, or POLICY, for use in rules.
	Usage string `json:"usage,omitempty" jsonschema:"enum=BLOCKLIST,enum=POLICY"`
	reconcile.Paging
}

// ListNetworkZonesOutput is the output of list_network_zones.
type ListNetworkZonesOutput struct {
	Zones []ZoneItem `json:"zones"` // The zones.
	reconcile.Paged
}

// ZoneItem is a network zone in a list.
type ZoneItem struct {
	ZoneRef
	Type      string   `json:"type"`      // IP, DYNAMIC (places, networks) or DYNAMIC_V2.
	Status    string   `json:"status"`    // ACTIVE or INACTIVE.
	Usage     string   `json:"usage"`     // BLOCKLIST or POLICY.
	System    bool     `json:"system"`    // Whether Okta created the zone.
	Addresses []string `json:"addresses"` // Addresses of an IP zone, as CIDR or first-last.
	Proxies   []string `json:"proxies"`   // Trusted proxies of an IP zone, as CIDR or first-last.
	Raw       Object   `json:"raw"`       // The zone as Okta sent it.
}

func zoneItem(o okta.Object) ZoneItem {
	var z struct {
		ID, Name, Type, Status, Usage string
		System                        bool
		Gateways, Proxies             []okta.Gateway
	}
	o.Read(&z)
	item := ZoneItem{ZoneRef: ZoneRef{ID: z.ID, Name: z.Name}, Type: z.Type, Status: z.Status, Usage: z.Usage, System: z.System, Raw: raw(o)}
	value := func(g okta.Gateway) string { return g.Value }
	item.Addresses, item.Proxies = reconcile.Convert(z.Gateways, value), reconcile.Convert(z.Proxies, value)
	return item
}
