package oktatest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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
	// System marks a zone that Okta made.
	System bool `json:"system,omitempty"`
	// Gateways and Proxies are addresses such as 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9.
	Gateways []string `json:"gateways,omitempty"`
	Proxies  []string `json:"proxies,omitempty"`
	// ProxyType, Locations, ASNs and IPServiceCategories are those of a dynamic zone, in the form of Okta's JSON.
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

// The zones that every org has.
const (
	ZoneBlocked = "BlockedIpZone"
	ZoneLegacy  = "LegacyIpZone"
	ZoneDynamic = "DefaultEnhancedDynamicZone"
)

// exemptZone is the system zone whose addresses get through every block. Only some orgs have it.
const exemptZone = "DefaultExemptIpZone"

// zone is a set of addresses or places.
type zone struct {
	id     string
	order  int
	system bool
	zoneBody

	created, lastUpdated time.Time
}

// zoneBody is what a client says of a zone.
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

// AddZone puts a network zone into the org without a trace in the log. It panics when id or name is taken, a type,
// usage or status does not exist, or an address is none.
func (o *Org) AddZone(n NewZone) ZoneState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeZone(n, o.clock()))
}

func (o *Org) placeZone(n NewZone, now time.Time) (ZoneState, error) {
	// What was written in Go is to look as if it had come as JSON.
	plain, err := plainProfile(map[string]any{"l": n.Locations, "a": n.ASNs, "i": n.IPServiceCategories})
	if err != nil {
		return ZoneState{}, fmt.Errorf("zone %s: %w", n.Name, err)
	}
	body := zoneBody{
		Type: orElse(n.Type, "IP"), Name: n.Name, Status: n.Status, Usage: n.Usage,
		Gateways: addressesFrom(n.Gateways), Proxies: addressesFrom(n.Proxies), ProxyType: n.ProxyType,
		Locations: plain["l"], ASNs: plain["a"], IPServiceCategories: plain["i"],
	}
	if causes := o.checkZone(&body, nil); len(causes) > 0 {
		return ZoneState{}, fmt.Errorf("zone %s: %s", n.Name, strings.Join(causes, "; "))
	}
	if _, err := o.findZone(n.ID); err == nil {
		return ZoneState{}, fmt.Errorf("zone %s: the id %s is taken", n.Name, n.ID)
	}
	return o.newZone(n.ID, body, n.System, now).state(), nil
}

func addressesFrom(values []string) []zoneAddress {
	var out []zoneAddress
	for _, v := range values {
		kind := "CIDR"
		if strings.Contains(v, "-") {
			kind = "RANGE"
		}
		out = append(out, zoneAddress{kind, v})
	}
	return out
}

// newZone makes a zone whose body has been checked.
func (o *Org) newZone(id string, body zoneBody, system bool, now time.Time) *zone {
	if id == "" {
		id = o.stable.object("nzo")
	}
	o.created++
	z := &zone{id: id, order: o.created, system: system, zoneBody: body, created: now, lastUpdated: now}
	o.zones = append(o.zones, z)
	return z
}

// foundZones makes the zones that every org has.
func (o *Org) foundZones(now time.Time) {
	anyOf := func() any { return map[string]any{"include": []any{}, "exclude": []any{}} }
	for _, body := range []zoneBody{
		{Type: "IP", Name: ZoneLegacy, Status: "ACTIVE", Usage: "POLICY"},
		{Type: "IP", Name: ZoneBlocked, Status: "ACTIVE", Usage: "BLOCKLIST"},
		{
			Type: "DYNAMIC_V2", Name: ZoneDynamic, Status: "ACTIVE", Usage: "BLOCKLIST", Locations: anyOf(), ASNs: anyOf(),
			IPServiceCategories: map[string]any{"include": []any{"ALL_ANONYMIZERS"}, "exclude": []any{}},
		},
	} {
		o.newZone("", body, true, now)
	}
}

// checkZone fills in what a body leaves out and says what is wrong with it. instead is the zone that it is to replace.
func (o *Org) checkZone(body *zoneBody, instead *zone) []string {
	body.Status, body.Usage = orElse(body.Status, "ACTIVE"), orElse(body.Usage, "POLICY")
	var causes []string
	if strings.TrimSpace(body.Name) == "" {
		causes = append(causes, "name: The field cannot be left blank")
	}
	if utf8.RuneCountInString(body.Name) > 128 {
		causes = append(causes, "name: String is too long")
	}
	if slices.ContainsFunc(o.zones, func(z *zone) bool { return z != instead && strings.EqualFold(z.Name, body.Name) }) {
		causes = append(causes, "name: An object with this field already exists in the current organization")
	}
	for _, choice := range []struct {
		field, value string
		allowed      []string
	}{
		{"type", body.Type, []string{"IP", "DYNAMIC", "DYNAMIC_V2"}},
		{"usage", body.Usage, []string{"POLICY", "BLOCKLIST"}},
		{"status", body.Status, []string{"ACTIVE", "INACTIVE"}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			causes = append(causes, choice.field+": The value must be one of "+strings.Join(choice.allowed, ", "))
		}
	}
	if instead != nil && body.Type != instead.Type {
		causes = append(causes, "type: The type of a zone cannot be changed")
	}
	causes = append(causes, checkAddresses("gateways", body.Gateways, body.maximum(instead, false))...)
	return append(causes, checkAddresses("proxies", body.Proxies, body.maximum(instead, true))...)
}

// maximum is how many entries a list of the zone may have.
func (b *zoneBody) maximum(instead *zone, proxies bool) int {
	switch {
	case b.Usage == "BLOCKLIST" && !proxies:
		return 1000
	case instead != nil && instead.system:
		return 5000
	}
	return 150
}

func checkAddresses(field string, list []zoneAddress, maximum int) []string {
	if len(list) > maximum {
		return []string{field + ": The list holds " + strconv.Itoa(len(list)) + " entries, at most " + strconv.Itoa(maximum) + " are allowed"}
	}
	var causes []string
	for _, a := range list {
		if cause := a.cause(field); cause != "" {
			causes = append(causes, cause)
		}
	}
	return causes
}

func (o *Org) findZone(id string) (*zone, error) {
	for _, z := range o.zones {
		if z.id == id {
			return z, nil
		}
	}
	return nil, notFound(id, "NetworkZone")
}

func (z *zone) state() ZoneState {
	s := ZoneState{ID: z.id, Name: z.Name, Type: z.Type, Usage: z.Usage, Status: z.Status, Gateways: []string{}}
	for _, g := range z.Gateways {
		s.Gateways = append(s.Gateways, g.Value)
	}
	return s
}

func zoneTarget(z *zone) map[string]any {
	return map[string]any{
		"id": z.id, "type": "NetworkZoneEntity", "alternateId": "unknown", "displayName": z.Name, "detailEntry": nil,
	}
}

// values gives filters the attributes of a zone.
func (z *zone) values(attribute string) []any {
	switch attribute {
	case "id":
		return []any{z.id}
	case "usage":
		return []any{z.Usage}
	case "system":
		return []any{z.system}
	}
	return nil
}
