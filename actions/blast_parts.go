package actions

import (
	"context"
	"sync"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// A part is one member of an answer that is put together from several readings.
type part struct {
	name string
	read func(context.Context) error
}

// together reads all parts at the same time, and returns those that failed, in order.
// One that breaks down takes no other with it.
func together(ctx context.Context, parts ...part) []UnavailablePart {
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i, p := range parts {
		wait.Go(func() {
			defer func() {
				if recover() != nil {
					errs[i] = sdk.Errorf(sdk.Internal, "reading it broke down half-way")
				}
			}()
			errs[i] = p.read(ctx)
		})
	}
	wait.Wait()
	var failed []UnavailablePart
	for i, err := range errs {
		if e := sdk.AsError(err); e != nil {
			failed = append(failed, UnavailablePart{Part: parts[i].name, Code: e.Code, Why: e.Message})
		}
	}
	return failed
}

func groupsReached(ctx context.Context, c *okta.Client, userID string) ([]GroupRef, error) {
	groups, err := c.UserGroups(ctx, userID)
	if err != nil {
		return nil, err
	}
	refs := make([]GroupRef, len(groups))
	for i, g := range groups {
		refs[i] = GroupRef{ID: g.ID, Name: g.Profile.Name, Type: g.Type}
	}
	return refs, nil
}

func rolesReached(ctx context.Context, c *okta.Client, userID string) ([]RoleItem, *bool, error) {
	roles, err := c.RolesOf(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	admin := len(roles) > 0
	held := make([]RoleItem, len(roles))
	for i, r := range roles {
		held[i] = roleItem(r)
	}
	return held, &admin, nil
}

func devicesReached(ctx context.Context, c *okta.Client, userID string) ([]ReachedDevice, error) {
	devices, err := c.DevicesOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	reached := make([]ReachedDevice, len(devices))
	for i, d := range devices {
		reached[i] = ReachedDevice{DeviceRef: deviceRef(&d.Device), Status: d.Device.Status}
	}
	return reached, nil
}

func appsReached(ctx context.Context, c *okta.Client, userID string) ([]ReachedApp, error) {
	apps, err := c.AppsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	reached := make([]ReachedApp, len(apps))
	for i, a := range apps {
		reached[i] = ReachedApp{AppRef: appRef(&a), Status: a.Status, Through: through(a.Embedded.User.Scope)}
	}
	return reached, nil
}
