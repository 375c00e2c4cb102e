// Package ecs writes Okta System Log events as documents of the Elastic Common
// Schema (https://www.elastic.co/guide/en/ecs/current/index.html). A SIEM then finds
// an Okta sign-in in the fields where it looks for every other sign-in.
//
// The full profile keeps every value that Okta sent. A value that does not fit the
// type of its field moves to okta.other, so a document never breaks ECS.
package ecs

//go:generate go run soar.example/okta/schema/describe

import (
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// Version is the version of the Elastic Common Schema that documents follow.
const Version = "8.17.0"

// Document is the schema of a document in the full profile. Fields without a value
// are absent. The tag "ecs" holds the type of a field in the Elasticsearch mapping.
// The fields under okta have the names of Elastic's Okta integration where it has one.
type Document struct {
	// Time of the event, in UTC, to the microsecond. Absent only if the event has no readable time.
	Timestamp string    `json:"@timestamp,omitempty" ecs:"date" jsonschema:"format=date-time"`
	ECS       ECS       `json:"ecs,omitzero"`        // The schema that this document follows.
	Event     Event     `json:"event"`               // The event: its type, result and class.
	Observer  Observer  `json:"observer"`            // The system that recorded the event.
	Source    Endpoint  `json:"source,omitzero"`     // Origin of the request.
	Client    Endpoint  `json:"client,omitzero"`     // Origin of the request, as in source, and the actor.
	User      Subject   `json:"user,omitzero"`       // The actor. The user acted on is in user.target.
	UserAgent UserAgent `json:"user_agent,omitzero"` // The program that sent the request.
	URL       URL       `json:"url,omitzero"`        // URL of the request, as far as Okta logs it.
	Device    DeviceID  `json:"device,omitzero"`     // The device that the request came from, if Okta knows it.
	// The event under the names of Elastic's Okta integration. okta.other holds the members that have no name there.
	Okta    Okta    `json:"okta,omitzero"`
	Related Related `json:"related,omitzero"` // Values to pivot on, by kind, from all parts of the event.
}

// ECS names the schema of a document.
type ECS struct {
	Version string `json:"version,omitempty" ecs:"keyword"` // Version of the Elastic Common Schema.
}

// Event is the event itself. Kind and Dataset are always present.
type Event struct {
	ID       string   `json:"id,omitempty" ecs:"keyword"`       // Unique ID of the event (Okta: uuid).
	Kind     string   `json:"kind" ecs:"keyword"`               // Kind of information: always event.
	Dataset  string   `json:"dataset" ecs:"keyword"`            // Name of the log: always system-log.
	Action   string   `json:"action,omitempty" ecs:"keyword"`   // Event type, such as user.session.start (Okta: eventType).
	Reason   string   `json:"reason,omitempty" ecs:"keyword"`   // Short text of the event (Okta: displayMessage).
	Category []string `json:"category,omitempty" ecs:"keyword"` // ECS categories of the event.
	Type     []string `json:"type,omitempty" ecs:"keyword"`     // ECS types of the event within its categories.
	// Result: success for SUCCESS and ALLOW, failure for FAILURE and DENY, otherwise unknown.
	Outcome  string `json:"outcome,omitempty" ecs:"keyword"`
	Original string `json:"original,omitempty" ecs:"keyword"` // The event as Okta sent it.
}

// Observer is the system that recorded the event.
type Observer struct {
	Vendor string `json:"vendor" ecs:"keyword"` // Always Okta.
}

// Endpoint is one side of a connection.
type Endpoint struct {
	IP               string `json:"ip,omitempty" ecs:"ip"`                     // IPv4 or IPv6 address.
	Address          string `json:"address,omitempty" ecs:"keyword"`           // The domain if there is one, else the IP address.
	Domain           string `json:"domain,omitempty" ecs:"keyword"`            // Domain of the address.
	RegisteredDomain string `json:"registered_domain,omitempty" ecs:"keyword"` // Registered part of the domain, such as example.co.uk.
	Subdomain        string `json:"subdomain,omitempty" ecs:"keyword"`         // Part of the domain before the registered part.
	TopLevelDomain   string `json:"top_level_domain,omitempty" ecs:"keyword"`  // Public suffix of the domain, such as co.uk.
	AS               AS     `json:"as,omitzero"`                               // Autonomous system of the address.
	Geo              Geo    `json:"geo,omitzero"`                              // Location of the address.
	User             User   `json:"user,omitzero"`                             // The actor, as in user; only in client.
}

// AS is an autonomous system.
type AS struct {
	Number *int64 `json:"number,omitempty" ecs:"long" jsonschema:"minimum=0,maximum=4294967295"` // Number of the autonomous system.
	// Operator of the autonomous system.
	Organization Organization `json:"organization,omitzero"`
}

// Organization is the operator of an autonomous system.
type Organization struct {
	Name string `json:"name,omitempty" ecs:"keyword"` // Name of the organization.
}

// Geo is a location.
type Geo struct {
	CityName    string `json:"city_name,omitempty" ecs:"keyword"`    // City.
	RegionName  string `json:"region_name,omitempty" ecs:"keyword"`  // State or region.
	CountryName string `json:"country_name,omitempty" ecs:"keyword"` // Country.
	PostalCode  string `json:"postal_code,omitempty" ecs:"keyword"`  // Postal code.
	Location    *Point `json:"location,omitempty" ecs:"geo_point"`   // Coordinates.
}

// Point is a point on the earth, in degrees.
type Point struct {
	Lat float64 `json:"lat" jsonschema:"minimum=-90,maximum=90"`   // Latitude in degrees.
	Lon float64 `json:"lon" jsonschema:"minimum=-180,maximum=180"` // Longitude in degrees.
}

// User is one user, app or client of the org.
type User struct {
	ID       string `json:"id,omitempty" ecs:"keyword"`        // Okta's ID of the user.
	Name     string `json:"name,omitempty" ecs:"keyword"`      // Login of the user (Okta: alternateId).
	Email    string `json:"email,omitempty" ecs:"keyword"`     // The login, if the login is an email address.
	FullName string `json:"full_name,omitempty" ecs:"keyword"` // Display name of the user.
}

// Subject is the actor, with the users that the event relates the actor to.
type Subject struct {
	User
	// The user acted on: the first target of type User, else the first of type AppUser.
	Target TargetUser `json:"target,omitzero"`
	// New values of the user acted on, if the event changes the name or address.
	Changes   User `json:"changes,omitzero"`
	Effective User `json:"effective,omitzero"` // The user whose identity the actor assumes, for impersonation.
}

// TargetUser is the user acted on.
type TargetUser struct {
	User
	Group Group `json:"group,omitzero"` // The first group among the targets.
}

// Group is a group of users.
type Group struct {
	ID   string `json:"id,omitempty" ecs:"keyword"`   // ID of the group.
	Name string `json:"name,omitempty" ecs:"keyword"` // Name of the group.
}

// UserAgent is the program that sent a request, as ua-parser reads its User-Agent
// header.
type UserAgent struct {
	Original string `json:"original,omitempty" ecs:"keyword"` // The User-Agent header.
	Name     string `json:"name,omitempty" ecs:"keyword"`     // Name of the program.
	Version  string `json:"version,omitempty" ecs:"keyword"`  // Version of the program.
	Device   Device `json:"device,omitzero"`                  // Hardware of the program.
	OS       OS     `json:"os,omitzero"`                      // Operating system.
}

// Device is the hardware of a user agent.
type Device struct {
	Name string `json:"name,omitempty" ecs:"keyword"` // Name of the device; Other if the header does not name it.
}

// OS is an operating system.
type OS struct {
	Name    string `json:"name,omitempty" ecs:"keyword"`    // Name of the operating system; Other if the header does not name it.
	Version string `json:"version,omitempty" ecs:"keyword"` // Version of the operating system.
}

// URL is the URL of a request.
type URL struct {
	Original string `json:"original,omitempty" ecs:"keyword"` // URL as Okta logs it (debugData.url, else debugData.requestUri).
	Path     string `json:"path,omitempty" ecs:"keyword"`     // Path of the URL.
	Query    string `json:"query,omitempty" ecs:"keyword"`    // Query of the URL, without the question mark.
	Scheme   string `json:"scheme,omitempty" ecs:"keyword"`   // Scheme of the URL, if the URL is absolute.
	Domain   string `json:"domain,omitempty" ecs:"keyword"`   // Host of the URL, if the URL is absolute.
}

// DeviceID names a device that Okta knows.
type DeviceID struct {
	ID string `json:"id,omitempty" ecs:"keyword"` // Okta's ID of the device.
}

// Related holds values to pivot on.
type Related struct {
	Hosts []string `json:"hosts,omitempty" ecs:"keyword"` // Domains and device names.
	IP    []string `json:"ip,omitempty" ecs:"ip"`         // Addresses of the client and of the proxies on the way.
	User  []string `json:"user,omitempty" ecs:"keyword"`  // Logins, IDs and names of the actor and of all target users.
	Hash  []string `json:"hash,omitempty" ecs:"keyword"`  // Hash of the device token (debugData.dtHash).
}

// JSONSchemaExtend names the values that ECS allows for the categorisation fields.
func (Event) JSONSchemaExtend(s *jsonschema.Schema) {
	allow := func(field string, values []string) {
		p, ok := s.Properties.Get(field)
		if !ok {
			return
		}
		if p.Items != nil {
			p = p.Items
		}
		for _, v := range values {
			p.Enum = append(p.Enum, v)
		}
	}
	var types []string
	for _, t := range expected {
		types = append(types, t...)
	}
	slices.Sort(types)
	allow("kind", []string{"event"})
	allow("category", slices.Sorted(maps.Keys(expected)))
	allow("type", slices.Compact(types))
	allow("outcome", []string{success, failure, unknown})
}
