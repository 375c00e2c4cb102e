package oktatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// NewDevice describes a device that Okta knows. Only Name is required.
type NewDevice struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Platform is ANDROID, IOS, MACOS, WINDOWS, CHROMEOS or LINUX; WINDOWS by default.
	Platform string `json:"platform,omitempty"`
	// Status is CREATED, ACTIVE (the default), SUSPENDED or DEACTIVATED.
	Status string `json:"status,omitempty"`
	// Users are the ids or logins of those who use the device.
	Users []string `json:"users,omitempty"`
	// Managed says whether management software runs on it.
	Managed bool `json:"managed,omitempty"`
	// Profile holds more attributes of the device, such as serialNumber.
	Profile map[string]any `json:"profile,omitempty"`
}

// DeviceState is one device with the ids of its users.
type DeviceState struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Status string   `json:"status"`
	Users  []string `json:"users"`
}

// The statuses of a device.
const (
	DeviceCreated     = "CREATED"
	DeviceActive      = "ACTIVE"
	DeviceSuspended   = "SUSPENDED"
	DeviceDeactivated = "DEACTIVATED"
)

// device is a computer or phone that somebody registered.
type device struct {
	id      string
	order   int
	status  string
	profile map[string]any
	managed bool
	links   []deviceLink

	created, lastUpdated time.Time
}

// deviceLink ties a user to a device.
type deviceLink struct {
	id      string
	user    *user
	created time.Time
}

// AddDevice puts a device into the org without a trace in the log. It panics when the id is taken, a user is unknown,
// or platform or status does not exist.
func (o *Org) AddDevice(n NewDevice) DeviceState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeDevice(n, o.clock()))
}

func (o *Org) placeDevice(n NewDevice, now time.Time) (DeviceState, error) {
	n.Status, n.Platform = orElse(n.Status, DeviceActive), orElse(n.Platform, "WINDOWS")
	extra, err := plainProfile(n.Profile)
	switch {
	case err != nil:
		return DeviceState{}, err
	case n.Name == "":
		return DeviceState{}, fmt.Errorf("device: name is missing")
	case !slices.Contains([]string{DeviceCreated, DeviceActive, DeviceSuspended, DeviceDeactivated}, n.Status):
		return DeviceState{}, fmt.Errorf("device %s: there is no status %q", n.Name, n.Status)
	case !slices.Contains([]string{"ANDROID", "IOS", "MACOS", "WINDOWS", "CHROMEOS", "LINUX"}, n.Platform):
		return DeviceState{}, fmt.Errorf("device %s: there is no platform %q", n.Name, n.Platform)
	}
	if _, err := o.findDevice(n.ID); err == nil {
		return DeviceState{}, fmt.Errorf("device %s: the id %s is taken", n.Name, n.ID)
	}
	var users []*user
	for _, id := range n.Users {
		u, err := o.findUser(id)
		if err != nil {
			return DeviceState{}, fmt.Errorf("device %s: %w", n.Name, err)
		}
		users = append(users, u)
	}
	if n.ID == "" {
		n.ID = o.stable.object("guo")
	}
	o.created++
	d := &device{
		id: n.ID, order: o.created, status: n.Status, managed: n.Managed, created: now, lastUpdated: now,
		profile: map[string]any{
			"displayName": n.Name, "platform": n.Platform, "registered": true, "secureHardwarePresent": true,
		},
	}
	maps.Copy(d.profile, extra)
	for _, u := range users {
		d.links = append(d.links, deviceLink{o.stable.object("lnk"), u, now})
	}
	o.devices = append(o.devices, d)
	return d.state(), nil
}

func (d *device) state() DeviceState {
	s := DeviceState{ID: d.id, Name: text(d.profile, "displayName"), Status: d.status, Users: []string{}}
	for _, l := range d.links {
		s.Users = append(s.Users, l.user.id)
	}
	return s
}

func (d *device) usedBy(u *user) bool {
	return slices.ContainsFunc(d.links, func(l deviceLink) bool { return l.user == u })
}

func (o *Org) findDevice(id string) (*device, error) {
	for _, d := range o.devices {
		if d.id == id {
			return d, nil
		}
	}
	return nil, notFound(id, "UDDevice")
}

// forgetUser unties a user who is gone from all devices.
func (d *device) forgetUser(u *user) {
	d.links = slices.DeleteFunc(d.links, func(l deviceLink) bool { return l.user == u })
}

func deviceTarget(d *device) map[string]any {
	return map[string]any{
		"id": d.id, "type": "Device", "alternateId": "unknown", "displayName": text(d.profile, "displayName"), "detailEntry": nil,
	}
}

// values gives searches the attributes of a device.
func (d *device) values(attribute string) []any {
	switch attribute {
	case "id":
		return []any{d.id}
	case "status":
		return []any{d.status}
	case "created":
		return []any{stamp(d.created)}
	case "lastUpdated":
		return []any{stamp(d.lastUpdated)}
	}
	if name, ok := strings.CutPrefix(attribute, "profile."); ok {
		return valuesAt(d.profile[name], nil)
	}
	return nil
}
