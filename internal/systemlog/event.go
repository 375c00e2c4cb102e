// Package systemlog knows what an Okta System Log event is: its fields, how a
// page of them is split without losing any, and what it says of its cause.
package systemlog

// Event is the documented shape of a System Log event
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
// It serves as schema and as a typed view; an event itself travels as [Raw], since
// Okta sends null for any member, and adds members without notice.
type Event struct {
	UUID                  string                 `json:"uuid" jsonschema_description:"Unique id of this event."`
	EventType             string                 `json:"eventType" jsonschema_description:"What happened, such as user.session.start."`
	Published             string                 `json:"published" jsonschema:"format=date-time" jsonschema_description:"When it happened, in UTC. Not the order in which events are stored."`
	Severity              string                 `json:"severity" jsonschema_description:"DEBUG, INFO, WARN or ERROR."`
	DisplayMessage        string                 `json:"displayMessage" jsonschema_description:"The event in a few words, as the Admin Console shows it."`
	LegacyEventType       string                 `json:"legacyEventType" jsonschema_description:"Name of the event in the Events API that came before."`
	Version               string                 `json:"version" jsonschema_description:"Version of the event's form."`
	Actor                 *Actor                 `json:"actor" jsonschema_description:"Who or what did it."`
	Client                *Client                `json:"client" jsonschema_description:"Where the request came from."`
	Device                *Device                `json:"device" jsonschema_description:"The device that the request came from, where Okta knows it."`
	AuthenticationContext *AuthenticationContext `json:"authenticationContext" jsonschema_description:"How the actor was authenticated."`
	Outcome               *Outcome               `json:"outcome" jsonschema_description:"Whether it succeeded."`
	Target                []Target               `json:"target" jsonschema_description:"What it was done to."`
	Transaction           *Transaction           `json:"transaction" jsonschema_description:"The request or job that it was a part of."`
	DebugContext          *DebugContext          `json:"debugContext" jsonschema_description:"Further facts, which Okta may change without notice."`
	SecurityContext       *SecurityContext       `json:"securityContext" jsonschema_description:"The network that the request came from."`
	Request               *Request               `json:"request" jsonschema_description:"The addresses that the request passed through."`
}

// Actor is who or what did it: a user, an app, a token.
type Actor struct {
	ID          string         `json:"id" jsonschema_description:"Id of the actor."`
	Type        string         `json:"type" jsonschema_description:"Kind of actor, such as User or SystemPrincipal."`
	AlternateID string         `json:"alternateId" jsonschema_description:"Another name of it; the login of a user."`
	DisplayName string         `json:"displayName" jsonschema_description:"Its name as people see it."`
	DetailEntry map[string]any `json:"detailEntry" jsonschema_description:"Further facts about it."`
}

// Target is one thing that it was done to.
type Target struct {
	ID            string         `json:"id" jsonschema_description:"Id of the target."`
	Type          string         `json:"type" jsonschema_description:"Kind of target, such as User, UserGroup or AppInstance."`
	AlternateID   string         `json:"alternateId" jsonschema_description:"Another name of it; the login of a user."`
	DisplayName   string         `json:"displayName" jsonschema_description:"Its name as people see it."`
	DetailEntry   map[string]any `json:"detailEntry" jsonschema_description:"Further facts about it."`
	ChangeDetails *ChangeDetails `json:"changeDetails" jsonschema_description:"What was changed about it."`
}

// ChangeDetails is what was changed about a target.
type ChangeDetails struct {
	From map[string]any `json:"from" jsonschema_description:"Values before."`
	To   map[string]any `json:"to" jsonschema_description:"Values after."`
}

// Client is where the request came from.
type Client struct {
	ID                  string               `json:"id" jsonschema_description:"Id of the OAuth client, if one was used."`
	Device              string               `json:"device" jsonschema_description:"Kind of device, such as Computer."`
	IPAddress           string               `json:"ipAddress" jsonschema_description:"Address that the request came from."`
	Zone                string               `json:"zone" jsonschema_description:"Network zone of the address."`
	UserAgent           *UserAgent           `json:"userAgent" jsonschema_description:"The program that sent the request."`
	GeographicalContext *GeographicalContext `json:"geographicalContext" jsonschema_description:"Where the address is."`
}

// UserAgent is the program that sent the request.
type UserAgent struct {
	RawUserAgent string `json:"rawUserAgent" jsonschema_description:"The User-Agent header."`
	OS           string `json:"os" jsonschema_description:"Operating system."`
	Browser      string `json:"browser" jsonschema_description:"Browser."`
}

// GeographicalContext is where an address is.
type GeographicalContext struct {
	City        string       `json:"city" jsonschema_description:"City."`
	State       string       `json:"state" jsonschema_description:"State or region."`
	Country     string       `json:"country" jsonschema_description:"Country."`
	PostalCode  string       `json:"postalCode" jsonschema_description:"Postal code."`
	Geolocation *Geolocation `json:"geolocation" jsonschema_description:"Coordinates."`
}

// Geolocation is a point on the earth, in degrees.
type Geolocation struct {
	Lat float64 `json:"lat" jsonschema_description:"Latitude in degrees."`
	Lon float64 `json:"lon" jsonschema_description:"Longitude in degrees."`
}

// Device is the device that the request came from.
type Device struct {
	ID         string `json:"id" jsonschema_description:"Id of the device."`
	Name       string `json:"name" jsonschema_description:"Name of the device."`
	OSPlatform string `json:"os_platform" jsonschema_description:"Operating system."`
	OSVersion  string `json:"os_version" jsonschema_description:"Version of the operating system."`
	Managed    bool   `json:"managed" jsonschema_description:"Whether it is managed."`
	Registered bool   `json:"registered" jsonschema_description:"Whether it is registered with Okta."`
}

// AuthenticationContext is how the actor was authenticated.
type AuthenticationContext struct {
	AuthenticationProvider string  `json:"authenticationProvider" jsonschema_description:"Who checked the credential."`
	AuthenticationStep     int     `json:"authenticationStep" jsonschema_description:"Step of the authentication pipeline."`
	CredentialProvider     string  `json:"credentialProvider" jsonschema_description:"Who provides the credential."`
	CredentialType         string  `json:"credentialType" jsonschema_description:"Kind of credential."`
	ExternalSessionID      string  `json:"externalSessionId" jsonschema_description:"Id of the actor's session."`
	RootSessionID          string  `json:"rootSessionId" jsonschema_description:"Id of the session that this one came from."`
	Interface              string  `json:"interface" jsonschema_description:"Interface that was used."`
	Issuer                 *Issuer `json:"issuer" jsonschema_description:"Who issued the credential."`
}

// Issuer is who issued a credential.
type Issuer struct {
	ID   string `json:"id" jsonschema_description:"Id of the issuer."`
	Type string `json:"type" jsonschema_description:"Kind of issuer."`
}

// Outcome is whether it succeeded.
type Outcome struct {
	Result string `json:"result" jsonschema_description:"SUCCESS, FAILURE, SKIPPED, ALLOW, DENY, CHALLENGE, UNKNOWN or another."`
	Reason string `json:"reason" jsonschema_description:"Why."`
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string         `json:"id" jsonschema_description:"Id of the request or job."`
	Type   string         `json:"type" jsonschema_description:"WEB or JOB."`
	Detail map[string]any `json:"detail" jsonschema_description:"Such as requestApiTokenId, the API token that was used."`
}

// DebugContext is further facts.
type DebugContext struct {
	DebugData map[string]any `json:"debugData" jsonschema_description:"Facts by name; most values are strings."`
}

// SecurityContext is the network that the request came from.
type SecurityContext struct {
	ASNumber int64  `json:"asNumber" jsonschema_description:"Autonomous system number."`
	ASOrg    string `json:"asOrg" jsonschema_description:"Organization of the autonomous system."`
	ISP      string `json:"isp" jsonschema_description:"Internet service provider."`
	Domain   string `json:"domain" jsonschema_description:"Domain of the address."`
	IsProxy  bool   `json:"isProxy" jsonschema_description:"Whether the address is a known proxy."`
}

// Request is the way of a request through the network.
type Request struct {
	IPChain []IPAddress `json:"ipChain" jsonschema_description:"The addresses that the request passed through, the client's first."`
}

// IPAddress is one address that a request passed through.
type IPAddress struct {
	IP                  string               `json:"ip" jsonschema_description:"The address."`
	Version             string               `json:"version" jsonschema_description:"V4 or V6."`
	Source              string               `json:"source" jsonschema_description:"How Okta learned of it."`
	GeographicalContext *GeographicalContext `json:"geographicalContext" jsonschema_description:"Where the address is."`
}
