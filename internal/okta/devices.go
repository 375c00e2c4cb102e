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

// The statuses of a device besides
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/):
// ACTIVE and SUSPENDED, which users have too.
const (
	DeviceCreated     = "CREATED"
	DeviceDeactivated = "DEACTIVATED"
)

// A UserDevice is a device that a user has enrolled on.
type UserDevice struct {
	Created string `json:"created"`
	Device  Device `json:"device"`
}

// Device reads the device with the given id. An org on the Classic Engine has no
// devices and answers 404 or 401 E0000015.
func (c *Client) Device(ctx context.Context, id string) (*Device, error) {
	p, err := path("devices", id)
	if err != nil {
		return nil, err
	}
	d := new(Device)
	r, err := c.object(ctx, p, d)
	if err != nil {
		return nil, err
	}
	if d.ID == "" {
		return nil, r.broken("a device without an id")
	}
	return d, nil
}

// DevicesOf lists the devices that a user has enrolled on.
func (c *Client) DevicesOf(ctx context.Context, userID string) ([]UserDevice, error) {
	return every(ctx, c, nil, func(d UserDevice) string { return d.Device.ID }, "users", userID, "devices")
}

// SuspendDevice suspends an ACTIVE device; Okta refuses any other status with 400
// E0000001.
func (c *Client) SuspendDevice(ctx context.Context, id string) error {
	return c.post(ctx, "devices", id, "lifecycle", "suspend")
}

// UnsuspendDevice makes a SUSPENDED device ACTIVE.
func (c *Client) UnsuspendDevice(ctx context.Context, id string) error {
	return c.post(ctx, "devices", id, "lifecycle", "unsuspend")
}

// DeactivateDevice deactivates an ACTIVE or SUSPENDED device: its factors and
// certificates, and its links to users, are gone for good.
func (c *Client) DeactivateDevice(ctx context.Context, id string) error {
	return c.post(ctx, "devices", id, "lifecycle", "deactivate")
}
