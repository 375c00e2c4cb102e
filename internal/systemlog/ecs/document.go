// Package ecs writes Okta System Log events as documents of the Elastic Common
// Schema (https://www.elastic.co/guide/en/ecs/current/index.html), so that a SIEM
// that speaks ECS finds an Okta sign-in where it looks for every other one.
//
// What a document never has is a value that breaks ECS: a member of an event that
// is missing, null, or not of the type that its field asks for is left out.
package ecs

// Version is the version of the Elastic Common Schema that documents follow.
const Version = "8.17.0"

// Document is one event in ECS. Fields that the event says nothing about are
// absent. The tag "ecs" holds the type of a field in the Elasticsearch mapping;
// okta.system.* are fields of our own, as Sekoia.io and Elastic name them.
type Document struct {
	Timestamp string    `json:"@timestamp,omitempty" ecs:"date" jsonschema:"format=date-time" jsonschema_description:"When it happened, in UTC, to the microsecond (Okta: published). Absent only if the event has no readable time."`
	ECS       ECS       `json:"ecs,omitzero" jsonschema_description:"The schema that this document follows."`
	Event     Event     `json:"event" jsonschema_description:"What happened."`
	Observer  Observer  `json:"observer" jsonschema_description:"Who saw it happen."`
	Source    Endpoint  `json:"source,omitzero" jsonschema_description:"Where the request came from."`
	Client    Endpoint  `json:"client,omitzero" jsonschema_description:"Where the request came from; the same as source."`
	User      Subject   `json:"user,omitzero" jsonschema_description:"The user that it is about: the first user among the targets, else the actor."`
	UserAgent UserAgent `json:"user_agent,omitzero" jsonschema_description:"The program that sent the request."`
	Okta      Okta      `json:"okta,omitzero" jsonschema_description:"What has no place in ECS."`
	Related   Related   `json:"related,omitzero" jsonschema_description:"What to pivot on, by kind: the domain and address of source, the name of user."`
}

// ECS names the schema of a document.
type ECS struct {
	Version string `json:"version,omitempty" ecs:"keyword" jsonschema_description:"Version of the Elastic Common Schema."`
}

// Event is what happened. Kind and Dataset are always there.
type Event struct {
	ID       string   `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Unique id of the event (Okta: uuid)."`
	Kind     string   `json:"kind" ecs:"keyword" jsonschema_description:"Kind of information: always event."`
	Dataset  string   `json:"dataset" ecs:"keyword" jsonschema_description:"The log that it comes from: always system-log."`
	Action   string   `json:"action,omitempty" ecs:"keyword" jsonschema_description:"What was done, such as user.session.start (Okta: eventType)."`
	Reason   string   `json:"reason,omitempty" ecs:"keyword" jsonschema_description:"The event in a few words (Okta: displayMessage)."`
	Category []string `json:"category,omitempty" ecs:"keyword" jsonschema_description:"The large buckets that it belongs to."`
	Type     []string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"What sort of event it is within its category."`
	Outcome  string   `json:"outcome,omitempty" ecs:"keyword" jsonschema_description:"Whether it succeeded: SUCCESS and ALLOW did, FAILURE and DENY did not, of others it is unknown."`
	Original string   `json:"original,omitempty" ecs:"keyword" jsonschema_description:"The event as Okta sent it."`
}

// Observer is who saw it happen.
type Observer struct {
	Vendor string `json:"vendor" ecs:"keyword" jsonschema_description:"Always Okta."`
}

// Endpoint is one side of a connection.
type Endpoint struct {
	IP               string     `json:"ip,omitempty" ecs:"ip" jsonschema_description:"IPv4 or IPv6 address."`
	Address          string     `json:"address,omitempty" ecs:"keyword" jsonschema_description:"The domain if there is one, else the IP address."`
	Domain           string     `json:"domain,omitempty" ecs:"keyword" jsonschema_description:"Domain of the address."`
	RegisteredDomain string     `json:"registered_domain,omitempty" ecs:"keyword" jsonschema_description:"The part of the domain that someone registered, such as example.co.uk."`
	Subdomain        string     `json:"subdomain,omitempty" ecs:"keyword" jsonschema_description:"What stands before the registered domain."`
	TopLevelDomain   string     `json:"top_level_domain,omitempty" ecs:"keyword" jsonschema_description:"The public suffix of the domain, such as co.uk."`
	AS               AS         `json:"as,omitzero" jsonschema_description:"Autonomous system of the address."`
	Geo              Geo        `json:"geo,omitzero" jsonschema_description:"Where the address is."`
	User             EndpointID `json:"user,omitzero" jsonschema_description:"The OAuth client that sent the request."`
}

// EndpointID names who is at an endpoint.
type EndpointID struct {
	ID string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Id of the OAuth client (Okta: client.id)."`
}

// AS is an autonomous system.
type AS struct {
	Number       *int64       `json:"number,omitempty" ecs:"long" jsonschema:"minimum=0,maximum=4294967295" jsonschema_description:"Its number."`
	Organization Organization `json:"organization,omitzero" jsonschema_description:"Who runs it."`
}

// Organization is who runs an autonomous system.
type Organization struct {
	Name string `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Name of the organization."`
}

// Geo is a place on the earth.
type Geo struct {
	CityName    string `json:"city_name,omitempty" ecs:"keyword" jsonschema_description:"City."`
	RegionName  string `json:"region_name,omitempty" ecs:"keyword" jsonschema_description:"State or region."`
	CountryName string `json:"country_name,omitempty" ecs:"keyword" jsonschema_description:"Country."`
	PostalCode  string `json:"postal_code,omitempty" ecs:"keyword" jsonschema_description:"Postal code."`
	Location    *Point `json:"location,omitempty" ecs:"geo_point" jsonschema_description:"Coordinates."`
}

// Point is a point on the earth, in degrees.
type Point struct {
	Lat float64 `json:"lat" jsonschema:"minimum=-90,maximum=90" jsonschema_description:"Latitude in degrees."`
	Lon float64 `json:"lon" jsonschema:"minimum=-180,maximum=180" jsonschema_description:"Longitude in degrees."`
}

// User is one user of the org.
type User struct {
	ID       string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Okta's id of the user."`
	Name     string `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Login of the user (Okta: alternateId)."`
	Email    string `json:"email,omitempty" ecs:"keyword" jsonschema_description:"The login again, which mostly is an address."`
	FullName string `json:"full_name,omitempty" ecs:"keyword" jsonschema_description:"Name as people see it."`
}

// Subject is the user that an event is about, and the one that something was done
// to.
type Subject struct {
	User
	Target User `json:"target,omitzero" jsonschema_description:"The first user among the targets; an app's user only where there is no other."`
}

// UserAgent is the program that sent a request, as ua-parser reads its User-Agent
// header.
type UserAgent struct {
	Original string `json:"original,omitempty" ecs:"keyword" jsonschema_description:"The User-Agent header."`
	Name     string `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Name of the program."`
	Version  string `json:"version,omitempty" ecs:"keyword" jsonschema_description:"Version of the program."`
	Device   Device `json:"device,omitzero" jsonschema_description:"What it runs on."`
	OS       OS     `json:"os,omitzero" jsonschema_description:"Operating system."`
}

// Device is what a user agent runs on.
type Device struct {
	Name string `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Name of the device; Other if the header does not tell."`
}

// OS is an operating system.
type OS struct {
	Name    string `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Name of the operating system; Other if the header does not tell."`
	Version string `json:"version,omitempty" ecs:"keyword" jsonschema_description:"Its version."`
}

// Related is what to pivot on.
type Related struct {
	Hosts []string `json:"hosts,omitempty" ecs:"keyword" jsonschema_description:"Host and domain names."`
	IP    []string `json:"ip,omitempty" ecs:"ip" jsonschema_description:"Addresses."`
	User  []string `json:"user,omitempty" ecs:"keyword" jsonschema_description:"Logins."`
}
