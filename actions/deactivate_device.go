package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeactivateDevice deactivates a device.
var DeactivateDevice = action[DeviceWrite, DeviceChange]{
	Name:    "deactivate_device",
	Summary: "Deactivates a device: its factors, its certificates and its links to users are lost.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/deactivateDevice",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.devices.manage"},
	Example: exampleDeviceWrite(okta.StatusActive, okta.DeviceDeactivated),
	Run: deviceStatusChange{
		from: []string{okta.StatusActive, okta.StatusSuspended}, to: okta.DeviceDeactivated, verb: "deactivates", act: (*okta.Client).DeactivateDevice,
	}.run,
}
