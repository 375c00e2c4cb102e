package actions

import (
	"context"
	"fmt"
	"net/url"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// DeviceRef identifies the device of an output.
type DeviceRef struct {
	ID       string `json:"id"`                 // ID of the device.
	Name     string `json:"name,omitempty"`     // Name of the device.
	Platform string `json:"platform,omitempty"` // ANDROID, IOS, MACOS, WINDOWS and others.
}

// DeviceState is the part of a device that a lifecycle action changes.
type DeviceState struct {
	// Status of the device.
	Status string `json:"status" jsonschema_extras:"x-known=CREATED|ACTIVE|SUSPENDED|DEACTIVATED"`
}

func (s DeviceState) status() string { return s.Status }

// DeviceWrite is the input of a write to one device.
type DeviceWrite struct {
	// ID of the device, from list_user_devices or list_devices.
	Device OktaID `json:"device" jsonschema:"example=guo8jx5vVoxfvJeLb0w4,minLength=10" jsonschema_extras:"x-options=list_devices"`
	reconcile.Write
}

// DeviceChange is the output of a write to one device.
type DeviceChange struct {
	Device DeviceRef `json:"device"` // The device.
	reconcile.Change[DeviceState]
}

// deviceLifecycle declares an action that changes the status of a device.
func deviceLifecycle(l lifecycle) action[DeviceWrite, DeviceChange] {
	return action[DeviceWrite, DeviceChange]{
		Name: l.name, Summary: l.summary, Docs: apiDocs("Device", l.operation),
		Effect: l.effect(), Editions: identityOnly, Undo: l.undo, Scopes: []string{"okta.devices.manage"},
		Example: sdk.Example[DeviceWrite, DeviceChange]{
			Input:  DeviceWrite{Device: OktaID(exampleDevice.ID)},
			Output: DeviceChange{Device: exampleDevice, Change: reconcile.Changed(DeviceState{l.from[0]}, DeviceState{l.to})},
		},
		Run: func(ctx context.Context, c *okta.Client, in DeviceWrite) (DeviceChange, error) {
			return changeDevice(ctx, c, l, in)
		},
	}
}

func changeDevice(ctx context.Context, c *okta.Client, l lifecycle, in DeviceWrite) (DeviceChange, error) {
	d, err := c.Device(ctx, string(in.Device))
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.NotFound {
			return DeviceChange{}, noneHere(e, "/device", "Okta has no device with the ID %s; list_user_devices and list_devices list the IDs", in.Device)
		}
		return DeviceChange{}, e
	}
	change, err := changeStatus(ctx, c, l, "device", d.ID, DeviceState{d.Status}, func(ctx context.Context) (DeviceState, error) {
		d, err := c.Device(ctx, string(in.Device))
		if err != nil {
			return DeviceState{}, err
		}
		return DeviceState{d.Status}, nil
	})
	err = Explained(ctx, c, err, d.ID)
	change.About(sdk.Subject{Type: "device", ID: d.ID, Name: d.Profile.DisplayName})
	if l.undo != "" && d.Status != okta.DeviceDeactivated {
		change.UndoneBy(l.undo, d.ID, map[string]string{"device": d.ID})
	}
	return DeviceChange{Device: deviceRef(d), Change: change}, err
}

// noneHere adds to a not_found error of Okta which object does not exist. Pointer is the
// member of the input that names the object.
func noneHere(notFound *sdk.Error, pointer, format string, args ...any) *sdk.Error {
	e := *notFound
	e.Message = fmt.Sprintf(format, args...) + " (" + notFound.Message + ")"
	e.Violations = sdk.InvalidField(pointer, "names no object of the Okta org").Violations
	return &e
}

func deviceRef(d *okta.Device) DeviceRef {
	return DeviceRef{ID: d.ID, Name: d.Profile.DisplayName, Platform: d.Profile.Platform}
}

var exampleDevice = DeviceRef{ID: "guo8jx5vVoxfvJeLb0w4", Name: "Alice's laptop", Platform: "WINDOWS"}

var (
	// SuspendDevice suspends a device.
	SuspendDevice = deviceLifecycle(lifecycle{
		name: "suspend_device", undo: "unsuspend_device", operation: "suspendDevice",
		summary: "Suspends a device. Sign-in policies that require a registered device then reject it.",
		from:    []string{okta.StatusActive}, to: okta.StatusSuspended, verb: "suspends", act: (*okta.Client).SuspendDevice,
	})
	// UnsuspendDevice reverts the suspension of a device.
	UnsuspendDevice = deviceLifecycle(lifecycle{
		name: "unsuspend_device", undo: "suspend_device", operation: "unsuspendDevice",
		summary: "Unsuspends a device. The status becomes ACTIVE.",
		from:    []string{okta.StatusSuspended}, to: okta.StatusActive, verb: "unsuspends", act: (*okta.Client).UnsuspendDevice,
	})
	// DeactivateDevice deactivates a device.
	DeactivateDevice = deviceLifecycle(lifecycle{
		name: "deactivate_device", operation: "deactivateDevice", destroys: true,
		summary: "Deactivates a device: its factors, its certificates and its links to users are lost.",
		from:    []string{okta.StatusActive, okta.StatusSuspended}, to: okta.DeviceDeactivated, verb: "deactivates",
		act: (*okta.Client).DeactivateDevice,
	})
)

// ListDevices lists devices.
var ListDevices = action[ListDevicesInput, ListDevicesOutput]{
	Name:     "list_devices",
	Title:    "List All Devices",
	Summary:  "Lists the devices of the Okta org, optionally by a search, with their users on request.",
	Docs:     apiDocs("Device", "listDevices"),
	Effect:   sdk.Reads,
	Editions: identityOnly,
	Scopes:   []string{"okta.devices.read"},
	Example: sdk.Example[ListDevicesInput, ListDevicesOutput]{
		Input: ListDevicesInput{Search: `profile.platform eq "WINDOWS"`, WithUsers: true, Paging: firstPage},
		Output: ListDevicesOutput{Paged: onePage, Devices: []DeviceItem{deviceItem(okta.Object(
			`{"id":"guo4a5u7JHHhjXrMK0g4","status":"ACTIVE","profile":{"displayName":"ALICE-LAPTOP","platform":"WINDOWS","serialNumber":"5CD2080HNM"},` +
				`"_embedded":{"users":[{"user":{"id":"00u1a2b3c4d5e6f7g8h9","profile":{"login":"alice.moreau@corp.example"}}}]}}`))}},
	},
	Options: listed(sdk.OptionList{Items: "devices", Value: "id", Label: "name", Description: "platform"}),
	Run: func(ctx context.Context, c *okta.Client, in ListDevicesInput) (ListDevicesOutput, error) {
		query := url.Values{"search": {in.Search}}
		if in.WithUsers {
			query.Set("expand", "user")
		}
		devices, n, err := list(ctx, c, []string{"devices"}, query, pages(in.Paging), deviceItem)
		return ListDevicesOutput{Devices: devices, Paged: n}, err
	},
}

// ListDevicesInput is the input of list_devices.
type ListDevicesInput struct {
	// Expression of Okta's search over id, status, lastUpdated and the profile. The search lags behind changes by a
	// moment.
	Search    string `json:"search,omitempty" jsonschema:"example=profile.platform eq \"WINDOWS\",maxLength=6000" jsonschema_extras:"x-language=scim_filter"`
	WithUsers bool   `json:"with_users,omitempty" jsonschema:"default=false"` // Include the users of each device.
	reconcile.Paging
}

// ListDevicesOutput is the output of list_devices.
type ListDevicesOutput struct {
	Devices []DeviceItem `json:"devices"` // The devices.
	reconcile.Paged
}

// DeviceItem is a device in a list.
type DeviceItem struct {
	DeviceRef
	// Status of the device.
	Status       string    `json:"status" jsonschema_extras:"x-known=CREATED|ACTIVE|SUSPENDED|DEACTIVATED"`
	SerialNumber string    `json:"serial_number,omitempty"` // Serial number of the device.
	Users        []UserRef `json:"users,omitempty"`         // Users of the device; absent unless requested.
	Raw          Object    `json:"raw"`                     // The device as Okta sent it.
}

func deviceItem(o okta.Object) DeviceItem {
	var d struct {
		okta.Device
		Embedded struct {
			Users []struct {
				User struct {
					ID      string
					Profile struct{ Login, Email string }
				}
			}
		} `json:"_embedded"`
	}
	o.Read(&d)
	item := DeviceItem{
		DeviceRef: deviceRef(&d.Device), Status: d.Status, SerialNumber: d.Profile.SerialNumber, Raw: raw(o),
	}
	for _, u := range d.Embedded.Users {
		item.Users = append(item.Users, UserRef{ID: u.User.ID, Login: u.User.Profile.Login, Email: u.User.Profile.Email})
	}
	return item
}

// ListUserDevices lists a user's devices.
var ListUserDevices = action[UserList, ListUserDevicesOutput]{
	Name:     "list_user_devices",
	Summary:  "Lists the devices of a user.",
	Docs:     apiDocs("UserResources", "listUserDevices"),
	Effect:   sdk.Reads,
	Editions: identityOnly,
	Scopes:   []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserDevicesOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserDevicesOutput{User: ExampleUser, Counted: oneItem, Devices: []UserDeviceItem{userDeviceItem(okta.Object(
			`{"created":"2025-11-02T10:15:00.000Z","deviceUserId":"lnk46w61OLJz1uSQW0g4","device":` +
				`{"id":"guo8jx5vVoxfvJeLb0w4","status":"ACTIVE","profile":{"displayName":"Alice's laptop","platform":"WINDOWS"}}}`))}},
	},
	Options: &sdk.OptionList{Items: "devices", Value: "id", Label: "name", Description: "platform"},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserDevicesOutput, error) {
		devices, n, err := list(ctx, c, []string{"users", u.ID, "devices"}, nil, whole(in.Bounded), userDeviceItem)
		return ListUserDevicesOutput{User: UserRefOf(u), Devices: devices, Counted: n.Counted}, err
	}),
}

// ListUserDevicesOutput is the output of list_user_devices.
type ListUserDevicesOutput struct {
	User    UserRef          `json:"user"`    // The user.
	Devices []UserDeviceItem `json:"devices"` // The devices.
	reconcile.Counted
}

// UserDeviceItem is a device that a user has enrolled on.
type UserDeviceItem struct {
	DeviceRef
	// Status of the device.
	Status   string `json:"status" jsonschema_extras:"x-known=CREATED|ACTIVE|SUSPENDED|DEACTIVATED"`
	Enrolled string `json:"enrolled,omitempty"` // Time of the user's enrolment on the device.
	Raw      Object `json:"raw"`                // The device and its link to the user as Okta sent them.
}

func userDeviceItem(o okta.Object) UserDeviceItem {
	var d okta.UserDevice
	o.Read(&d)
	return UserDeviceItem{DeviceRef: deviceRef(&d.Device), Status: d.Device.Status, Enrolled: d.Created, Raw: raw(o)}
}
