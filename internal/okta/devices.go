package okta

import "context"

// A Device is a device that Okta knows.
type Device struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Created string `json:"created"`
	Updated string `json:"lastUpdated"`
	Profile struct {
		DisplayName  string `json:"displayName"`
		Platform     string `json:"platform"`
		Manufacturer string `json:"manufacturer"`
		Model        string `json:"model"`
		OSVersion    string `json:"osVersion"`
		SerialNumber string `json:"serialNumber"`
		Registered   bool   `json:"registered"`
	} `json:"profile"`
}

// These are the statuses of a device in addition to ACTIVE and SUSPENDED, which users also have
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/).
const (
	DeviceCreated     = "CREATED"
	DeviceDeactivated = "DEACTIVATED"
)

// A UserDevice is a device that a user has enrolled.
type UserDevice struct {
	Created string `json:"created"`
	Device  Device `json:"device"`
}

// Device reads the device with the given ID. An org on the Classic Engine has no devices
// and responds with 404 or 401 E0000015.
func (c *Client) Device(ctx context.Context, id string) (*Device, error) {
	return read(ctx, c, func(d *Device) string { return d.ID }, "devices", id)
}

// DevicesOf lists the devices that a user has enrolled.
func (c *Client) DevicesOf(ctx context.Context, userID string) ([]UserDevice, error) {
	return listAll(ctx, c, nil, func(d UserDevice) string { return d.Device.ID }, "users", userID, "devices")
}

// SuspendDevice suspends an ACTIVE device. Okta rejects any other status with 400 E0000001.
func (c *Client) SuspendDevice(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.DeviceAPI.SuspendDevice, id))
}

// UnsuspendDevice makes a SUSPENDED device ACTIVE.
func (c *Client) UnsuspendDevice(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.DeviceAPI.UnsuspendDevice, id))
}

// DeactivateDevice deactivates an ACTIVE or SUSPENDED device. Its factors, certificates
// and links to users are lost.
func (c *Client) DeactivateDevice(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.DeviceAPI.DeactivateDevice, id))
}
