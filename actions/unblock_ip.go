package actions

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnblockIP takes an address off the blocklist.
var UnblockIP = action[UnblockIPInput, UnblockIPOutput]{
	Name:    "unblock_ip",
	Summary: "Removes an IP address or CIDR range from Okta's blocklist, and reports if another entry still contains it.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/#tag/NetworkZone/operation/replaceNetworkZone",
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
