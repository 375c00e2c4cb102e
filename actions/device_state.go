package actions

import (
	"context"
	"fmt"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeviceRef says which device an answer is about.
type DeviceRef struct {
	ID       string `json:"id"`                 // Id of the device.
	Name     string `json:"name,omitempty"`     // Name of the device.
	Platform string `json:"platform,omitempty"` // ANDROID, IOS, MACOS, WINDOWS and others.
}

// DeviceState is what a lifecycle action changes about a device.
type DeviceState struct {
	Status string `json:"status"` // CREATED, ACTIVE, SUSPENDED or DEACTIVATED.
}

// DeviceWrite is what every action on a device takes.
type DeviceWrite struct {
	// Id of the device, as list_user_devices and list_devices tell it.
	Device string `json:"device" jsonschema:"example=guo8jx5vVoxfvJeLb0w4,pattern=^[0-9A-Za-z_-]+$,minLength=10,maxLength=100" jsonschema_extras:"x-options=list_devices"`
	Write
}

// deviceChange brings a device to a status. from lists the statuses that Okta takes
// it there from; does says in a message what Okta does with a device.
func deviceChange(ctx context.Context, c *okta.Client, id, to, does string, from []string, act func(context.Context, string) error) (DeviceRef, Change[DeviceState], error) {
	d, err := c.Device(ctx, id)
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.NotFound {
			return DeviceRef{}, Change[DeviceState]{}, noneHere(e, "/device", "Okta has no device with the id %s; list_user_devices and list_devices tell the ids", id)
		}
		return DeviceRef{}, Change[DeviceState]{}, e
	}
	change, err := attempt[DeviceState]{
		goal: "device is " + to,
		done: func(s DeviceState) bool { return s.Status == to },
		act:  func(ctx context.Context) error { return act(ctx, d.ID) },
		read: func(ctx context.Context) (DeviceState, error) {
			d, err := c.Device(ctx, id)
			if err != nil {
				return DeviceState{}, err
			}
			return DeviceState{Status: d.Status}, nil
		},
		bars: func(s DeviceState) string {
			for _, ok := range from {
				if s.Status == ok {
					return ""
				}
			}
			return "Okta " + does + " no device that is " + s.Status
		},
	}.from(ctx, DeviceState{Status: d.Status})
	return deviceRef(d), change, err
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
