package actions

import (
	"context"
	"fmt"
	"slices"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// DeviceRef says which device an answer is about.
type DeviceRef struct {
	ID       string `json:"id"`                 // ID of the device.
	Name     string `json:"name,omitempty"`     // Name of the device.
	Platform string `json:"platform,omitempty"` // ANDROID, IOS, MACOS, WINDOWS and others.
}

// DeviceState is what a lifecycle action changes about a device.
type DeviceState struct {
	Status string `json:"status"` // CREATED, ACTIVE, SUSPENDED or DEACTIVATED.
}

// DeviceWrite is what every action on a device takes.
type DeviceWrite struct {
	// ID of the device, as list_user_devices and list_devices list it.
	Device OktaID `json:"device" jsonschema:"example=guo8jx5vVoxfvJeLb0w4,minLength=10" jsonschema_extras:"x-options=list_devices"`
	reconcile.Write
}

// DeviceChange is the output of a write to one device.
type DeviceChange struct {
	Device DeviceRef `json:"device"` // The device.
	reconcile.Change[DeviceState]
}

// A deviceStatusChange is a lifecycle call that brings a device from some statuses to another.
type deviceStatusChange struct {
	from []string
	to   string
	verb string // "suspends": what Okta does to a device
	undo string // name of the action that reverts the change, "" if there is none
	act  func(c *okta.Client, ctx context.Context, deviceID string) error
}

func (s deviceStatusChange) run(ctx context.Context, c *okta.Client, in DeviceWrite) (DeviceChange, error) {
	d, err := c.Device(ctx, string(in.Device))
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.NotFound {
			return DeviceChange{}, noneHere(e, "/device", "Okta has no device with the ID %s; list_user_devices and list_devices list the IDs", in.Device)
		}
		return DeviceChange{}, e
	}
	change, err := reconcile.Goal[DeviceState]{
		Name: "device is " + s.to,
		Done: func(now DeviceState) bool { return now.Status == s.to },
		Act:  func(ctx context.Context) error { return s.act(c, ctx, d.ID) },
		Read: func(ctx context.Context) (DeviceState, error) {
			d, err := c.Device(ctx, string(in.Device))
			if err != nil {
				return DeviceState{}, err
			}
			return DeviceState{Status: d.Status}, nil
		},
		Precondition: func(now DeviceState) string {
			if slices.Contains(s.from, now.Status) {
				return ""
			}
			return "Okta " + s.verb + " no device that is " + now.Status
		},
	}.From(ctx, DeviceState{Status: d.Status})
	err = Explained(ctx, c, err, d.ID)
	change.About(sdk.Subject{Type: "device", ID: d.ID, Name: d.Profile.DisplayName})
	if s.undo != "" && d.Status != okta.DeviceDeactivated {
		change.UndoneBy(s.undo, d.ID, map[string]string{"device": d.ID})
	}
	return DeviceChange{Device: deviceRef(d), Change: change}, err
}

// noneHere makes an error of Okta that an object does not exist say which object that
// is. Pointer is the member of the input that names the object.
func noneHere(notFound *sdk.Error, pointer, format string, args ...any) *sdk.Error {
	e := *notFound
	e.Message = fmt.Sprintf(format, args...) + " (" + notFound.Message + ")"
	e.Violations = sdk.InvalidField(pointer, "names nothing that Okta has").Violations
	return &e
}

func deviceRef(d *okta.Device) DeviceRef {
	return DeviceRef{ID: d.ID, Name: d.Profile.DisplayName, Platform: d.Profile.Platform}
}

var exampleDevice = DeviceRef{ID: "guo8jx5vVoxfvJeLb0w4", Name: "Alice's laptop", Platform: "WINDOWS"}

// exampleDeviceWrite is an example of a write to one device.
func exampleDeviceWrite(before, after string) sdk.Example[DeviceWrite, DeviceChange] {
	return sdk.Example[DeviceWrite, DeviceChange]{
		Input:  DeviceWrite{Device: OktaID(exampleDevice.ID)},
		Output: DeviceChange{Device: exampleDevice, Change: reconcile.Changed(DeviceState{before}, DeviceState{after})},
	}
}

// SuspendDevice suspends a device.
var SuspendDevice = action[DeviceWrite, DeviceChange]{
	Name:     "suspend_device",
	Summary:  "Suspends a device. Sign-in policies that require a registered device then reject it.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/suspendDevice",
	Effect:   sdk.Writes,
	Editions: identityOnly,
	Undo:     "unsuspend_device",
	Scopes:   []string{"okta.devices.manage"},
	Example:  exampleDeviceWrite(okta.StatusActive, okta.StatusSuspended),
	Run: deviceStatusChange{
		from: []string{okta.StatusActive}, to: okta.StatusSuspended, verb: "suspends", undo: "unsuspend_device", act: (*okta.Client).SuspendDevice,
	}.run,
}

// UnsuspendDevice takes a device's suspension back.
var UnsuspendDevice = action[DeviceWrite, DeviceChange]{
	Name:     "unsuspend_device",
	Summary:  "Reverts the suspension of a device, which is then active again.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/unsuspendDevice",
	Effect:   sdk.Writes,
	Editions: identityOnly,
	Undo:     "suspend_device",
	Scopes:   []string{"okta.devices.manage"},
	Example:  exampleDeviceWrite(okta.StatusSuspended, okta.StatusActive),
	Run: deviceStatusChange{
		from: []string{okta.StatusSuspended}, to: okta.StatusActive, verb: "unsuspends", undo: "suspend_device", act: (*okta.Client).UnsuspendDevice,
	}.run,
}

// DeactivateDevice deactivates a device.
var DeactivateDevice = action[DeviceWrite, DeviceChange]{
	Name:     "deactivate_device",
	Summary:  "Deactivates a device: its factors, its certificates and its links to users are lost.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/deactivateDevice",
	Effect:   sdk.Destroys,
	Editions: identityOnly,
	Scopes:   []string{"okta.devices.manage"},
	Example:  exampleDeviceWrite(okta.StatusActive, okta.DeviceDeactivated),
	Run: deviceStatusChange{
		from: []string{okta.StatusActive, okta.StatusSuspended}, to: okta.DeviceDeactivated, verb: "deactivates", act: (*okta.Client).DeactivateDevice,
	}.run,
}

// ListDevices lists devices.
var ListDevices = action[ListDevicesInput, ListDevicesOutput]{
	Name:     "list_devices",
	Title:    "List All Devices",
	Summary:  "Lists the devices of the Okta org, optionally by a search, with their users on request.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/listDevices",
	Effect:   sdk.Reads,
	Editions: identityOnly,
	Scopes:   []string{"okta.devices.read"},
	Example: sdk.Example[ListDevicesInput, ListDevicesOutput]{
		Input: ListDevicesInput{Search: `profile.platform eq "WINDOWS"`, WithUsers: true, Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListDevicesOutput{Paged: onePage, Devices: []DeviceItem{{
			ID: "guo4a5u7JHHhjXrMK0g4", Name: "ALICE-LAPTOP", Platform: "WINDOWS", Status: okta.StatusActive, SerialNumber: "5CD2080HNM", Users: []UserRef{ExampleUser},
			Raw: Object(`{"id":"guo4a5u7JHHhjXrMK0g4","status":"ACTIVE","profile":{"displayName":"ALICE-LAPTOP","platform":"WINDOWS","serialNumber":"5CD2080HNM"}}`),
		}}},
	},
	Options: listed(sdk.OptionList{Items: "devices", Value: "id", Label: "name", Description: "platform"}),
	Run:     listDevices,
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
	ID           string    `json:"id"`                      // ID of the device.
	Name         string    `json:"name,omitempty"`          // Name of the device.
	Platform     string    `json:"platform,omitempty"`      // ANDROID, IOS, MACOS, WINDOWS and others.
	Status       string    `json:"status"`                  // CREATED, ACTIVE, SUSPENDED or DEACTIVATED.
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
		ID: d.ID, Name: d.Profile.DisplayName, Platform: d.Profile.Platform, Status: d.Status,
		SerialNumber: d.Profile.SerialNumber, Raw: raw(o),
	}
	for _, u := range d.Embedded.Users {
		item.Users = append(item.Users, UserRef{ID: u.User.ID, Login: u.User.Profile.Login, Email: u.User.Profile.Email})
	}
	return item
}

func listDevices(ctx context.Context, c *okta.Client, in ListDevicesInput) (ListDevicesOutput, error) {
	query := map[string]string{"search": in.Search}
	if in.WithUsers {
		query["expand"] = "user"
	}
	devices, n, err := list(ctx, c, []string{"devices"}, query, in.Paging, deviceItem)
	return ListDevicesOutput{Devices: devices, Paged: n}, err
}

// ListUserDevices lists a user's devices.
var ListUserDevices = action[UserList, ListUserDevicesOutput]{
	Name:     "list_user_devices",
	Summary:  "Lists the devices of a user.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserDevices",
	Effect:   sdk.Reads,
	Editions: identityOnly,
	Scopes:   []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserDevicesOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserDevicesOutput{User: ExampleUser, Counted: reconcile.Counted{Count: 1}, Devices: []UserDeviceItem{{
			ID: exampleDevice.ID, Name: exampleDevice.Name, Platform: exampleDevice.Platform, Status: okta.StatusActive, Enrolled: "2025-11-02T10:15:00.000Z",
			Raw: Object(`{"created":"2025-11-02T10:15:00.000Z","deviceUserId":"lnk46w61OLJz1uSQW0g4","device":{"id":"guo8jx5vVoxfvJeLb0w4","status":"ACTIVE"}}`),
		}}},
	},
	Options: &sdk.OptionList{Items: "devices", Value: "id", Label: "name", Description: "platform"},
	Run:     onUser(listUserDevices),
}

// ListUserDevicesOutput is the output of list_user_devices.
type ListUserDevicesOutput struct {
	User    UserRef          `json:"user"`    // The user.
	Devices []UserDeviceItem `json:"devices"` // The devices.
	reconcile.Counted
}

// UserDeviceItem is a device that a user has enrolled on.
type UserDeviceItem struct {
	ID       string `json:"id"`                 // ID of the device.
	Name     string `json:"name,omitempty"`     // Name of the device.
	Platform string `json:"platform,omitempty"` // ANDROID, IOS, MACOS, WINDOWS and others.
	Status   string `json:"status"`             // CREATED, ACTIVE, SUSPENDED or DEACTIVATED.
	Enrolled string `json:"enrolled,omitempty"` // Time of the user's enrolment on the device.
	Raw      Object `json:"raw"`                // The device and its link to the user as Okta sent them.
}

func userDeviceItem(o okta.Object) UserDeviceItem {
	var d okta.UserDevice
	o.Read(&d)
	ref := deviceRef(&d.Device)
	return UserDeviceItem{ID: ref.ID, Name: ref.Name, Platform: ref.Platform, Status: d.Device.Status, Enrolled: d.Created, Raw: raw(o)}
}

func listUserDevices(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserDevicesOutput, error) {
	devices, n, err := listOfUser(ctx, c, u.ID, in.MaxItems, userDeviceItem, below("devices"))
	return ListUserDevicesOutput{User: UserRefOf(u), Devices: devices, Counted: n}, err
}
