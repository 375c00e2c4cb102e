package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListDevices lists devices.
var ListDevices = action[ListDevicesInput, ListDevicesOutput]{
	Name:    "list_devices",
	Title:   "List All Devices",
	Summary: "Lists the devices of the Okta org, optionally by a search, with their users on request; needs Okta Identity Engine.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/listDevices",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.devices.read"},
	Example: sdk.Example[ListDevicesInput, ListDevicesOutput]{
		Input: ListDevicesInput{Search: `profile.platform eq "WINDOWS"`, WithUsers: true, Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListDevicesOutput{Paged: onePage, Devices: []DeviceItem{{
			ID: "guo4a5u7JHHhjXrMK0g4", Name: "ALICE-LAPTOP", Platform: "WINDOWS", Status: okta.StatusActive, SerialNumber: "5CD2080HNM", Users: []UserRef{exampleUser},
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
