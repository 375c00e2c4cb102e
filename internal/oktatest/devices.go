package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

// maxDevices is the default and the greatest size of a page of devices.
const maxDevices = 200

type deviceDoc struct {
	ID           string         `json:"id"`
	Status       string         `json:"status"`
	Created      string         `json:"created"`
	LastUpdated  string         `json:"lastUpdated"`
	Profile      map[string]any `json:"profile"`
	ResourceType string         `json:"resourceType"`
	DisplayName  map[string]any `json:"resourceDisplayName"`
	ResourceID   string         `json:"resourceId"`
	AlternateID  *string        `json:"resourceAlternateId"`
	Links        map[string]any `json:"_links"`
	Embedded     map[string]any `json:"_embedded,omitempty"`
}

func (c *call) deviceDoc(d *device) deviceDoc {
	self := c.url("/api/v1/devices/" + d.id)
	links := map[string]any{"self": hinted(self, "GET", "PATCH", "PUT"), "users": hinted(self+"/users", "GET")}
	operations := map[string][]string{
		DeviceCreated: {"activate"}, DeviceActive: {"suspend", "deactivate"}, DeviceSuspended: {"unsuspend", "deactivate"},
		DeviceDeactivated: {"activate"},
	}
	for _, op := range operations[d.status] {
		links[op] = hinted(self+"/lifecycle/"+op, "POST")
	}
	if d.status == DeviceDeactivated {
		links["self"] = hinted(self, "GET", "DELETE")
		delete(links, "users")
	}
	return deviceDoc{
		ID: d.id, Status: d.status, Created: stamp(d.created), LastUpdated: stamp(d.lastUpdated), Profile: d.profile,
		ResourceType: "UDDevice", DisplayName: map[string]any{"value": d.profile["displayName"], "sensitive": false},
		ResourceID: d.id, Links: links,
	}
}

// deviceUsers writes who uses a device, with as much of each user as show gives.
func (c *call) deviceUsers(d *device, show func(*user) any) []any {
	docs := []any{}
	status := "NOT_MANAGED"
	if d.managed {
		status = "MANAGED"
	}
	for _, l := range d.links {
		docs = append(docs, map[string]any{
			"created": stamp(l.created), "managementStatus": status, "screenLockType": "BIOMETRIC", "user": show(l.user),
		})
	}
	return docs
}

// userSummary is the little of a user that expand=userSummary asks for.
func (c *call) userSummary(u *user) any {
	profile := map[string]any{}
	for _, name := range requiredAttributes {
		profile[name] = u.profile[name]
	}
	return map[string]any{
		"id": u.id, "realmId": realmID, "profile": profile,
		"_links": map[string]any{"self": map[string]any{"href": c.url("/api/v1/users/" + u.id)}},
	}
}

// deviceSearch: co only on names and serial numbers.
func deviceSearch(attribute, operator string) bool {
	name, isProfile := strings.CutPrefix(attribute, "profile.")
	if !isProfile && !slices.Contains([]string{"id", "status", "lastUpdated"}, attribute) || isProfile && name == "" {
		return false
	}
	switch operator {
	case "eq", "sw", "pr", "gt", "ge", "lt", "le":
		return true
	case "co":
		return isProfile && slices.Contains([]string{"displayName", "serialNumber", "imei", "meid", "udid", "sid"}, name)
	}
	return false
}

func (o *Org) listDevices(c *call) (*reply, error) {
	var expr filterExpr
	if search := c.query.Get("search"); search != "" {
		var err error
		if expr, err = (searchRules{"search", true, deviceSearch}).parse(search); err != nil {
			return nil, err
		}
	}
	limit, err := c.number("limit", maxDevices, 1, maxDevices)
	if err != nil {
		return nil, err
	}
	var show func(*user) any
	switch expand := c.query.Get("expand"); expand {
	case "":
	case "user":
		show = func(u *user) any { return c.fullUserDoc(u) }
	case "userSummary":
		show = c.userSummary
	default:
		return nil, invalid("expand", "expand: The value must be user or userSummary")
	}
	var found []listed[*device]
	for _, d := range o.devices {
		if expr == nil || expr.match(d.values) {
			found = append(found, listed[*device]{d, "", d.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]deviceDoc, len(page))
	for i, d := range page {
		docs[i] = c.deviceDoc(d)
		if show != nil {
			docs[i].Embedded = map[string]any{"users": c.deviceUsers(d, show)}
		}
	}
	return listReply(c, docs, next), nil
}

// oktaVerify is where Okta says that it learnt of a device.
var oktaVerify = []any{map[string]any{"id": "aut2k9m4x7Qw1Zr8A5d7", "name": "Okta Verify", "key": "okta_verify"}}

func (o *Org) getDevice(c *call) (*reply, error) {
	d, err := o.findDevice(c.params[0])
	if err != nil {
		return nil, err
	}
	doc := c.deviceDoc(d)
	doc.Embedded = map[string]any{"originatedFrom": oktaVerify}
	return jsonReply(http.StatusOK, doc), nil
}

func (o *Org) listDeviceUsers(c *call) (*reply, error) {
	d, err := o.findDevice(c.params[0])
	if err != nil {
		return nil, err
	}
	return listReply(c, c.deviceUsers(d, func(u *user) any { return c.fullUserDoc(u) }), ""), nil
}

func (o *Org) listUserDevices(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	docs := []any{}
	for _, d := range o.devices {
		for _, l := range d.links {
			if l.user == u {
				docs = append(docs, map[string]any{"created": stamp(l.created), "deviceUserId": l.id, "device": c.deviceDoc(d)})
			}
		}
	}
	return listReply(c, docs, ""), nil
}

// deviceStep is a change of a device's status: the statuses that it may have before, and its status after.
func deviceStep(operation, after string, before ...string) handler {
	return func(o *Org, c *call) (*reply, error) {
		d, err := o.findDevice(c.params[0])
		if err != nil {
			return nil, err
		}
		if !slices.Contains(before, d.status) {
			return nil, invalid("status", "Cannot "+operation+" a device whose status is "+d.status)
		}
		d.status, d.lastUpdated = after, c.now
		o.record(c, "device.lifecycle."+operation, deviceTarget(d))
		if after == DeviceDeactivated {
			// Its keys are destroyed, and what could be done with them.
			d.links = nil
			o.removeFactors(c, func(f *factor) bool { return f.device == d })
		}
		return noContent(), nil
	}
}

var (
	activateDevice   = deviceStep("activate", DeviceActive, DeviceCreated, DeviceDeactivated)
	deactivateDevice = deviceStep("deactivate", DeviceDeactivated, DeviceActive, DeviceSuspended)
	suspendDevice    = deviceStep("suspend", DeviceSuspended, DeviceActive)
	unsuspendDevice  = deviceStep("unsuspend", DeviceActive, DeviceSuspended)
)

// deleteDevice takes only devices that are deactivated.
func (o *Org) deleteDevice(c *call) (*reply, error) {
	d, err := o.findDevice(c.params[0])
	if err != nil {
		return nil, err
	}
	if d.status != DeviceDeactivated {
		return nil, invalid("status", "Cannot delete a device that is not deactivated")
	}
	o.devices = slices.DeleteFunc(o.devices, func(other *device) bool { return other == d })
	for _, f := range o.factors.all {
		if f.device == d {
			f.device = nil
		}
	}
	o.record(c, "device.lifecycle.delete", deviceTarget(d))
	return noContent(), nil
}
