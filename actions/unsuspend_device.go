package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnsuspendDevice takes a device's suspension back.
var UnsuspendDevice = action[DeviceWrite, DeviceChange]{
	Name:    "unsuspend_device",
	Summary: "Reverts the suspension of a device, which is then active again.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/unsuspendDevice",
	Effect:  sdk.Writes,
	Undo:    "suspend_device",
	Scopes:  []string{"okta.devices.manage"},
	Example: exampleDeviceWrite(okta.StatusSuspended, okta.StatusActive),
	Run: deviceStatusChange{
		from: []string{okta.StatusSuspended}, to: okta.StatusActive, verb: "unsuspends", act: (*okta.Client).UnsuspendDevice,
	}.run,
}
