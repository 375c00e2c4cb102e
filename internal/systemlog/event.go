// Package systemlog knows what an Okta System Log event is: its fields, how a
// page of them is split without losing any, and what it says of its cause.
package systemlog

//go:generate go run soar.example/okta/schema/describe

// Event is the documented shape of a System Log event
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
// It serves as schema and as a typed view; an event itself travels as [Raw], since
// Okta sends null for any member, and adds members without notice.
type Event struct {
	UUID string `json:"uuid"` // Unique id of this event.
	// Event type, such as user.session.start.
	EventType string `json:"eventType"`
	// When it happened, in UTC. Not the order in which events are stored.
	Published string `json:"published" jsonschema:"format=date-time"`
	Severity  string `json:"severity"` // DEBUG, INFO, WARN or ERROR.
	// The event in a few words, as the Admin Console shows it.
	DisplayMessage string `json:"displayMessage"`
	// Name of the event in the Events API that came before.
	LegacyEventType string  `json:"legacyEventType"`
	Version         string  `json:"version"` // Version of the event's form.
	Actor           *Actor  `json:"actor"`   // Who or what did it.
	Client          *Client `json:"client"`  // Where the request came from.
	// The device that the request came from, where Okta knows it.
	Device                *Device                `json:"device"`
	AuthenticationContext *AuthenticationContext `json:"authenticationContext"` // How the actor was authenticated.
	Outcome               *Outcome               `json:"outcome"`               // Whether it succeeded.
	Target                []Target               `json:"target"`                // Objects that the actor acted on.
	// The request or job that it was a part of.
	Transaction *Transaction `json:"transaction"`
	// Further facts, which Okta may change without notice.
	DebugContext *DebugContext `json:"debugContext"`
	// The network that the request came from.
	SecurityContext *SecurityContext `json:"securityContext"`
	// The addresses that the request passed through.
	Request *Request `json:"request"`
}

// Actor is who or what did it: a user, an app, a token.
type Actor struct {
	ID          string         `json:"id"`          // Id of the actor.
	Type        string         `json:"type"`        // Kind of actor, such as User or SystemPrincipal.
	AlternateID string         `json:"alternateId"` // Second name of the object, such as the login of a user.
	DisplayName string         `json:"displayName"` // Its name as people see it.
	DetailEntry map[string]any `json:"detailEntry"` // Further facts about it.
}

// Target is one thing that it was done to.
type Target struct {
	ID            string         `json:"id"`            // Id of the target.
	Type          string         `json:"type"`          // Kind of target, such as User, UserGroup or AppInstance.
	AlternateID   string         `json:"alternateId"`   // Second name of the object, such as the login of a user.
	DisplayName   string         `json:"displayName"`   // Its name as people see it.
	DetailEntry   map[string]any `json:"detailEntry"`   // Further facts about it.
	ChangeDetails *ChangeDetails `json:"changeDetails"` // Changes of the object.
}

// ChangeDetails is what was changed about a target.
type ChangeDetails struct {
	From map[string]any `json:"from"` // Values before.
	To   map[string]any `json:"to"`   // Values after.
}

// Client is where the request came from.
type Client struct {
	ID                  string               `json:"id"`                  // Id of the OAuth client, if one was used.
	Device              string               `json:"device"`              // Kind of device, such as Computer.
	IPAddress           string               `json:"ipAddress"`           // Address that the request came from.
	Zone                string               `json:"zone"`                // Network zone of the address.
	UserAgent           *UserAgent           `json:"userAgent"`           // The program that sent the request.
	GeographicalContext *GeographicalContext `json:"geographicalContext"` // Where the address is.
}

// UserAgent is the program that sent the request.
type UserAgent struct {
	RawUserAgent string `json:"rawUserAgent"` // The User-Agent header.
	OS           string `json:"os"`           // Operating system.
	Browser      string `json:"browser"`      // Browser.
}

// GeographicalContext is where an address is.
type GeographicalContext struct {
	City        string       `json:"city"`        // City.
	State       string       `json:"state"`       // State or region.
	Country     string       `json:"country"`     // Country.
	PostalCode  string       `json:"postalCode"`  // Postal code.
	Geolocation *Geolocation `json:"geolocation"` // Coordinates.
}

// Geolocation is a point on the earth, in degrees.
type Geolocation struct {
	Lat float64 `json:"lat"` // Latitude in degrees.
	Lon float64 `json:"lon"` // Longitude in degrees.
}

// Device is the device that the request came from.
type Device struct {
	ID         string `json:"id"`          // Id of the device.
	Name       string `json:"name"`        // Name of the device.
	OSPlatform string `json:"os_platform"` // Operating system.
	OSVersion  string `json:"os_version"`  // Version of the operating system.
	Managed    bool   `json:"managed"`     // Whether it is managed.
	Registered bool   `json:"registered"`  // Whether it is registered with Okta.
}

// AuthenticationContext is how the actor was authenticated.
type AuthenticationContext struct {
	AuthenticationProvider string  `json:"authenticationProvider"` // Who checked the credential.
	AuthenticationStep     int     `json:"authenticationStep"`     // Step of the authentication pipeline.
	CredentialProvider     string  `json:"credentialProvider"`     // Who provides the credential.
	CredentialType         string  `json:"credentialType"`         // Kind of credential.
	ExternalSessionID      string  `json:"externalSessionId"`      // Id of the actor's session.
	RootSessionID          string  `json:"rootSessionId"`          // Id of the session that this one came from.
	Interface              string  `json:"interface"`              // Interface that was used.
	Issuer                 *Issuer `json:"issuer"`                 // Who issued the credential.
}

// Issuer is who issued a credential.
type Issuer struct {
	ID   string `json:"id"`   // Id of the issuer.
	Type string `json:"type"` // Kind of issuer.
}

// Outcome is whether it succeeded.
type Outcome struct {
	Result string `json:"result"` // SUCCESS, FAILURE, SKIPPED, ALLOW, DENY, CHALLENGE, UNKNOWN or another.
	Reason string `json:"reason"` // Why.
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string         `json:"id"`     // Id of the request or job.
	Type   string         `json:"type"`   // WEB or JOB.
	Detail map[string]any `json:"detail"` // Such as requestApiTokenId, the API token that was used.
}

// DebugContext is further facts.
type DebugContext struct {
	DebugData map[string]any `json:"debugData"` // Facts by name; most values are strings.
}

// SecurityContext is the network that the request came from.
type SecurityContext struct {
	ASNumber int64  `json:"asNumber"` // Autonomous system number.
	ASOrg    string `json:"asOrg"`    // Organization of the autonomous system.
	ISP      string `json:"isp"`      // Internet service provider.
	Domain   string `json:"domain"`   // Domain of the address.
	IsProxy  bool   `json:"isProxy"`  // Whether the address is a known proxy.
}

// Request is the way of a request through the network.
type Request struct {
	IPChain []IPAddress `json:"ipChain"` // The addresses that the request passed through, the client's first.
}

// IPAddress is one address that a request passed through.
type IPAddress struct {
	IP                  string               `json:"ip"`                  // The address.
	Version             string               `json:"version"`             // V4 or V6.
	Source              string               `json:"source"`              // How Okta learned of it.
	GeographicalContext *GeographicalContext `json:"geographicalContext"` // Where the address is.
}
