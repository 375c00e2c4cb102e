package actions

import (
	"context"
	"slices"
	"sync"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// A part is a member of an output that is read by itself.
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
					errs[i] = sdk.Errorf(sdk.Internal, "reading it panicked")
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
		room := mostActivity - a.Events
		a.Truncated = more || len(events) > room
		for _, e := range events[:min(room, len(events))] {
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
