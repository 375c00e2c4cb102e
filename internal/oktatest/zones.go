package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

// zoneFilter: eq on three properties.
func zoneFilter(attribute, operator string) bool {
	return operator == "eq" && slices.Contains([]string{"id", "usage", "system"}, attribute)
}

// maxZones bounds a page of zones; without a limit one page holds them all.
const maxZones = 10_000

func (c *call) zoneDoc(z *zone) map[string]any {
	self := c.url("/api/v1/zones/" + z.id)
	links := map[string]any{"self": hinted(self, "GET", "PUT", "DELETE")}
	operation := "deactivate"
	if z.Status == "INACTIVE" {
		operation = "activate"
	}
	links[operation] = hinted(self+"/lifecycle/"+operation, "POST")
	doc := map[string]any{
		"type": z.Type, "id": z.id, "name": z.Name, "status": z.Status, "usage": z.Usage, "created": stamp(z.created),
		"lastUpdated": stamp(z.lastUpdated), "system": z.system, "_links": links,
	}
	switch z.Type {
	case "IP":
		// An empty list is null.
		doc["gateways"], doc["proxies"] = orNull(z.Gateways), orNull(z.Proxies)
	case "DYNAMIC":
		doc["locations"], doc["proxyType"] = withRegions(z.Locations), z.ProxyType
		if z.ASNs != nil {
			doc["asns"] = z.ASNs
		}
	default:
		doc["locations"], doc["asns"] = bothWays(z.Locations), bothWays(z.ASNs)
		doc["ipServiceCategories"] = bothWays(z.IPServiceCategories)
	}
	return doc
}

func orNull(list []zoneAddress) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// withRegions gives each place of a list a region, null where it is the whole country.
func withRegions(places any) any {
	list, ok := places.([]any)
	if !ok {
		return places
	}
	out := make([]any, len(list))
	for i, p := range list {
		out[i] = p
		if place, ok := p.(map[string]any); ok {
			out[i] = merge(map[string]any{"region": nil}, place)
		}
	}
	return out
}

// bothWays gives a choice of an enhanced zone its two lists.
func bothWays(choice any) map[string]any {
	given, _ := choice.(map[string]any)
	out := map[string]any{"include": []any{}, "exclude": []any{}}
	for k, v := range given {
		if v != nil {
			out[k] = withRegions(v)
		}
	}
	return out
}

func (o *Org) listZones(c *call) (*reply, error) {
	var expr filterExpr
	if filter := c.query.Get("filter"); filter != "" {
		var err error
		if expr, err = (searchRules{"filter", false, zoneFilter}).parse(filter); err != nil {
			return nil, err
		}
	}
	// Okta's own default is -1, for no limit.
	limit, err := c.number("limit", -1, -1, maxZones)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = maxZones
	}
	var found []listed[*zone]
	for _, z := range o.zones {
		if expr == nil || expr.match(z.values) {
			found = append(found, listed[*zone]{z, "", z.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]any, len(page))
	for i, z := range page {
		docs[i] = c.zoneDoc(z)
	}
	return listReply(c, docs, next), nil
}

func (o *Org) getZone(c *call) (*reply, error) {
	z, err := o.findZone(c.params[0])
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.zoneDoc(z)), nil
}

func (o *Org) createZone(c *call) (*reply, error) {
	var body zoneBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if err := zoneRefusal(o.checkZone(&body, nil)); err != nil {
		return nil, err
	}
	// Okta ignores the status here: a new zone is active.
	body.Status = "ACTIVE"
	z := o.newZone("", body, false, c.now)
	o.recordZone(c, "zone.create", z)
	return jsonReply(http.StatusOK, c.zoneDoc(z)), nil
}

// zoneRefusal names in the summary the field that the first cause is about, as Okta does.
func zoneRefusal(causes []string) error {
	if len(causes) == 0 {
		return nil
	}
	field, _, _ := strings.Cut(causes[0], ":")
	return invalid(field, causes...)
}

// replaceZone forgets all that the body does not name, and it knows no version of the zone to compare with.
func (o *Org) replaceZone(c *call) (*reply, error) {
	z, err := o.findZone(c.params[0])
	if err != nil {
		return nil, err
	}
	var body zoneBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	body.Status = orElse(body.Status, z.Status)
	if err := zoneRefusal(o.checkZone(&body, z)); err != nil {
		return nil, err
	}
	z.zoneBody, z.lastUpdated = body, c.now
	o.recordZone(c, "zone.update", z)
	doc := c.zoneDoc(z)
	if z.system && z.Name == exemptZone && body.UseAsExemptList {
		doc["useAsBlackList"], doc["useAsExemptList"] = false, true
	}
	return jsonReply(http.StatusOK, doc), nil
}

// recordZone logs a zone with the addresses that it has now.
func (o *Org) recordZone(c *call, event string, z *zone) {
	data := map[string]any{"type": z.Type}
	if z.Type == "IP" {
		data["gateways"], data["proxies"] = append([]zoneAddress{}, z.Gateways...), append([]zoneAddress{}, z.Proxies...)
	}
	o.recordDetail(c, event, detail{debug: map[string]any{"zoneData": data}}, zoneTarget(z))
}

// deleteZone takes neither an active zone nor one of Okta's own.
func (o *Org) deleteZone(c *call) (*reply, error) {
	z, err := o.findZone(c.params[0])
	switch {
	case err != nil:
		return nil, err
	case z.system:
		return nil, oktaError("E0000006")
	case z.Status == "ACTIVE":
		return nil, invalid("status", "status: A zone must be deactivated before it is deleted")
	}
	o.zones = slices.DeleteFunc(o.zones, func(other *zone) bool { return other == z })
	o.record(c, "zone.delete", zoneTarget(z))
	return noContent(), nil
}

// zoneStep sets a zone's status, and succeeds also where it has that already.
func zoneStep(event, status string) handler {
	return func(o *Org, c *call) (*reply, error) {
		z, err := o.findZone(c.params[0])
		if err != nil {
			return nil, err
		}
		if z.Status != status {
			z.Status = status
			o.record(c, event, zoneTarget(z))
		}
		z.lastUpdated = c.now
		return jsonReply(http.StatusOK, c.zoneDoc(z)), nil
	}
}

var (
	activateZone   = zoneStep("zone.activate", "ACTIVE")
	deactivateZone = zoneStep("zone.deactivate", "INACTIVE")
)
