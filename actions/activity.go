package actions

import (
	"context"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
)

// Activity is where an account was used from.
type Activity struct {
	Since     time.Time     `json:"since"`     // How far back the log was read for.
	Events    int           `json:"events"`    // How many events of the user were read, the latest first.
	Truncated bool          `json:"truncated"` // Whether there are more, older than those.
	Addresses []SeenAddress `json:"addresses"` // The addresses, the latest first.
	Countries []string      `json:"countries"` // The countries, as Okta places the addresses.
}

// SeenAddress is an address that an account was used from.
type SeenAddress struct {
	Address  string    `json:"address"`           // IP address.
	Country  string    `json:"country,omitempty"` // Country, as Okta places the address.
	City     string    `json:"city,omitempty"`    // City, as Okta places the address.
	Events   int       `json:"events"`            // How many events came from it.
	LastSeen time.Time `json:"last_seen"`         // When the latest of them happened.
}

// mostActivity is how many events of a user are read.
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
	// Okta writes the absence of an address as null, and now and then as "null".
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
