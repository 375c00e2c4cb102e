package actions

import (
	"context"
	"slices"
	"sync"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// GetUserBlastRadius reads everything that an intruder with a user's account could reach.
var GetUserBlastRadius = action[GetUserBlastRadiusInput, GetUserBlastRadiusOutput]{
	Name:    "get_user_blast_radius",
	Summary: "Reads everything that an intruder with a user's account could reach, and recent addresses: status, groups, admin roles, factors, devices, apps.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.roles.read", "okta.apps.read", "okta.logs.read"},
	Example: sdk.Example[GetUserBlastRadiusInput, GetUserBlastRadiusOutput]{
		Input: GetUserBlastRadiusInput{OneUser: exampleTarget, LookBack: sdk.Duration(7 * 24 * time.Hour)},
		Output: GetUserBlastRadiusOutput{
			User: ExampleUser, Status: okta.StatusActive, LastLogin: exampleTime("2026-03-14T02:38:51Z"),
			Groups: []GroupRef{ExampleGroup}, Admin: new(bool), Roles: []RoleItem{}, Factors: []FactorRef{examplePush},
			Applications: []ReachedApp{{AppRef: exampleApp, Status: okta.StatusActive, Through: throughGroup}},
			Activity: &Activity{
				Events: 42, Since: *exampleTime("2026-03-07T02:41:09Z"),
				Addresses: []SeenAddress{{Address: "203.0.113.7", Country: "Netherlands", City: "Amsterdam", Events: 42, LastSeen: *exampleTime("2026-03-14T02:38:51Z")}},
				Countries: []string{"Netherlands"},
			},
			Unavailable: []UnavailablePart{{Part: "devices", Code: sdk.Forbidden, Why: "this Okta org does not have the feature that the call needs"}},
		},
	},
	Run: onUser(getUserBlastRadius),
}

// GetUserBlastRadiusInput is the input of get_user_blast_radius.
type GetUserBlastRadiusInput struct {
	OneUser
	// Period of the log to search for addresses; Okta keeps 90 days. The latest 1,000 events are read.
	LookBack sdk.Duration `json:"look_back,omitempty" jsonschema:"default=168h,example=168h" jsonschema_extras:"x-group=advanced"`
}

// GetUserBlastRadiusOutput is the output of get_user_blast_radius. A part that could not
// be read is absent, and listed in unavailable. A part without items is an empty list.
type GetUserBlastRadiusOutput struct {
	User UserRef `json:"user"` // The user.
	// Status of the user.
	Status    string     `json:"status" jsonschema_extras:"x-known=STAGED|PROVISIONED|ACTIVE|RECOVERY|LOCKED_OUT|PASSWORD_EXPIRED|SUSPENDED|DEPROVISIONED"`
	LastLogin *time.Time `json:"last_login,omitempty"` // Time of the last sign-in.
	Groups    []GroupRef `json:"groups,omitzero"`      // Groups of the user.
	Admin     *bool      `json:"admin,omitempty"`      // Whether the user has any admin role.
	// Admin roles of the user, including those assigned by a group.
	Roles        []RoleItem      `json:"roles,omitzero"`
	Factors      []FactorRef     `json:"factors,omitzero"`      // Factors of the user, as far as Okta lists them.
	Devices      []ReachedDevice `json:"devices,omitzero"`      // Devices of the user.
	Applications []ReachedApp    `json:"applications,omitzero"` // Apps that the user can reach.
	Activity     *Activity       `json:"activity,omitempty"`    // Recent addresses of the account.
	// Parts that could not be read, with the reason. Nothing is known about them.
	Unavailable []UnavailablePart `json:"unavailable"`
}

// ReachedDevice is a device in a blast radius.
type ReachedDevice struct {
	DeviceRef
	// Status of the device.
	Status string `json:"status" jsonschema_extras:"x-known=CREATED|ACTIVE|SUSPENDED|DEACTIVATED"`
}

// ReachedApp is an app in a blast radius.
type ReachedApp struct {
	AppRef
	Status string `json:"status"` // ACTIVE or INACTIVE.
	// user: assigned to the user; group: assigned by a group; absent if Okta does not report it.
	Through string `json:"through,omitempty" jsonschema:"enum=user,enum=group"`
}

// UnavailablePart is a part of the output that could not be read.
type UnavailablePart struct {
	// Member of the output that is absent.
	Part string `json:"part" jsonschema:"enum=groups,enum=roles,enum=factors,enum=devices,enum=applications,enum=activity"`
	// Error code: forbidden if the principal may not read this part.
	Code sdk.Code `json:"code"`
	// Error message.
	Why string `json:"why"`
}

func getUserBlastRadius(ctx context.Context, c *okta.Client, u *okta.User, in GetUserBlastRadiusInput) (GetUserBlastRadiusOutput, error) {
	out := GetUserBlastRadiusOutput{User: UserRefOf(u), Status: u.Status, LastLogin: u.LastLogin}
	since := time.Now().Add(-in.LookBack.Std())
	out.Unavailable = readParts(ctx,
		listPart("groups", &out.Groups, c.UserGroups, u.ID, GroupRefOf),
		listPart("roles", &out.Roles, c.RolesOf, u.ID, roleItem),
		listPart("factors", &out.Factors, c.FactorsOf, u.ID, factorRef),
		listPart("devices", &out.Devices, c.DevicesOf, u.ID, func(d okta.UserDevice) ReachedDevice {
			return ReachedDevice{DeviceRef: deviceRef(&d.Device), Status: d.Device.Status}
		}),
		listPart("applications", &out.Applications, c.AppsOf, u.ID, func(a okta.App) ReachedApp {
			return ReachedApp{AppRef: appRef(&a), Status: a.Status, Through: through(a.Embedded.User.Scope)}
		}),
		part{"activity", func(ctx context.Context) (err error) { out.Activity, err = activityOf(ctx, c, u.ID, since); return err }},
	)
	if err := ctx.Err(); err != nil {
		return GetUserBlastRadiusOutput{}, err
	}
	if out.Roles != nil {
		admin := len(out.Roles) > 0
		out.Admin = &admin
	}
	return out, nil
}

// A part is a member of the output with a read of its own.
type part struct {
	name string
	read func(context.Context) error
}

// listPart returns a part that lists objects of a user, converted into out.
func listPart[T, U any](name string, out *[]U, list func(context.Context, string) ([]T, error), userID string, to func(T) U) part {
	return part{name, func(ctx context.Context) error {
		found, err := list(ctx, userID)
		if err == nil {
			*out = reconcile.Convert(found, to)
		}
		return err
	}}
}

// readParts reads all parts at the same time, and returns the parts that failed, in
// order. A part that panics does not affect the others.
func readParts(ctx context.Context, parts ...part) []UnavailablePart {
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i, p := range parts {
		wait.Go(func() {
			defer func() {
				if recover() != nil {
					errs[i] = sdk.Errorf(sdk.Internal, "the read panicked")
				}
			}()
			errs[i] = p.read(ctx)
		})
	}
	wait.Wait()
	failed := []UnavailablePart{}
	for i, err := range errs {
		if e := sdk.AsError(err); e != nil {
			failed = append(failed, UnavailablePart{Part: parts[i].name, Code: e.Code, Why: e.Message})
		}
	}
	return failed
}

// Activity lists the addresses that used an account.
type Activity struct {
	Since     time.Time     `json:"since"`     // Start of the period that was read.
	Events    int           `json:"events"`    // Number of events of the user that were read, the latest first.
	Truncated bool          `json:"truncated"` // Whether there are older events that were not read.
	Addresses []SeenAddress `json:"addresses"` // Addresses, the latest first.
	Countries []string      `json:"countries"` // Countries of the addresses, as Okta locates them.
}

// SeenAddress is an address that used an account.
type SeenAddress struct {
	Address  string    `json:"address"`           // IP address.
	Country  string    `json:"country,omitempty"` // Country, as Okta locates the address.
	City     string    `json:"city,omitempty"`    // City, as Okta locates the address.
	Events   int       `json:"events"`            // Number of events from the address.
	LastSeen time.Time `json:"last_seen"`         // Time of the latest of these events.
}

// mostActivity is the number of events of a user that are read.
const mostActivity = okta.MaxLogPage

// activityOf reads the log, the latest events first.
func activityOf(ctx context.Context, c *okta.Client, userID string, since time.Time) (*Activity, error) {
	a := &Activity{Since: since.UTC().Truncate(time.Second), Addresses: []SeenAddress{}, Countries: []string{}}
	query := okta.LogQuery{Filter: "actor.id eq " + systemlog.Quote(userID), Since: since, Descending: true, Limit: mostActivity}
	err := c.AllLogs(ctx, query, func(events []systemlog.Head, more bool) bool {
		left := mostActivity - a.Events
		a.Truncated = more || len(events) > left
		for _, e := range events[:min(left, len(events))] {
			a.Events++
			a.see(e)
		}
		return a.Events < mostActivity
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(a.Addresses, func(x, y SeenAddress) int { return y.LastSeen.Compare(x.LastSeen) })
	slices.Sort(a.Countries)
	return a, nil
}

func (a *Activity) see(e systemlog.Head) {
	var event struct {
		Client struct {
			IPAddress string `json:"ipAddress"`
			Place     struct {
				City    string `json:"city"`
				Country string `json:"country"`
			} `json:"geographicalContext"`
		} `json:"client"`
	}
	okta.Object(e.Raw).Read(&event)
	address := event.Client.IPAddress
	// Okta writes a missing address as null, and sometimes as "null".
	if address == "" || address == "null" {
		return
	}
	if country := event.Client.Place.Country; country != "" && !slices.Contains(a.Countries, country) {
		a.Countries = append(a.Countries, country)
	}
	i := slices.IndexFunc(a.Addresses, func(s SeenAddress) bool { return s.Address == address })
	if i < 0 {
		a.Addresses = append(a.Addresses, SeenAddress{Address: address})
		i = len(a.Addresses) - 1
	}
	seen := &a.Addresses[i]
	seen.Events++
	if e.Published.After(seen.LastSeen) || seen.Events == 1 {
		seen.LastSeen, seen.Country, seen.City = e.Published, event.Client.Place.Country, event.Client.Place.City
	}
}
