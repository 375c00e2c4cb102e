// Package systemlog reads System Log events. It declares their members, splits pages into events
// without loss, and finds the request that caused an event.
package systemlog

import "github.com/invopop/jsonschema"

//go:generate go run soar.example/okta/schema/describe

// Event is the documented shape of a System Log event
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
// It is the source of the schema and a typed view. The program passes events on as [Raw], because
// Okta can send null for any member and adds members without notice.
type Event struct {
	UUID string `json:"uuid"` // Unique ID of the event.
	// Event type, such as user.session.start.
	EventType string `json:"eventType"`
	// Time at which the event happened, in UTC. Okta may store events in another order.
	Published string `json:"published" jsonschema:"format=date-time"`
	// Severity of the event.
	Severity string `json:"severity" jsonschema_extras:"x-known=DEBUG|INFO|WARN|ERROR"`
	// Short text of the event, as the Admin Console shows it.
	DisplayMessage string `json:"displayMessage"`
	// Name of the event type in the former Events API.
	LegacyEventType string  `json:"legacyEventType"`
	Version         string  `json:"version"` // Version of the event format.
	Actor           *Actor  `json:"actor"`   // User, app or system that caused the event.
	Client          *Client `json:"client"`  // Origin of the request.
	// Device that sent the request, if Okta knows the device.
	Device                *Device                `json:"device"`
	AuthenticationContext *AuthenticationContext `json:"authenticationContext"` // Authentication of the actor.
	Outcome               *Outcome               `json:"outcome"`               // Result of the event.
	Target                []Target               `json:"target"`                // Objects that the actor acted on.
	// Request or job that caused the event.
	Transaction *Transaction `json:"transaction"`
	// Further data. Okta may change these members without notice.
	DebugContext *DebugContext `json:"debugContext"`
	// Network of the client.
	SecurityContext *SecurityContext `json:"securityContext"`
	// Path of the request through the network.
	Request *Request `json:"request"`
}

// Actor is the user, app or system that caused an event.
type Actor struct {
	ID          string         `json:"id"`          // ID of the actor.
	Type        string         `json:"type"`        // Kind of actor, such as User or SystemPrincipal.
	AlternateID string         `json:"alternateId"` // Alternate ID of the object, such as the login of a user.
	DisplayName string         `json:"displayName"` // Display name of the object.
	DetailEntry map[string]any `json:"detailEntry"` // Further data about the object.
}

// Target is an object that the actor acted on.
type Target struct {
	ID            string         `json:"id"`            // ID of the target.
	Type          string         `json:"type"`          // Kind of target, such as User, UserGroup or AppInstance.
	AlternateID   string         `json:"alternateId"`   // Alternate ID of the object, such as the login of a user.
	DisplayName   string         `json:"displayName"`   // Display name of the object.
	DetailEntry   map[string]any `json:"detailEntry"`   // Further data about the object.
	ChangeDetails *ChangeDetails `json:"changeDetails"` // Changes of the object.
}

// ChangeDetails holds the changed values of a target.
type ChangeDetails struct {
	From map[string]any `json:"from"` // Values before the change.
	To   map[string]any `json:"to"`   // Values after the change.
}

// Client is the origin of a request.
type Client struct {
	ID                  string               `json:"id"`                  // ID of the OAuth client, if one was used.
	Device              string               `json:"device"`              // Kind of device, such as Computer.
	IPAddress           string               `json:"ipAddress"`           // IP address of the client.
	Zone                string               `json:"zone"`                // Network zone of the address.
	UserAgent           *UserAgent           `json:"userAgent"`           // Program that sent the request.
	GeographicalContext *GeographicalContext `json:"geographicalContext"` // Location of the address.
}

// UserAgent is the program that sent the request.
type UserAgent struct {
	RawUserAgent string `json:"rawUserAgent"` // User-Agent header of the request.
	OS           string `json:"os"`           // Operating system.
	Browser      string `json:"browser"`      // Browser.
}

// GeographicalContext is the location of an address.
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
	ID         string `json:"id"`          // ID of the device.
	Name       string `json:"name"`        // Name of the device.
	OSPlatform string `json:"os_platform"` // Operating system.
	OSVersion  string `json:"os_version"`  // Version of the operating system.
	Managed    bool   `json:"managed"`     // Whether the device is managed.
	Registered bool   `json:"registered"`  // Whether the device is registered with Okta.
}

// AuthenticationContext describes the authentication of the actor.
type AuthenticationContext struct {
	// System that verified the credential.
	AuthenticationProvider string `json:"authenticationProvider"`
	AuthenticationStep     int    `json:"authenticationStep"` // Step of the authentication pipeline.
	// Provider of the credential.
	CredentialProvider string  `json:"credentialProvider"`
	CredentialType     string  `json:"credentialType"`    // Kind of credential.
	ExternalSessionID  string  `json:"externalSessionId"` // ID of the actor's session.
	RootSessionID      string  `json:"rootSessionId"`     // ID of the session from which the actor's session was created.
	Interface          string  `json:"interface"`         // Interface that was used.
	Issuer             *Issuer `json:"issuer"`            // Issuer of the credential.
}

// JSONSchemaExtend adds the values that Okta documents.
func (AuthenticationContext) JSONSchemaExtend(s *jsonschema.Schema) {
	known(s, "authenticationProvider", "ACTIVE_DIRECTORY", "FACTOR_PROVIDER", "FEDERATION", "LDAP", "OKTA_AUTHENTICATION_PROVIDER", "SOCIAL")
	known(s, "credentialProvider", "DUO", "GOOGLE", "OKTA_AUTHENTICATION_PROVIDER", "OKTA_CREDENTIAL_PROVIDER", "RSA", "SYMANTEC", "YUBIKEY")
}

// known adds the known values of a member. Okta can add values.
func known(s *jsonschema.Schema, member string, values ...string) {
	if p, ok := s.Properties.Get(member); ok {
		p.Extras = map[string]any{"x-known": values}
	}
}

// Issuer is the issuer of a credential.
type Issuer struct {
	ID   string `json:"id"`   // ID of the issuer.
	Type string `json:"type"` // Kind of issuer.
}

// Outcome is the result of an event.
type Outcome struct {
	// Result of the event. Okta can add values.
	Result string `json:"result"`
	Reason string `json:"reason"` // Reason for the result.
}

// JSONSchemaExtend adds the results that Okta documents.
func (Outcome) JSONSchemaExtend(s *jsonschema.Schema) {
	known(s, "result", Results...)
}

// Results are the documented values of outcome.result.
var Results = []string{
	"SUCCESS", "FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN",
	"RATE_LIMIT", "DEFERRED", "SCHEDULED", "ABANDONED", "UNANSWERED",
}

// Transaction is the request or job that caused an event.
type Transaction struct {
	ID string `json:"id"` // ID of the request or job.
	// Kind of transaction: a web request or a job.
	Type   string         `json:"type" jsonschema_extras:"x-known=WEB|JOB"`
	Detail map[string]any `json:"detail"` // Further data, such as requestApiTokenId: the ID of the API token that sent the request.
}

// DebugContext holds further data.
type DebugContext struct {
	DebugData map[string]any `json:"debugData"` // Values by name. Most values are strings.
}

// SecurityContext is the network of the client.
type SecurityContext struct {
	ASNumber int64  `json:"asNumber"` // Autonomous system number.
	ASOrg    string `json:"asOrg"`    // Organization of the autonomous system.
	ISP      string `json:"isp"`      // Internet service provider.
	Domain   string `json:"domain"`   // Domain of the address.
	IsProxy  bool   `json:"isProxy"`  // Whether the address is a known proxy.
}

// Request is the path of a request through the network.
type Request struct {
	IPChain []IPAddress `json:"ipChain"` // Addresses that the request passed through. The first is the client's.
}

// IPAddress is an address that a request passed through.
type IPAddress struct {
	IP                  string               `json:"ip"`                  // IP address.
	Version             string               `json:"version"`             // V4 or V6.
	Source              string               `json:"source"`              // Source from which Okta knows the address.
	GeographicalContext *GeographicalContext `json:"geographicalContext"` // Location of the address.
}
