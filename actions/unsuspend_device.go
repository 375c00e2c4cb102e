package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnsuspendDevice takes a device's suspension back.
var UnsuspendDevice = action[UnsuspendDeviceInput, UnsuspendDeviceOutput]{
	Name:    "unsuspend_device",
	Title:   "Unsuspend Device",
	Summary: "Takes a device's suspension back; the device is then active again.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/unsuspendDevice",
	Effect:  sdk.Writes,
	Undo:    "suspend_device",
	Scopes:  []string{"okta.devices.manage"},
	Example: sdk.Example[UnsuspendDeviceInput, UnsuspendDeviceOutput]{
		Input: UnsuspendDeviceInput{DeviceWrite{Device: exampleDevice.ID}},
		Output: UnsuspendDeviceOutput{Device: exampleDevice, Change: Change[DeviceState]{
			Outcome: sdk.Changed, Before: DeviceState{Status: okta.StatusSuspended}, After: DeviceState{Status: okta.StatusActive},
		}},
	},
	Run: func(ctx context.Context, c *okta.Client, in UnsuspendDeviceInput) (UnsuspendDeviceOutput, error) {
		d, change, err := deviceChange(ctx, c, in.Device, okta.StatusActive, "unsuspends", []string{okta.StatusSuspended}, c.UnsuspendDevice)
		return UnsuspendDeviceOutput{Device: d, Change: change}, err
	},
}

// UnsuspendDeviceInput is what unsuspend_device takes.
type UnsuspendDeviceInput struct {
	DeviceWrite
}

// UnsuspendDeviceOutput is what unsuspend_device answers.
type UnsuspendDeviceOutput struct {
	Device DeviceRef `json:"device"` // The device.
	Change[DeviceState]
}
