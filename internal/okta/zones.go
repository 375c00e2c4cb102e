package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"

	"soar.example/okta/sdk"
)

// A Zone is a network zone, kept whole besides: Okta knows no change of a zone but
// its replacement. Every org has one of a type (DYNAMIC_V2) that the SDK cannot
// read.
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
	raw   Object // as Okta sent it
}

// What Okta says of a zone
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/).
const (
	ZoneIP        = "IP"
	ZoneBlocklist = "BLOCKLIST" // the usage of zones whose addresses are refused before any sign-in
	GatewayCIDR   = "CIDR"
	GatewayRange  = "RANGE"
	// BlocklistRoom is the most entries of a blocklist zone.
	BlocklistRoom = 1000
)

// MarshalJSON keeps what Okta sent of an entry.
func (g Gateway) MarshalJSON() ([]byte, error) {
	if g.raw != nil {
		return json.RawMessage(g.raw).MarshalJSON()
	}
	return json.Marshal(map[string]string{"type": g.Type, "value": g.Value})
}

// Zones lists every network zone of the org.
func (c *Client) Zones(ctx context.Context, filter string) ([]*Zone, error) {
	query := url.Values{"limit": {"200"}}
	if filter != "" {
		query.Set("filter", filter)
	}
	objects, err := every(ctx, c, query, func(o zoneObject) string { return o.ID }, "zones")
	if err != nil {
		return nil, err
	}
	zones := make([]*Zone, len(objects))
	for i, o := range objects {
		if zones[i], err = readZone(requestTo(http.MethodGet, "/api/v1/zones"), o.raw); err != nil {
			return nil, err
		}
	}
	return zones, nil
}

// zoneObject keeps the object beside its id.
type zoneObject struct {
	ID  string
	raw Object
}

// UnmarshalJSON never fails: what cannot be read has no id.
func (o *zoneObject) UnmarshalJSON(b []byte) error {
	var id struct{ ID string }
	o.raw = append(Object(nil), b...)
	o.raw.Read(&id)
	o.ID = id.ID
	return nil
}

var zoneID = regexp.MustCompile(`^nzo[0-9A-Za-z]{17}$`)

// Zone reads the zone with the given id.
func (c *Client) Zone(ctx context.Context, id string) (*Zone, error) {
	p, err := path("zones", id)
	if err != nil {
		return nil, err
	}
	var o zoneObject
	if _, err := c.object(ctx, p, &o); err != nil {
		return nil, err
	}
	return readZone(requestTo(http.MethodGet, p), o.raw)
}

// FindZone returns the one zone that ref names, by id or by exact name. Pointer is
// where ref stands in the input.
func (c *Client) FindZone(ctx context.Context, pointer, ref string) (*Zone, error) {
	if err := checkRef(pointer, ref); err != nil {
		return nil, err
	}
	if zoneID.MatchString(ref) {
		z, err := c.Zone(ctx, ref)
		if err == nil || sdk.AsError(err).Code != sdk.NotFound {
			return z, err
		}
	}
	zones, err := c.Zones(ctx, "")
	if err != nil {
		return nil, err
	}
	var named []*Zone
	var names []string
	for _, z := range zones {
		if z.Name == ref {
			named = append(named, z)
		}
		names = append(names, z.ID+" ("+printable(z.Name, 100)+")")
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		e := sdk.Errorf(sdk.NotFound, "no network zone of %s has the id or exact name %q", c.origin.Host, printable(ref, 100))
		if len(names) > 0 {
			e.Message += "; there are " + candidates(names)
		}
		e.Violations = append(e.Violations, sdk.InvalidField(pointer, "names no network zone").Violations...)
		return nil, e
	}
	return nil, sdk.InvalidField(pointer, "is the name of %d network zones; give the id", len(named))
}

// readZone reads a network zone that came in response to a request.
func readZone(request string, o Object) (*Zone, error) {
	var slim struct {
		ID, Name, Type, Status, Usage string
		System                        bool
	}
	o.Read(&slim)
	z := &Zone{ID: slim.ID, Name: slim.Name, Type: slim.Type, Status: slim.Status, Usage: slim.Usage, System: slim.System, doc: map[string]json.RawMessage{}}
	if slim.ID == "" || json.Unmarshal(o, &z.doc) != nil {
		return nil, sdk.Errorf(sdk.Unavailable, "%s: Okta's address gave a network zone without an id", request)
	}
	var entries []Object
	if raw, ok := z.doc["gateways"]; ok {
		if err := json.Unmarshal(raw, &entries); err != nil {
			// Written back, such a list would lose what could not be read.
			return nil, sdk.Errorf(sdk.Unavailable, "%s: Okta gave a list of addresses for the network zone %s that cannot be read", request, printable(slim.Name, 100))
		}
	}
	for _, entry := range entries {
		g := Gateway{raw: entry}
		entry.Read(&g)
		z.Gateways = append(z.Gateways, g)
	}
	return z, nil
}

// readOnly are the members of a zone that Okta keeps for itself.
var readOnly = []string{"id", "created", "lastUpdated", "system", "_links", "_embedded"}

// ReplaceGateways writes a zone back with other entries, and all else as it was
// read. Okta has no version to compare: what somebody else wrote since it was read
// is overwritten.
func (c *Client) ReplaceGateways(ctx context.Context, z *Zone, gateways []Gateway) error {
	p, err := path("zones", z.ID)
	if err != nil {
		return err
	}
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
	return c.tell(ctx, http.MethodPut, p, body)
}
