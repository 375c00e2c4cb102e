package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserDevices lists a user's devices.
var ListUserDevices = action[UserList, ListUserDevicesOutput]{
	Name:    "list_user_devices",
	Summary: "Lists the devices of a user; needs Okta Identity Engine.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserDevices",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserDevicesOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserDevicesOutput{User: exampleUser, Counted: reconcile.Counted{Count: 1}, Devices: []UserDeviceItem{{
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
	return ListUserDevicesOutput{User: refOf(u), Devices: devices, Counted: n}, err
}
