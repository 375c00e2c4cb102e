package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeactivateDevice deactivates a device.
var DeactivateDevice = action[DeactivateDeviceInput, DeactivateDeviceOutput]{
	Name:    "deactivate_device",
	Title:   "Deactivate Device",
	Summary: "Deactivates a device: its factors, its certificates and its links to users are gone for good.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/#tag/Device/operation/deactivateDevice",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.devices.manage"},
	Example: sdk.Example[DeactivateDeviceInput, DeactivateDeviceOutput]{
		Input: DeactivateDeviceInput{DeviceWrite{Device: exampleDevice.ID}},
		Output: DeactivateDeviceOutput{Device: exampleDevice, Change: Change[DeviceState]{
			Outcome: sdk.Changed, Before: DeviceState{Status: okta.StatusActive}, After: DeviceState{Status: okta.DeviceDeactivated},
		}},
	},
	Run: func(ctx context.Context, c *okta.Client, in DeactivateDeviceInput) (DeactivateDeviceOutput, error) {
		d, change, err := deviceChange(ctx, c, in.Device, okta.DeviceDeactivated, "deactivates", []string{okta.StatusActive, okta.StatusSuspended}, c.DeactivateDevice)
		return DeactivateDeviceOutput{Device: d, Change: change}, err
	},
}

// DeactivateDeviceInput is what deactivate_device takes.
type DeactivateDeviceInput struct {
	DeviceWrite
}

// DeactivateDeviceOutput is what deactivate_device answers.
type DeactivateDeviceOutput struct {
	Device DeviceRef `json:"device"` // The device.
	Change[DeviceState]
}
