package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// ListNetworkZones lists network zones.
var ListNetworkZones = action[ListNetworkZonesInput, ListNetworkZonesOutput]{
	Name:    "list_network_zones",
	Summary: "Lists the network zones of the Okta org with their addresses, including blocklists.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/#tag/NetworkZone/operation/listNetworkZones",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.networkZones.read"},
	Example: sdk.Example[ListNetworkZonesInput, ListNetworkZonesOutput]{
		Input: ListNetworkZonesInput{Usage: okta.ZoneBlocklist, Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListNetworkZonesOutput{Paged: onePage, Zones: []ZoneItem{{
			ID: exampleZone.ID, Name: exampleZone.Name, Type: okta.ZoneIP, Status: okta.StatusActive, Usage: okta.ZoneBlocklist, System: true,
			Addresses: []string{"203.0.113.0/24"},
			Raw: Object(`{"id":"nzo1a2b3c4d5e6f7g8h9","type":"IP","name":"BlockedIpZone","status":"ACTIVE","usage":"BLOCKLIST","system":true,` +
				`"gateways":[{"type":"CIDR","value":"203.0.113.0/24"}],"proxies":null}`),
		}}},
	},
	Options: listed(sdk.OptionList{Items: "zones", Value: "id", Label: "name", Description: "type", Typed: true}),
	Run:     listNetworkZones,
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
	ID        string   `json:"id"`        // ID of the zone.
	Name      string   `json:"name"`      // Name of the zone.
	Type      string   `json:"type"`      // IP, DYNAMIC (places, networks) or DYNAMIC_V2.
	Status    string   `json:"status"`    // ACTIVE or INACTIVE.
	Usage     string   `json:"usage"`     // BLOCKLIST or POLICY.
	System    bool     `json:"system"`    // Whether Okta created the zone.
	Addresses []string `json:"addresses"` // Addresses of an IP zone, as CIDR or first-last.
	Raw       Object   `json:"raw"`       // The zone as Okta sent it.
}

func zoneItem(o okta.Object) ZoneItem {
	var z struct {
		ID, Name, Type, Status, Usage string
		System                        bool
		Gateways                      []okta.Gateway
	}
	o.Read(&z)
	item := ZoneItem{ID: z.ID, Name: z.Name, Type: z.Type, Status: z.Status, Usage: z.Usage, System: z.System, Addresses: []string{}, Raw: raw(o)}
	for _, g := range z.Gateways {
		item.Addresses = append(item.Addresses, g.Value)
	}
	return item
}

func listNetworkZones(ctx context.Context, c *okta.Client, in ListNetworkZonesInput) (ListNetworkZonesOutput, error) {
	query := map[string]string{}
	if in.Usage != "" {
		query["filter"] = "usage eq " + systemlog.Quote(in.Usage)
	}
	zones, n, err := list(ctx, c, []string{"zones"}, query, in.Paging, zoneItem)
	return ListNetworkZonesOutput{Zones: zones, Paged: n}, err
}
