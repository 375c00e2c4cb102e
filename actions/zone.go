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

// BlockIP adds an address to the blocklist.
var BlockIP = action[BlockIPInput, BlockIPOutput]{
	Name:    "block_ip",
	Summary: "Adds an IP address or CIDR range to Okta's blocklist. Okta then rejects sign-ins from it. Never changes a zone that rules trust.",
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
	// Duration of the block. Without it, the block has no end. Okta stores no end: the host reverts the block with the
	// undo of the output.
	For *sdk.Duration `json:"for,omitempty" jsonschema:"example=24h"`
	// End of the block, instead of a duration.
	ExpiresAt *time.Time `json:"expires_at,omitempty" jsonschema:"title=Until,example=2026-03-15T02:41:09Z" jsonschema_extras:"x-group=advanced"`
	// Addresses and ranges that must not be blocked, such as the responders' addresses. A block that overlaps one of
	// them is rejected.
	Protect []string `json:"protect,omitempty" jsonschema:"maxItems=100,uniqueItems=true,maxLength=60,example=203.0.113.7" jsonschema_extras:"x-group=advanced"`
	OneBlocklist
	reconcile.Write
}

// Validate rejects invalid addresses, protected addresses, and ranges that are too wide.
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
			return sdk.InvalidField("/address", "overlaps %s, which protect lists. Block an address outside of that range", s)
		}
	}
	switch {
	case in.For != nil && in.ExpiresAt != nil:
		return sdk.InvalidField("/expires_at", "cannot be combined with for")
	case in.For != nil && *in.For == 0:
		// An expression that computes zero must not block without an end.
		return sdk.InvalidField("/for", "is zero. Omit it for a block without an end")
	}
	return nil
}

// BlockIPOutput is the output of block_ip.
type BlockIPOutput struct {
	Address string  `json:"address"` // Blocked address or range, in its shortest form.
	Zone    ZoneRef `json:"zone"`    // The blocklist.
	// End of this block. Okta stores no end: the host reverts the block with the undo of the output. If several
	// calls blocked the address, the latest end counts.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Source address of the latest write of the connection's own user. It is never blocked. Absent if unknown.
	OwnAddress string   `json:"own_address,omitempty"`
	Warnings   []string `json:"warnings"` // Warnings about the block.
	reconcile.Change[BlockState]
}

func blockIP(ctx context.Context, c *okta.Client, in BlockIPInput) (BlockIPOutput, error) {
	p, err := parseAddresses("/address", in.Address)
	if err != nil {
		return BlockIPOutput{}, err
	}
	out := BlockIPOutput{Address: p.String(), Warnings: append([]string{}, warnings(p)...)}
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
			return BlockIPOutput{}, sdk.InvalidField("/address", "contains %s, the address from which this connection reaches Okta. "+
				"The block would also prevent its own undo; block a range without this address", own)
		}
	} else {
		out.Warnings = append(out.Warnings, "the address from which this connection reaches Okta is unknown and was not checked. Add it to protect")
	}
	if out.Zone, out.Change, err = block(p).run(ctx, c, string(in.Zone)); err != nil {
		return out, err
	}
	out.Undo, err = undoBlock(out, p)
	return out, err
}

// undoBlock returns the call that reverts the block. If a wider entry already blocks the
// address, the call removes that entry at the end of this block.
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

// holder returns the entry that blocks all of p, preferably p itself. It ignores ranges
// from one address to another, because block_ip never adds them.
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
		goal:      "address is on the blocklist (another client changed the zone at the same time)",
		done:      func(s BlockState) bool { return s.Blocked },
		edit: func(gateways []okta.Gateway) []okta.Gateway {
			return append(slices.Clone(gateways), okta.Gateway{Type: okta.GatewayCIDR, Value: p.String()})
		},
		precondition: func(z *okta.Zone, s BlockState) string {
			switch {
			case z.Status != okta.StatusActive:
				return "the zone is " + z.Status + " and blocks no sign-ins. Activate the zone first"
			case s.Size >= okta.MaxBlocklistEntries:
				return fmt.Sprintf("the zone is full: Okta allows %d entries. Remove entries, or use another blocklist", okta.MaxBlocklistEntries)
			}
			return ""
		},
	}
}

// expiry returns the end of a block, nil if the block has no end.
func expiry(length *sdk.Duration, at *time.Time, now time.Time) (*time.Time, error) {
	if length != nil {
		end := now.Add(length.Std()).UTC().Truncate(time.Second)
		return &end, nil
	}
	if at != nil && !at.After(now) {
		return nil, sdk.InvalidField("/expires_at", "is in the past")
	}
	return at, nil
}

var exampleBlock = sdk.Duration(24 * time.Hour)

// UnblockIP removes an address from the blocklist.
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

// Validate rejects an invalid address.
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
		goal:      "address is off the blocklist (another client changed the zone at the same time)",
		// A wider entry stays: its removal would unblock more addresses than requested.
		done: func(s BlockState) bool { return len(exactly(s.Entries, p)) == 0 },
		edit: func(gateways []okta.Gateway) []okta.Gateway { return without(gateways, p) },
	}
}

// exactly returns the entries that are equal to p.
func exactly(entries []string, p netip.Prefix) []string {
	var same []string
	for _, e := range entries {
		if s, ok := spanOf(okta.Gateway{Value: e}); ok && s == spanOfPrefix(p) {
			same = append(same, e)
		}
	}
	return same
}

// stillHeld lists the other entries that contain the address or a part of the range.
func stillHeld(entries []string, p netip.Prefix) string {
	var others []string
	for _, e := range entries {
		if len(exactly([]string{e}, p)) == 0 {
			others = append(others, e)
		}
	}
	const most = 5
	n := len(others)
	switch n {
	case 0:
		return ""
	case 1:
		return "the entry " + others[0] + " still blocks the address or a part of it, and other addresses too. Remove that entry with unblock_ip"
	}
	named := strings.Join(others[:min(n, most)], ", ")
	if n > most {
		named += fmt.Sprintf(" and %d more", n-most)
	}
	return "the entries " + named + " still block the address or parts of it. Remove them with unblock_ip"
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
	Type      string   `json:"type"`      // IP, DYNAMIC (locations, networks) or DYNAMIC_V2.
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
