package oktasim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// NewDevice describes a device that Okta knows. Only Name is required.
type NewDevice struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Platform is ANDROID, IOS, MACOS, WINDOWS, CHROMEOS or LINUX. The default is WINDOWS.
	Platform string `json:"platform,omitempty"`
	// Status is CREATED, ACTIVE (the default), SUSPENDED or DEACTIVATED.
	Status string `json:"status,omitempty"`
	// Users are the IDs or logins of the device's users.
	Users []string `json:"users,omitempty"`
	// Managed reports whether management software runs on the device.
	Managed bool `json:"managed,omitempty"`
	// Profile contains further attributes of the device, such as serialNumber.
	Profile map[string]any `json:"profile,omitempty"`
}

// DeviceState is one device with the IDs of its users.
type DeviceState struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Status string   `json:"status"`
	Users  []string `json:"users"`
}

// These are the statuses of a device.
const (
	DeviceCreated     = "CREATED"
	DeviceActive      = "ACTIVE"
	DeviceSuspended   = "SUSPENDED"
	DeviceDeactivated = "DEACTIVATED"
)

// deviceOperations lists the lifecycle operations that Okta offers on a device in each status.
var deviceOperations = map[string][]string{
	DeviceCreated: {"activate"}, DeviceActive: {"suspend", "deactivate"}, DeviceSuspended: {"unsuspend", "deactivate"},
	DeviceDeactivated: {"activate"},
}

// device is a computer or phone that a user registered.
type device struct {
	object
	profile doc
	managed bool
	links   []deviceLink
}

// deviceLink is a user of a device.
type deviceLink struct {
	id      string
	user    *user
	created time.Time
}

// AddDevice adds a device to the org.
func (o *Org) AddDevice(n NewDevice) DeviceState { return add(o, n, (*Org).insertDevice) }

func (o *Org) insertDevice(n NewDevice, now time.Time) (DeviceState, error) {
	n.Status = cmp.Or(n.Status, DeviceActive)
	n.Platform = cmp.Or(n.Platform, "WINDOWS")
	extra, err := wire.Plain(n.Profile)
	users, errUsers := o.findUsers(n.Users)
	if err := invalid("device "+n.Name,
		err, errUsers, missing("name", n.Name), unknown("status", n.Status, slices.Collect(maps.Keys(deviceOperations))...),
		unknown("platform", n.Platform, "ANDROID", "IOS", "MACOS", "WINDOWS", "CHROMEOS", "LINUX"), taken(o.devices, n.ID),
	); err != nil {
		return DeviceState{}, err
	}
	d := &device{
		object: o.newObject(n.ID, "guo", n.Status, now), managed: n.Managed,
		profile: doc{"displayName": n.Name, "platform": n.Platform, "registered": true, "secureHardwarePresent": true},
	}
	maps.Copy(d.profile, extra)
	for _, u := range users {
		d.links = append(d.links, deviceLink{o.stable.Object("lnk"), u, now})
	}
	o.devices = append(o.devices, d)
	return d.state(), nil
}

func (d *device) state() DeviceState {
	users := each(d.links, func(l deviceLink) string { return l.user.id })
	return DeviceState{ID: d.id, Name: text(d.profile, "displayName"), Status: d.status, Users: users}
}

func (o *Org) devicesOf(u *user) []*device {
	return where(o.devices, func(d *device) bool {
		return slices.ContainsFunc(d.links, func(l deviceLink) bool { return l.user == u })
	})
}

func (o *Org) pathDevice(c *call) (*device, error) { return find(o.devices, c.Params[0], "UDDevice") }

func (d *device) target() doc {
	return target(d.id, "Device", "unknown", text(d.profile, "displayName"))
}

func (c *call) deviceDoc(d *device) doc {
	out, self := c.shape("device", &d.object, doc{"profile": d.profile, "name": d.profile["displayName"]}), c.URL("/api/v1/devices/"+d.id)
	if d.status == DeviceDeactivated {
		out["_links"] = doc{"self": wire.Hinted(self, "GET", "DELETE")}
	}
	for _, op := range deviceOperations[d.status] {
		out["_links"].(doc)[op] = wire.Hinted(self+"/lifecycle/"+op, "POST")
	}
	return out
}

// deviceUsers returns the documents of a device's users. show returns the user part.
func (c *call) deviceUsers(d *device, show func(*user) doc) []doc {
	status := "NOT_MANAGED"
	if d.managed {
		status = "MANAGED"
	}
	return each(d.links, func(l deviceLink) doc {
		return doc{"created": wire.Stamp(l.created), "managementStatus": status, "screenLockType": "BIOMETRIC", "user": show(l.user)}
	})
}

// userSummary returns the document of a user for expand=userSummary.
func (c *call) userSummary(u *user) doc {
	profile := doc{}
	for _, name := range requiredAttributes {
		profile[name] = u.profile[name]
	}
	return c.shape("user summary", &u.object, doc{"profile": profile})
}

var deviceSearch = filter.Table{
	"id": filter.Compare, "status": filter.Compare, "lastUpdated": filter.Compare, "profile.displayName": filter.Contain,
	"profile.serialNumber": filter.Contain, "profile.imei": filter.Contain, "profile.meid": filter.Contain,
	"profile.udid": filter.Contain, "profile.sid": filter.Contain,
}

// searchesDevices also allows all other attributes of the profile.
func searchesDevices(attribute, operator string) bool {
	name, isProfile := strings.CutPrefix(attribute, "profile.")
	other := filter.Table{attribute: filter.Compare}
	return deviceSearch.Allows(attribute, operator) || isProfile && name != "" && other.Allows(attribute, operator)
}

func (o *Org) listDevices(c *call) (any, error) {
	show := map[string]func(*user) doc{"": nil, "user": c.fullUserDoc, "userSummary": c.userSummary}
	write, known := show[c.Query.Get("expand")]
	if !known {
		return nil, wire.Invalid("expand", "expand: The value must be user or userSummary")
	}
	l := listing[*device]{size: upTo(200, 200), search: searchesDevices, matched: (*call).deviceDoc, write: (*call).deviceDoc}
	if write != nil {
		l.write = func(c *call, d *device) doc {
			return merge(c.deviceDoc(d), doc{"_embedded": doc{"users": c.deviceUsers(d, write)}}).(doc)
		}
	}
	return list(o, c, o.devices, l)
}

func (o *Org) getDevice(c *call, d *device) (any, error) {
	return merge(c.deviceDoc(d), doc{"_embedded": shapes["device sources"]}), nil
}

func (o *Org) listDeviceUsers(c *call, d *device) (any, error) {
	return linked(c, c.deviceUsers(d, c.fullUserDoc)), nil
}

func (o *Org) listUserDevices(c *call, u *user) (any, error) {
	return linked(c, each(o.devicesOf(u), func(d *device) doc {
		l := d.links[slices.IndexFunc(d.links, func(l deviceLink) bool { return l.user == u })]
		return doc{"created": wire.Stamp(l.created), "deviceUserId": l.id, "device": c.deviceDoc(d)}
	})), nil
}

// deviceStep returns a handler that changes a device's status to after, from one of the statuses before.
func deviceStep(operation, after string, before ...string) handler {
	return on((*Org).pathDevice, func(o *Org, c *call, d *device) (any, error) {
		if !slices.Contains(before, d.status) {
			return nil, wire.Invalid("status", "Cannot "+operation+" a device whose status is "+d.status)
		}
		d.setStatus(after, c.Now)
		o.logEvent(c, "device.lifecycle."+operation, d.target())
		if after == DeviceDeactivated {
			// The device loses its keys. It therefore loses its users and factors.
			d.links = nil
			o.removeFactors(c, func(f *factor) bool { return f.device == d })
		}
		return nil, nil
	})
}

// deleteDevice deletes only deactivated devices.
func (o *Org) deleteDevice(c *call, d *device) (any, error) {
	if d.status != DeviceDeactivated {
		return nil, wire.Invalid("status", "Cannot delete a device that is not deactivated")
	}
	o.devices = without(o.devices, d)
	for _, f := range o.factors.all {
		if f.device == d {
			f.device = nil
		}
	}
	o.logEvent(c, "device.lifecycle.delete", d.target())
	return nil, nil
}
