package oktasim

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// NewZone describes a network zone. Only Name is required.
type NewZone struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Type is IP (the default), DYNAMIC or DYNAMIC_V2.
	Type string `json:"type,omitempty"`
	// Usage is POLICY (the default) or BLOCKLIST.
	Usage string `json:"usage,omitempty"`
	// Status is ACTIVE (the default) or INACTIVE.
	Status string `json:"status,omitempty"`
	// System marks a zone that Okta created.
	System bool `json:"system,omitempty"`
	// Gateways and Proxies are addresses such as 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9.
	Gateways []string `json:"gateways,omitempty"`
	Proxies  []string `json:"proxies,omitempty"`
	// ProxyType, Locations, ASNs and IPServiceCategories belong to a dynamic zone. They have the format of
	// Okta's JSON.
	ProxyType           string `json:"proxy_type,omitempty"`
	Locations           any    `json:"locations,omitempty"`
	ASNs                any    `json:"asns,omitempty"`
	IPServiceCategories any    `json:"ip_service_categories,omitempty"`
}

// ZoneState is one network zone with the values of its gateways.
type ZoneState struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Usage    string   `json:"usage"`
	Status   string   `json:"status"`
	Gateways []string `json:"gateways"`
}

// Every org has these zones.
const (
	ZoneBlocked = "BlockedIpZone"
	ZoneLegacy  = "LegacyIpZone"
	ZoneDynamic = "DefaultEnhancedDynamicZone"
)

// exemptZone is the system zone with addresses that are never blocked. Only some orgs have it.
const exemptZone = "DefaultExemptIpZone"

// zone is a set of addresses or locations.
type zone struct {
	object
	system bool
	zoneBody
}

// zoneBody is a zone in the body of a request.
type zoneBody struct {
	Type     string        `json:"type"`
	Name     string        `json:"name"`
	Status   string        `json:"status"`
	Usage    string        `json:"usage"`
	Gateways []zoneAddress `json:"gateways"`
	Proxies  []zoneAddress `json:"proxies"`

	ProxyType           string `json:"proxyType"`
	Locations           any    `json:"locations"`
	ASNs                any    `json:"asns"`
	IPServiceCategories any    `json:"ipServiceCategories"`
	UseAsExemptList     bool   `json:"useAsExemptList"`
}

// AddZone adds a network zone to the org.
func (o *Org) AddZone(n NewZone) ZoneState { return add(o, n, (*Org).insertZone) }

func (o *Org) insertZone(n NewZone, now time.Time) (ZoneState, error) {
	plain, err := wire.Plain(doc{"l": n.Locations, "a": n.ASNs, "i": n.IPServiceCategories})
	n.Type = cmp.Or(n.Type, "IP")
	body := zoneBody{
		Type: n.Type, Name: n.Name, Status: n.Status, Usage: n.Usage, ProxyType: n.ProxyType,
		Gateways: each(n.Gateways, addressFrom), Proxies: each(n.Proxies, addressFrom),
		Locations: plain["l"], ASNs: plain["a"], IPServiceCategories: plain["i"],
	}
	errBody := o.checkZone(&body, nil)
	if err := invalid("zone "+n.Name, err, errBody, taken(o.zones, n.ID)); err != nil {
		return ZoneState{}, err
	}
	return o.newZone(n.ID, body, n.System, now).state(), nil
}

// newZone creates a zone from a valid body.
func (o *Org) newZone(id string, body zoneBody, system bool, now time.Time) *zone {
	z := &zone{o.newObject(id, "nzo", body.Status, now), system, body}
	o.zones = append(o.zones, z)
	return z
}

func (o *Org) pathZone(c *call) (*zone, error) { return find(o.zones, c.Params[0], "NetworkZone") }

func (z *zone) state() ZoneState {
	gateways := each(z.Gateways, func(a zoneAddress) string { return a.Value })
	return ZoneState{ID: z.id, Name: z.Name, Type: z.Type, Usage: z.Usage, Status: z.status, Gateways: gateways}
}

func (z *zone) target() doc { return target(z.id, "NetworkZoneEntity", "unknown", z.Name) }

// checkZone sets the defaults of a body and returns its fault. replaced is the zone that the body replaces, or
// nil.
func (o *Org) checkZone(body *zoneBody, replaced *zone) error {
	body.Status, body.Usage = cmp.Or(body.Status, statusActive), cmp.Or(body.Usage, "POLICY")
	most := 150
	if replaced != nil && replaced.system {
		most = 5000
	}
	mostGateways := most
	if body.Usage == "BLOCKLIST" {
		mostGateways = 1000
	}
	sameName := func(z *zone) bool { return z != replaced && strings.EqualFold(z.Name, body.Name) }
	return failed(slices.Concat([]string{
		blank("name", body.Name), tooLong("name", body.Name, 128), exists("name", slices.ContainsFunc(o.zones, sameName)),
		notOneOf("type", body.Type, "IP", "DYNAMIC", "DYNAMIC_V2"), notOneOf("usage", body.Usage, "POLICY", "BLOCKLIST"),
		notOneOf("status", body.Status, onOff...),
		cause(replaced != nil && body.Type != replaced.Type, "type: The type of a zone cannot be changed"),
	}, checkAddresses("gateways", body.Gateways, mostGateways), checkAddresses("proxies", body.Proxies, most))...)
}

func checkAddresses(field string, all []zoneAddress, most int) []string {
	if len(all) > most {
		return []string{field + ": The list holds " + strconv.Itoa(len(all)) + " entries, at most " + strconv.Itoa(most) + " are allowed"}
	}
	return each(all, func(a zoneAddress) string { return a.cause(field) })
}

// zoneAddress is an entry of a zone: a block or a range of addresses.
type zoneAddress struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func addressFrom(value string) zoneAddress {
	if strings.Contains(value, "-") {
		return zoneAddress{"RANGE", value}
	}
	return zoneAddress{"CIDR", value}
}

// cause returns Okta's reason for rejecting the entry in that field. It is empty for a valid entry.
func (a zoneAddress) cause(field string) string {
	low, high, isRange := strings.Cut(a.Value, "-")
	from, errFrom := netip.ParseAddr(low)
	to, errTo := netip.ParseAddr(high)
	valid := errFrom == nil && from.Zone() == "" && !isRange // one address is both a block and a range
	switch a.Type {
	case "CIDR":
		_, err := netip.ParsePrefix(a.Value)
		valid = valid || err == nil
	case "RANGE":
		valid = valid || errFrom == nil && errTo == nil && from.Zone()+to.Zone() == "" && from.Is4() == to.Is4() && from.Compare(to) <= 0
	default:
		return field + ": The type " + a.Type + " must be CIDR or RANGE"
	}
	return cause(!valid, field+": The IP "+a.Value+" is invalid")
}

// zoneListing has Okta's default limit, -1, which means no limit.
var zoneListing = listing[*zone]{
	size: pageSize{-1, -1, 10_000, 10_000}, write: (*call).zoneDoc,
	filter: filter.Table{"id": filter.Equal, "usage": filter.Equal, "system": filter.Equal}.Allows,
}

func (c *call) zoneDoc(z *zone) doc {
	d := c.shape("zone", &z.object, doc{"type": z.Type, "name": z.Name, "usage": z.Usage, "system": z.system})
	operation := nextOperation(z.status)
	d["_links"].(doc)[operation] = wire.Hinted(c.URL("/api/v1/zones/"+z.id+"/lifecycle/"+operation), "POST")
	switch z.Type {
	case "IP":
		d["gateways"], d["proxies"] = orNull(z.Gateways), orNull(z.Proxies)
	case "DYNAMIC":
		d["locations"], d["proxyType"] = withRegions(z.Locations), z.ProxyType
		if z.ASNs != nil {
			d["asns"] = z.ASNs
		}
	default:
		d["locations"], d["asns"] = includeExclude(z.Locations), includeExclude(z.ASNs)
		d["ipServiceCategories"] = includeExclude(z.IPServiceCategories)
	}
	return d
}

// orNull returns nil for an empty list.
func orNull(list []zoneAddress) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// withRegions adds a region to each location of a list, null for a whole country.
func withRegions(locations any) any {
	list, ok := locations.([]any)
	if !ok {
		return locations
	}
	return each(list, func(l any) any {
		if location, ok := l.(doc); ok {
			return merge(doc{"region": nil}, location)
		}
		return l
	})
}

// includeExclude adds the two lists to a choice of an enhanced zone.
func includeExclude(choice any) doc {
	given, _ := choice.(doc)
	out := doc{"include": []any{}, "exclude": []any{}}
	for k, v := range withoutNulls(given) {
		out[k] = withRegions(v)
	}
	return out
}

// readZone parses and checks the body of a new zone, or of the replacement of a zone.
func (o *Org) readZone(c *call, replaced *zone) (zoneBody, error) {
	var body zoneBody
	if err := c.Decode(&body); err != nil {
		return body, err
	}
	if replaced != nil && body.Status == "" {
		body.Status = replaced.status
	}
	return body, o.checkZone(&body, replaced)
}

func (o *Org) createZone(c *call) (any, error) {
	body, err := o.readZone(c, nil)
	if err != nil {
		return nil, err
	}
	// Okta ignores the status here. A new zone is active.
	body.Status = statusActive
	z := o.newZone("", body, false, c.Now)
	o.logZone(c, "zone.create", z)
	return c.zoneDoc(z), nil
}

// replaceZone replaces a zone, including all members that the body omits. A zone has no version to compare.
func (o *Org) replaceZone(c *call, z *zone) (any, error) {
	body, err := o.readZone(c, z)
	if err != nil {
		return nil, err
	}
	z.zoneBody = body
	z.setStatus(body.Status, c.Now)
	o.logZone(c, "zone.update", z)
	d := c.zoneDoc(z)
	if z.system && z.Name == exemptZone && body.UseAsExemptList {
		d["useAsBlackList"], d["useAsExemptList"] = false, true
	}
	return d, nil
}

// logZone logs a zone with its current addresses.
func (o *Org) logZone(c *call, event string, z *zone) {
	data := doc{"type": z.Type}
	if z.Type == "IP" {
		data["gateways"], data["proxies"] = append([]zoneAddress{}, z.Gateways...), append([]zoneAddress{}, z.Proxies...)
	}
	o.logDetail(c, event, detail{debug: doc{"zoneData": data}}, z.target())
}

// deleteZone rejects active zones and zones of Okta.
func (o *Org) deleteZone(c *call, z *zone) (any, error) {
	switch {
	case z.system:
		return nil, wire.Code("E0000006")
	case z.status == statusActive:
		return nil, wire.Invalid("status", "status: A zone must be deactivated before it is deleted")
	}
	o.zones = without(o.zones, z)
	o.logEvent(c, "zone.delete", z.target())
	return nil, nil
}

// toggledZoneDoc also changes lastUpdated. Okta does so even if the status does not change.
func (c *call) toggledZoneDoc(z *zone) doc {
	z.lastUpdated = c.Now
	return c.zoneDoc(z)
}
