package actions

import (
	"context"
	"fmt"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
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
