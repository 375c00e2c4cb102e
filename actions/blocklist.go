package actions

import (
	"context"
	"errors"
	"net/netip"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ZoneRef says which network zone an answer is about.
type ZoneRef struct {
	ID   string `json:"id"`   // Id of the network zone.
	Name string `json:"name"` // Name of the network zone.
}

var exampleZone = ZoneRef{ID: "nzo1a2b3c4d5e6f7g8h9", Name: "BlockedIpZone"}

// A zoneEdit is a change of the entries of a blocklist, and how to judge it.
type zoneEdit struct {
	addresses netip.Prefix
	goal      string
	done      func(BlockState) bool
	// edit returns the entries that the zone is to have.
	edit func([]okta.Gateway) []okta.Gateway
	// bars says why the entries of a zone cannot be brought to the goal, "" if they can.
	bars func(*okta.Zone, BlockState) string
}

// zoneTries is how often a change is made again that somebody else's has undone.
const zoneTries = 3

// run changes the blocklist that ref names. Okta replaces a zone whole, and has no
// version to compare, so that of two writers at once the later wins: the zone is
// read again afterwards, and if the change is not in it, it is made once more upon
// what the other has written.
func (e zoneEdit) run(ctx context.Context, c *okta.Client, ref string) (ZoneRef, Change[BlockState], error) {
	var none Change[BlockState]
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
		return zone, none, sdk.InvalidField("/zone", "is a zone of type %s and usage %s: only the entries of an IP blocklist are changed here, never those of a zone that rules trust", z.Type, z.Usage)
	}
	first := blockState(z, e.addresses)
	if why := e.bars(z, first); why != "" && !e.done(first) {
		return zone, Change[BlockState]{Outcome: sdk.NotApplicable, Reason: why, Before: first, After: first}, nil
	}
	for try := 1; ; try++ {
		change, lost, err := e.once(ctx, c, &z)
		change.Before = first
		if err == nil || !lost || try == zoneTries {
			return zone, change, err
		}
		if why := e.bars(z, change.After); why != "" {
			return zone, Change[BlockState]{Outcome: sdk.NotApplicable, Reason: why, Before: first, After: blockState(z, e.addresses)}, nil
		}
	}
}

// once writes the zone and reads it again, into z. Lost reports whether Okta
// accepted the change, and it is not there.
func (e zoneEdit) once(ctx context.Context, c *okta.Client, z **okta.Zone) (change Change[BlockState], lost bool, err error) {
	change, err = attempt[BlockState]{
		goal: e.goal,
		done: e.done,
		act: func(ctx context.Context) error {
			err := c.ReplaceGateways(ctx, *z, e.edit((*z).Gateways))
			lost = err == nil
			return err
		},
		read: func(ctx context.Context) (BlockState, error) {
			now, err := c.Zone(ctx, (*z).ID)
			if err != nil {
				lost = false
				return BlockState{}, err
			}
			*z = now
			return blockState(now, e.addresses), nil
		},
		bars: func(BlockState) string { return "" },
	}.from(ctx, blockState(*z, e.addresses))
	return change, lost && err != nil && !errors.Is(err, context.Canceled), err
}
