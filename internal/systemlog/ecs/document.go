// Package ecs converts Okta System Log events to documents of the Elastic Common Schema
// (https://www.elastic.co/guide/en/ecs/current/index.html). A SIEM then finds an Okta sign-in in
// the same fields as any other sign-in.
//
// The full profile keeps every value that Okta sent. A value that does not fit the type of its
// field moves to okta.other, so that every document is valid ECS.
package ecs

//go:generate go run soar.example/okta/schema/describe

import (
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// Version is the version of the Elastic Common Schema in documents.
const Version = "8.17.0"

// Document is the schema of a document in the full profile. Fields without a value are absent. The
// tag "ecs" is the type of a field in the Elasticsearch mapping. The fields under okta have the
// names of Elastic's Okta integration, if it has the field.
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
	// The event, with the names of Elastic's Okta integration. okta.other has the members without
	// such a name.
	Okta    Okta    `json:"okta,omitzero"`
	Related Related `json:"related,omitzero"` // Values to pivot on, by kind, from all parts of the event.
}

// ECS names the schema of a document.
type ECS struct {
	Version string `json:"version,omitempty" ecs:"keyword"` // Version of the Elastic Common Schema.
}

// Event has the fields of the event itself. Kind and Dataset are always present.
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

// User is a user, app or client of the Okta org.
type User struct {
	ID       string `json:"id,omitempty" ecs:"keyword"`        // Okta's ID of the user.
	Name     string `json:"name,omitempty" ecs:"keyword"`      // Login of the user (Okta: alternateId).
	Email    string `json:"email,omitempty" ecs:"keyword"`     // Login of the user, if it is an email address.
	FullName string `json:"full_name,omitempty" ecs:"keyword"` // Display name of the user.
}

// Subject is the actor, and the other users of the event.
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

// UserAgent is the program that sent a request, as ua-parser parses its User-Agent header.
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

// DeviceID is the ID of a device that Okta knows.
type DeviceID struct {
	ID string `json:"id,omitempty" ecs:"keyword"` // Okta's ID of the device.
}

// Related has values to search for in other events.
type Related struct {
	Hosts []string `json:"hosts,omitempty" ecs:"keyword"` // Domains and device names.
	IP    []string `json:"ip,omitempty" ecs:"ip"`         // Addresses of the client and of the proxies on the way.
	User  []string `json:"user,omitempty" ecs:"keyword"`  // Logins, IDs and names of the actor and of all target users.
	Hash  []string `json:"hash,omitempty" ecs:"keyword"`  // Hash of the device token (debugData.dtHash).
}

// JSONSchemaExtend adds the values that ECS allows for the categorization fields.
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

// Okta has the members of the event, with the names of Elastic's Okta integration.
type Okta struct {
	// Unique ID of the event; the same as event.id.
	UUID      string `json:"uuid,omitempty" ecs:"keyword"`
	EventType string `json:"event_type,omitempty" ecs:"keyword"` // Event type; the same as event.action.
	// Name of the event in the retired Events API.
	LegacyEventType string `json:"legacy_event_type,omitempty" ecs:"keyword"`
	Published       string `json:"published,omitempty" ecs:"keyword"` // Time of the event as Okta wrote it.
	Version         string `json:"version,omitempty" ecs:"keyword"`   // Version of the event format.
	Severity        string `json:"severity,omitempty" ecs:"keyword"`  // DEBUG, INFO, WARN or ERROR.
	// Short text of the event; the same as event.reason.
	DisplayMessage string `json:"display_message,omitempty" ecs:"keyword"`
	// The user, app, client or token that acted.
	Actor  Actor    `json:"actor,omitzero"`
	Target []Target `json:"target,omitempty"` // The objects acted on, in Okta's order.
	Client Client   `json:"client,omitzero"`  // The client that sent the request.
	// The device that the request came from, if Okta knows it.
	Device                OktaDevice            `json:"device,omitzero"`
	AuthenticationContext AuthenticationContext `json:"authentication_context,omitzero"` // Authentication of the actor.
	// The network that the request came from, and Okta's assessment of it.
	SecurityContext SecurityContext `json:"security_context,omitzero"`
	Outcome         Outcome         `json:"outcome,omitzero"` // Result of the event in Okta's words.
	// The request or job that the event was a part of.
	Transaction  Transaction  `json:"transaction,omitzero"`
	Request      Request      `json:"request,omitzero"`       // Path of the request through the network.
	DebugContext DebugContext `json:"debug_context,omitzero"` // Further facts that Okta logs.
	// Members without a field above, and values that do not fit the type of their field. They are nested as in
	// Okta's event, under Okta's names. A list is an object whose keys are the indexes.
	Other map[string]any `json:"other,omitempty" ecs:"flattened"`
}

// Party is an actor or a target of an event.
type Party struct {
	ID          string `json:"id,omitempty" ecs:"keyword"`           // ID of the object.
	Type        string `json:"type,omitempty" ecs:"keyword"`         // Type of the object, such as User or AppInstance.
	AlternateID string `json:"alternate_id,omitempty" ecs:"keyword"` // Second name of the object, such as the login of a user.
	DisplayName string `json:"display_name,omitempty" ecs:"keyword"` // Display name of the object.
}

// Actor is the object that acted.
type Actor struct {
	Party
	DetailEntry map[string]any `json:"detailEntry,omitempty" ecs:"flattened"` // Further facts about the actor, under Okta's names.
}

// Target is an object acted on.
type Target struct {
	Party
	DetailEntry   map[string]any `json:"detailEntry,omitempty" ecs:"flattened"` // Further facts about the target, under Okta's names.
	ChangeDetails ChangeDetails  `json:"changeDetails,omitzero"`                // Values of the target before and after the change.
}

// ChangeDetails has the values of a target before and after a change.
type ChangeDetails struct {
	From map[string]any `json:"from,omitempty" ecs:"flattened"` // Values before the change, under Okta's names.
	To   map[string]any `json:"to,omitempty" ecs:"flattened"`   // Values after the change, under Okta's names.
}

// Client is the client that sent a request.
type Client struct {
	ID        string          `json:"id,omitempty" ecs:"keyword"`     // ID of the OAuth client.
	IP        string          `json:"ip,omitempty" ecs:"ip"`          // Address of the client; the same as client.ip.
	Zone      string          `json:"zone,omitempty" ecs:"keyword"`   // Network zone of the address.
	Device    string          `json:"device,omitempty" ecs:"keyword"` // Kind of device, such as Computer.
	UserAgent ClientUserAgent `json:"user_agent,omitzero"`            // User agent in Okta's words.
}

// ClientUserAgent is a user agent as Okta describes it.
type ClientUserAgent struct {
	RawUserAgent string `json:"raw_user_agent,omitempty" ecs:"keyword"` // The User-Agent header.
	OS           string `json:"os,omitempty" ecs:"keyword"`             // Operating system.
	Browser      string `json:"browser,omitempty" ecs:"keyword"`        // Browser.
}

// OktaDevice is a device that Okta knows.
type OktaDevice struct {
	ID                    string `json:"id,omitempty" ecs:"keyword"`                      // ID of the device.
	Name                  string `json:"name,omitempty" ecs:"keyword"`                    // Name of the device.
	OSPlatform            string `json:"os_platform,omitempty" ecs:"keyword"`             // Operating system.
	OSVersion             string `json:"os_version,omitempty" ecs:"keyword"`              // Version of the operating system.
	DiskEncryptionType    string `json:"disk_encryption_type,omitempty" ecs:"keyword"`    // Disk encryption, such as FULL or NONE.
	ScreenLockType        string `json:"screen_lock_type,omitempty" ecs:"keyword"`        // Screen lock, such as BIOMETRIC or NONE.
	Managed               *bool  `json:"managed,omitempty" ecs:"boolean"`                 // The device is managed.
	Registered            *bool  `json:"registered,omitempty" ecs:"boolean"`              // The device is registered with Okta.
	SecureHardwarePresent *bool  `json:"secure_hardware_present,omitempty" ecs:"boolean"` // The device has secure hardware.
	Jailbreak             *bool  `json:"jailbreak,omitempty" ecs:"boolean"`               // The device is jailbroken or rooted.
	// Facts from the device management, under Okta's names.
	DeviceIntegrator map[string]any `json:"device_integrator,omitempty" ecs:"flattened"`
}

// AuthenticationContext is the authentication of an actor.
type AuthenticationContext struct {
	// System that verified the credential, such as FACTOR_PROVIDER.
	AuthenticationProvider string `json:"authentication_provider,omitempty" ecs:"keyword"`
	AuthenticationStep     *int64 `json:"authentication_step,omitempty" ecs:"long"`    // Step of the authentication pipeline.
	CredentialProvider     string `json:"credential_provider,omitempty" ecs:"keyword"` // System that provides the credential.
	CredentialType         string `json:"credential_type,omitempty" ecs:"keyword"`     // Kind of credential, such as PASSWORD.
	ExternalSessionID      string `json:"external_session_id,omitempty" ecs:"keyword"` // ID of the actor's session; unknown if there is none.
	RootSessionID          string `json:"root_session_id,omitempty" ecs:"keyword"`     // ID of the session that the actor's session came from.
	Interface              string `json:"interface,omitempty" ecs:"keyword"`           // Interface that the actor used.
	Issuer                 Issuer `json:"issuer,omitzero"`                             // Issuer of the credential.
}

// Issuer is the issuer of a credential.
type Issuer struct {
	ID   string `json:"id,omitempty" ecs:"keyword"`   // ID of the issuer.
	Type string `json:"type,omitempty" ecs:"keyword"` // Type of the issuer.
}

// SecurityContext is the network that a request came from.
type SecurityContext struct {
	AS            AS               `json:"as,omitzero"`                              // Autonomous system of the address.
	Domain        string           `json:"domain,omitempty" ecs:"keyword"`           // Domain of the address; a dot if there is none.
	ISP           string           `json:"isp,omitempty" ecs:"keyword"`              // Internet service provider.
	IsProxy       *bool            `json:"is_proxy,omitempty" ecs:"boolean"`         // The address is a known proxy.
	Risk          map[string]any   `json:"risk,omitempty" ecs:"flattened"`           // Okta's risk assessment, under Okta's names.
	IPDetails     map[string]any   `json:"ip_details,omitempty" ecs:"flattened"`     // Facts about the address, under Okta's names.
	BotProtection map[string]any   `json:"bot_protection,omitempty" ecs:"flattened"` // Result of the bot detection, under Okta's names.
	UserBehaviors []map[string]any `json:"user_behaviors,omitempty" ecs:"flattened"` // Behaviors that Okta evaluated, under Okta's names.
}

// Outcome is the result of an event as Okta describes it.
type Outcome struct {
	Result string `json:"result,omitempty" ecs:"keyword"` // SUCCESS, FAILURE, ALLOW, DENY, CHALLENGE or another.
	Reason string `json:"reason,omitempty" ecs:"keyword"` // Reason for the result.
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string            `json:"id,omitempty" ecs:"keyword"`   // ID of the request or job.
	Type   string            `json:"type,omitempty" ecs:"keyword"` // WEB or JOB.
	Detail TransactionDetail `json:"detail,omitzero"`              // Further facts about the request.
}

// TransactionDetail holds further facts about a request.
type TransactionDetail struct {
	RequestAPITokenID string         `json:"request_api_token_id,omitempty" ecs:"keyword"` // ID of the API token that the request used.
	Flattened         map[string]any `json:"flattened,omitempty" ecs:"flattened"`          // The other facts, under Okta's names.
}

// Request is the path of a request through the network.
type Request struct {
	IPChain []Hop `json:"ip_chain,omitempty"` // Addresses that the request passed through, the client's first.
}

// Hop is one address that a request passed through.
type Hop struct {
	IP                  string              `json:"ip,omitempty" ecs:"ip"`                // The address.
	Version             string              `json:"version,omitempty" ecs:"keyword"`      // V4 or V6.
	Source              string              `json:"source,omitempty" ecs:"keyword"`       // Origin of the address.
	IPDetails           map[string]any      `json:"ip_details,omitempty" ecs:"flattened"` // Facts about the address, under Okta's names.
	GeographicalContext GeographicalContext `json:"geographical_context,omitzero"`        // Location of the address.
}

// GeographicalContext is a location as Okta describes it.
type GeographicalContext struct {
	City        string `json:"city,omitempty" ecs:"keyword"`          // City.
	State       string `json:"state,omitempty" ecs:"keyword"`         // State or region.
	Country     string `json:"country,omitempty" ecs:"keyword"`       // Country.
	PostalCode  string `json:"postal_code,omitempty" ecs:"keyword"`   // Postal code.
	Geolocation *Point `json:"geolocation,omitempty" ecs:"geo_point"` // Coordinates.
}

// DebugContext holds further facts that Okta logs.
type DebugContext struct {
	DebugData DebugData `json:"debug_data,omitzero"` // Further facts that Okta logs.
}

// DebugData has the debug data that responders search for most. Flattened has the other debug
// data.
type DebugData struct {
	AuthnRequestID    string   `json:"authnRequestId,omitempty" ecs:"keyword"`     // ID of the authentication request.
	ClientSecret      string   `json:"client_secret,omitempty" ecs:"keyword"`      // ID of the client secret.
	DeviceFingerprint string   `json:"device_fingerprint,omitempty" ecs:"keyword"` // Fingerprint of the device.
	DTHash            string   `json:"dt_hash,omitempty" ecs:"keyword"`            // Hash of the device token.
	Factor            string   `json:"factor,omitempty" ecs:"keyword"`             // Factor used for the authentication.
	GrantType         string   `json:"grant_type,omitempty" ecs:"keyword"`         // OAuth grant type.
	GrantedScopes     string   `json:"granted_scopes,omitempty" ecs:"keyword"`     // OAuth scopes that were granted.
	RequestID         string   `json:"request_id,omitempty" ecs:"keyword"`         // ID of the request.
	RequestURI        string   `json:"request_uri,omitempty" ecs:"keyword"`        // URI of the request.
	RequestedScopes   string   `json:"requested_scopes,omitempty" ecs:"keyword"`   // OAuth scopes that were requested.
	RiskBehaviors     []string `json:"risk_behaviors,omitempty" ecs:"keyword"`     // Behaviors that are POSITIVE, such as New IP.
	RiskLevel         string   `json:"risk_level,omitempty" ecs:"keyword"`         // Risk level: LOW, MEDIUM or HIGH.
	RiskReasons       []string `json:"risk_reasons,omitempty" ecs:"keyword"`       // Reasons for the risk level.
	ThreatSuspected   string   `json:"threat_suspected,omitempty" ecs:"keyword"`   // true if ThreatInsight suspects the address.
	URL               string   `json:"url,omitempty" ecs:"keyword"`                // URL of the request.
	// The debug data without a field above, under Okta's names, with risk, behaviors and logOnlySecurityData. A
	// string that contains JSON is not parsed.
	Flattened map[string]any `json:"flattened,omitempty" ecs:"flattened"`
}
