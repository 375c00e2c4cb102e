package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// SuspendDevice suspends a device.
var SuspendDevice = action[SuspendDeviceInput, SuspendDeviceOutput]{
	Name:    "suspend_device",
	Title:   "Suspend Device",
	Summary: "Suspends a device, which then no sign-in policy that asks for a registered device lets pass; unsuspend_device takes it back.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/suspendDevice",
	Effect:  sdk.Writes,
	Undo:    "unsuspend_device",
	Scopes:  []string{"okta.devices.manage"},
	Example: sdk.Example[SuspendDeviceInput, SuspendDeviceOutput]{
		Input: SuspendDeviceInput{DeviceWrite{Device: exampleDevice.ID}},
		Output: SuspendDeviceOutput{Device: exampleDevice, Change: Change[DeviceState]{
			Outcome: sdk.Changed, Before: DeviceState{Status: okta.StatusActive}, After: DeviceState{Status: okta.StatusSuspended},
		}},
	},
	Run: func(ctx context.Context, c *okta.Client, in SuspendDeviceInput) (SuspendDeviceOutput, error) {
		d, change, err := deviceChange(ctx, c, in.Device, okta.StatusSuspended, "suspends", []string{okta.StatusActive}, c.SuspendDevice)
		return SuspendDeviceOutput{Device: d, Change: change}, err
	},
}

// SuspendDeviceInput is what suspend_device takes.
type SuspendDeviceInput struct {
	DeviceWrite
}

// SuspendDeviceOutput is what suspend_device answers.
type SuspendDeviceOutput struct {
	Device DeviceRef `json:"device"` // The device.
	Change[DeviceState]
}
