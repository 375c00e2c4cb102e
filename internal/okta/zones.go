package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// A Zone is a network zone. It keeps the whole document, because Okta can only replace a whole zone. It does not use
// the model of the SDK, which cannot parse the type DYNAMIC_V2 that every org has.
type Zone struct {
	ID       string
	Name     string
	Type     string
	Status   string
	Usage    string
	System   bool
	Gateways []Gateway
	doc      map[string]json.RawMessage
}

// A Gateway is an entry of an IP zone: a CIDR such as 198.51.100.0/24, or a RANGE
// such as 198.51.100.7-198.51.100.9.
type Gateway struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	raw   Object // the unchanged document
}

// Values of a zone
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/).
const (
	ZoneIP        = "IP"
	ZoneBlocklist = "BLOCKLIST" // usage of zones with addresses that Okta blocks before a sign-in
	GatewayCIDR   = "CIDR"
	GatewayRange  = "RANGE"
	// MaxBlocklistEntries is the maximum number of entries of a blocklist zone.
	MaxBlocklistEntries = 1000
)

// MarshalJSON returns the unchanged document of an entry that was read.
func (g Gateway) MarshalJSON() ([]byte, error) {
	if g.raw != nil {
		return json.RawMessage(g.raw).MarshalJSON()
	}
	return json.Marshal(map[string]string{"type": g.Type, "value": g.Value})
}

// Zones lists every network zone of the org.
func (c *Client) Zones(ctx context.Context, filter string) ([]*Zone, error) {
	query := limit("200")
	if filter != "" {
		query.Set("filter", filter)
	}
	objects, err := listAll(ctx, c, query, Object.ID, "zones")
	if err != nil {
		return nil, err
	}
	zones := make([]*Zone, len(objects))
	for i, o := range objects {
		if zones[i], err = readZone(httpclient.RequestTo(http.MethodGet, "/api/v1/zones"), o); err != nil {
			return nil, err
		}
	}
	return zones, nil
}

// Zone reads the zone with the given ID.
func (c *Client) Zone(ctx context.Context, id string) (*Zone, error) {
	o, err := read(ctx, c, (*Object).ID, "zones", id)
	if err != nil {
		return nil, err
	}
	return readZone(httpclient.RequestTo(http.MethodGet, "/api/v1/zones/"+id), *o)
}

// readZone parses a network zone in the response to a request.
func readZone(request string, o Object) (*Zone, error) {
	var slim struct {
		ID, Name, Type, Status, Usage string
		System                        bool
	}
	o.Read(&slim)
	z := &Zone{ID: slim.ID, Name: slim.Name, Type: slim.Type, Status: slim.Status, Usage: slim.Usage, System: slim.System, doc: map[string]json.RawMessage{}}
	if slim.ID == "" || json.Unmarshal(o, &z.doc) != nil {
		return nil, sdk.Errorf(sdk.Unavailable, "%s: the response is a network zone without an ID", request)
	}
	var entries []Object
	if raw, ok := z.doc["gateways"]; ok {
		if err := json.Unmarshal(raw, &entries); err != nil {
			// Replacing such a list would delete the entries that could not be parsed.
			return nil, sdk.Errorf(sdk.Unavailable, "%s: the list of addresses of the network zone %s cannot be parsed",
				request, httpclient.Printable(slim.Name, 100))
		}
	}
	for _, entry := range entries {
		g := Gateway{raw: entry}
		entry.Read(&g)
		z.Gateways = append(z.Gateways, g)
	}
	return z, nil
}

// readOnly are the members of a zone that only Okta sets.
var readOnly = []string{"id", "created", "lastUpdated", "system", "_links", "_embedded"}

// ReplaceGateways replaces the entries of a zone and keeps the rest of the zone. Okta has no version to compare.
// The call therefore overwrites changes that others made since the read.
func (c *Client) ReplaceGateways(ctx context.Context, z *Zone, gateways []Gateway) error {
	body := map[string]any{}
	for name, value := range z.doc {
		if string(value) != "null" {
			body[name] = value
		}
	}
	for _, name := range readOnly {
		delete(body, name)
	}
	body["gateways"] = gateways
	_, err := c.write(ctx, object, request{method: http.MethodPut, body: body}, "zones", z.ID)
	return err
}

// zoneLocks contains a channel of capacity one for each org, used as a lock. Entries outlive their clients. There are
// only a few orgs.
var zoneLocks sync.Map

// LockZones waits until no other goroutine of this process changes network zones of the org. Each change replaces a
// whole zone. Without the lock, one of two concurrent changes would be lost.
func (c *Client) LockZones(ctx context.Context) (unlock func(), err error) {
	v, _ := zoneLocks.LoadOrStore(c.Org(), make(chan struct{}, 1))
	lock := v.(chan struct{})
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, sdk.AsError(ctx.Err())
	}
}
