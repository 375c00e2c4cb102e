package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// SuspendDevice suspends a device.
var SuspendDevice = action[DeviceWrite, DeviceChange]{
	Name:    "suspend_device",
	Summary: "Suspends a device. Sign-in policies that require a registered device then reject it.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/suspendDevice",
	Effect:  sdk.Writes,
	Undo:    "unsuspend_device",
	Scopes:  []string{"okta.devices.manage"},
	Example: exampleDeviceWrite(okta.StatusActive, okta.StatusSuspended),
	Run: deviceStatusChange{
		from: []string{okta.StatusActive}, to: okta.StatusSuspended, verb: "suspends", act: (*okta.Client).SuspendDevice,
	}.run,
}
