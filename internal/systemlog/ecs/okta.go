package ecs

// Okta holds the event under the names of Elastic's Okta integration.
type Okta struct {
	UUID                  string                `json:"uuid,omitempty" ecs:"keyword" jsonschema_description:"Unique ID of the event; the same as event.id."`
	EventType             string                `json:"event_type,omitempty" ecs:"keyword" jsonschema_description:"Event type; the same as event.action."`
	LegacyEventType       string                `json:"legacy_event_type,omitempty" ecs:"keyword" jsonschema_description:"Name of the event in the retired Events API."`
	Published             string                `json:"published,omitempty" ecs:"keyword" jsonschema_description:"Time of the event as Okta wrote it."`
	Version               string                `json:"version,omitempty" ecs:"keyword" jsonschema_description:"Version of the event format."`
	Severity              string                `json:"severity,omitempty" ecs:"keyword" jsonschema_description:"DEBUG, INFO, WARN or ERROR."`
	DisplayMessage        string                `json:"display_message,omitempty" ecs:"keyword" jsonschema_description:"Short text of the event; the same as event.reason."`
	Actor                 Actor                 `json:"actor,omitzero" jsonschema_description:"The user, app, client or token that acted."`
	Target                []Target              `json:"target,omitempty" jsonschema_description:"The objects acted on, in Okta's order."`
	Client                Client                `json:"client,omitzero" jsonschema_description:"The client that sent the request."`
	Device                OktaDevice            `json:"device,omitzero" jsonschema_description:"The device that the request came from, if Okta knows it."`
	AuthenticationContext AuthenticationContext `json:"authentication_context,omitzero" jsonschema_description:"Authentication of the actor."`
	SecurityContext       SecurityContext       `json:"security_context,omitzero" jsonschema_description:"The network that the request came from, and Okta's assessment of it."`
	Outcome               Outcome               `json:"outcome,omitzero" jsonschema_description:"Result of the event in Okta's words."`
	Transaction           Transaction           `json:"transaction,omitzero" jsonschema_description:"The request or job that the event was a part of."`
	Request               Request               `json:"request,omitzero" jsonschema_description:"Path of the request through the network."`
	DebugContext          DebugContext          `json:"debug_context,omitzero" jsonschema_description:"Further facts that Okta logs."`
	Other                 map[string]any        `json:"other,omitempty" ecs:"flattened" jsonschema_description:"Members without a field above, and values that do not fit the type of their field. Nested as in Okta's event, under Okta's names; an entry of a list is under its index."`
}

// Party is an actor or a target of an event.
type Party struct {
	ID          string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"ID of the object."`
	Type        string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"Type of the object, such as User or AppInstance."`
	AlternateID string `json:"alternate_id,omitempty" ecs:"keyword" jsonschema_description:"Second name of the object; the login of a user."`
	DisplayName string `json:"display_name,omitempty" ecs:"keyword" jsonschema_description:"Display name of the object."`
}

// Actor is the object that acted.
type Actor struct {
	Party
	DetailEntry map[string]any `json:"detailEntry,omitempty" ecs:"flattened" jsonschema_description:"Further facts about the actor, under Okta's names."`
}

// Target is an object acted on.
type Target struct {
	Party
	DetailEntry   map[string]any `json:"detailEntry,omitempty" ecs:"flattened" jsonschema_description:"Further facts about the target, under Okta's names."`
	ChangeDetails ChangeDetails  `json:"changeDetails,omitzero" jsonschema_description:"Values of the target before and after the change."`
}

// ChangeDetails holds the values of a target before and after a change.
type ChangeDetails struct {
	From map[string]any `json:"from,omitempty" ecs:"flattened" jsonschema_description:"Values before the change, under Okta's names."`
	To   map[string]any `json:"to,omitempty" ecs:"flattened" jsonschema_description:"Values after the change, under Okta's names."`
}

// Client is the client that sent a request.
type Client struct {
	ID        string          `json:"id,omitempty" ecs:"keyword" jsonschema_description:"ID of the OAuth client."`
	IP        string          `json:"ip,omitempty" ecs:"ip" jsonschema_description:"Address of the client; the same as client.ip."`
	Zone      string          `json:"zone,omitempty" ecs:"keyword" jsonschema_description:"Network zone of the address."`
	Device    string          `json:"device,omitempty" ecs:"keyword" jsonschema_description:"Kind of device, such as Computer."`
	UserAgent ClientUserAgent `json:"user_agent,omitzero" jsonschema_description:"User agent in Okta's words."`
}

// ClientUserAgent is a user agent in Okta's words.
type ClientUserAgent struct {
	RawUserAgent string `json:"raw_user_agent,omitempty" ecs:"keyword" jsonschema_description:"The User-Agent header."`
	OS           string `json:"os,omitempty" ecs:"keyword" jsonschema_description:"Operating system."`
	Browser      string `json:"browser,omitempty" ecs:"keyword" jsonschema_description:"Browser."`
}

// OktaDevice is a device that Okta knows.
type OktaDevice struct {
	ID                    string         `json:"id,omitempty" ecs:"keyword" jsonschema_description:"ID of the device."`
	Name                  string         `json:"name,omitempty" ecs:"keyword" jsonschema_description:"Name of the device."`
	OSPlatform            string         `json:"os_platform,omitempty" ecs:"keyword" jsonschema_description:"Operating system."`
	OSVersion             string         `json:"os_version,omitempty" ecs:"keyword" jsonschema_description:"Version of the operating system."`
	DiskEncryptionType    string         `json:"disk_encryption_type,omitempty" ecs:"keyword" jsonschema_description:"Disk encryption, such as FULL or NONE."`
	ScreenLockType        string         `json:"screen_lock_type,omitempty" ecs:"keyword" jsonschema_description:"Screen lock, such as BIOMETRIC or NONE."`
	Managed               *bool          `json:"managed,omitempty" ecs:"boolean" jsonschema_description:"The device is managed."`
	Registered            *bool          `json:"registered,omitempty" ecs:"boolean" jsonschema_description:"The device is registered with Okta."`
	SecureHardwarePresent *bool          `json:"secure_hardware_present,omitempty" ecs:"boolean" jsonschema_description:"The device has secure hardware."`
	Jailbreak             *bool          `json:"jailbreak,omitempty" ecs:"boolean" jsonschema_description:"The device is jailbroken or rooted."`
	DeviceIntegrator      map[string]any `json:"device_integrator,omitempty" ecs:"flattened" jsonschema_description:"Facts from the device management, under Okta's names."`
}

// AuthenticationContext is the authentication of an actor.
type AuthenticationContext struct {
	AuthenticationProvider string `json:"authentication_provider,omitempty" ecs:"keyword" jsonschema_description:"System that verified the credential, such as FACTOR_PROVIDER."`
	AuthenticationStep     *int64 `json:"authentication_step,omitempty" ecs:"long" jsonschema_description:"Step of the authentication pipeline."`
	CredentialProvider     string `json:"credential_provider,omitempty" ecs:"keyword" jsonschema_description:"System that provides the credential."`
	CredentialType         string `json:"credential_type,omitempty" ecs:"keyword" jsonschema_description:"Kind of credential, such as PASSWORD."`
	ExternalSessionID      string `json:"external_session_id,omitempty" ecs:"keyword" jsonschema_description:"ID of the actor's session; unknown if there is none."`
	RootSessionID          string `json:"root_session_id,omitempty" ecs:"keyword" jsonschema_description:"ID of the session that the actor's session came from."`
	Interface              string `json:"interface,omitempty" ecs:"keyword" jsonschema_description:"Interface that the actor used."`
	Issuer                 Issuer `json:"issuer,omitzero" jsonschema_description:"Issuer of the credential."`
}

// Issuer is the issuer of a credential.
type Issuer struct {
	ID   string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"ID of the issuer."`
	Type string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"Type of the issuer."`
}

// SecurityContext is the network that a request came from.
type SecurityContext struct {
	AS            AS               `json:"as,omitzero" jsonschema_description:"Autonomous system of the address."`
	Domain        string           `json:"domain,omitempty" ecs:"keyword" jsonschema_description:"Domain of the address; a dot if there is none."`
	ISP           string           `json:"isp,omitempty" ecs:"keyword" jsonschema_description:"Internet service provider."`
	IsProxy       *bool            `json:"is_proxy,omitempty" ecs:"boolean" jsonschema_description:"The address is a known proxy."`
	Risk          map[string]any   `json:"risk,omitempty" ecs:"flattened" jsonschema_description:"Okta's risk assessment, under Okta's names."`
	IPDetails     map[string]any   `json:"ip_details,omitempty" ecs:"flattened" jsonschema_description:"Facts about the address, under Okta's names."`
	BotProtection map[string]any   `json:"bot_protection,omitempty" ecs:"flattened" jsonschema_description:"Result of the bot detection, under Okta's names."`
	UserBehaviors []map[string]any `json:"user_behaviors,omitempty" ecs:"flattened" jsonschema_description:"Behaviors that Okta evaluated, under Okta's names."`
}

// Outcome is the result of an event in Okta's words.
type Outcome struct {
	Result string `json:"result,omitempty" ecs:"keyword" jsonschema_description:"SUCCESS, FAILURE, ALLOW, DENY, CHALLENGE or another."`
	Reason string `json:"reason,omitempty" ecs:"keyword" jsonschema_description:"Reason of the result."`
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string            `json:"id,omitempty" ecs:"keyword" jsonschema_description:"ID of the request or job."`
	Type   string            `json:"type,omitempty" ecs:"keyword" jsonschema_description:"WEB or JOB."`
	Detail TransactionDetail `json:"detail,omitzero" jsonschema_description:"Further facts about the request."`
}

// TransactionDetail holds further facts about a request.
type TransactionDetail struct {
	RequestAPITokenID string         `json:"request_api_token_id,omitempty" ecs:"keyword" jsonschema_description:"ID of the API token that the request used."`
	Flattened         map[string]any `json:"flattened,omitempty" ecs:"flattened" jsonschema_description:"The other facts, under Okta's names."`
}

// Request is the path of a request through the network.
type Request struct {
	IPChain []Hop `json:"ip_chain,omitempty" jsonschema_description:"Addresses that the request passed through, the client's first."`
}

// Hop is one address that a request passed through.
type Hop struct {
	IP                  string              `json:"ip,omitempty" ecs:"ip" jsonschema_description:"The address."`
	Version             string              `json:"version,omitempty" ecs:"keyword" jsonschema_description:"V4 or V6."`
	Source              string              `json:"source,omitempty" ecs:"keyword" jsonschema_description:"Origin of the address."`
	IPDetails           map[string]any      `json:"ip_details,omitempty" ecs:"flattened" jsonschema_description:"Facts about the address, under Okta's names."`
	GeographicalContext GeographicalContext `json:"geographical_context,omitzero" jsonschema_description:"Location of the address."`
}

// GeographicalContext is a location in Okta's words.
type GeographicalContext struct {
	City        string `json:"city,omitempty" ecs:"keyword" jsonschema_description:"City."`
	State       string `json:"state,omitempty" ecs:"keyword" jsonschema_description:"State or region."`
	Country     string `json:"country,omitempty" ecs:"keyword" jsonschema_description:"Country."`
	PostalCode  string `json:"postal_code,omitempty" ecs:"keyword" jsonschema_description:"Postal code."`
	Geolocation *Point `json:"geolocation,omitempty" ecs:"geo_point" jsonschema_description:"Coordinates."`
}

// DebugContext holds further facts that Okta logs.
type DebugContext struct {
	DebugData DebugData `json:"debug_data,omitzero" jsonschema_description:"Further facts that Okta logs."`
}

// DebugData holds the debug data that responders search for most. The rest is in
// Flattened.
type DebugData struct {
	AuthnRequestID    string         `json:"authnRequestId,omitempty" ecs:"keyword" jsonschema_description:"ID of the authentication request."`
	ClientSecret      string         `json:"client_secret,omitempty" ecs:"keyword" jsonschema_description:"ID of the client secret."`
	DeviceFingerprint string         `json:"device_fingerprint,omitempty" ecs:"keyword" jsonschema_description:"Fingerprint of the device."`
	DTHash            string         `json:"dt_hash,omitempty" ecs:"keyword" jsonschema_description:"Hash of the device token."`
	Factor            string         `json:"factor,omitempty" ecs:"keyword" jsonschema_description:"Factor used for the authentication."`
	GrantType         string         `json:"grant_type,omitempty" ecs:"keyword" jsonschema_description:"OAuth grant type."`
	GrantedScopes     string         `json:"granted_scopes,omitempty" ecs:"keyword" jsonschema_description:"OAuth scopes that were granted."`
	RequestID         string         `json:"request_id,omitempty" ecs:"keyword" jsonschema_description:"ID of the request."`
	RequestURI        string         `json:"request_uri,omitempty" ecs:"keyword" jsonschema_description:"URI of the request."`
	RequestedScopes   string         `json:"requested_scopes,omitempty" ecs:"keyword" jsonschema_description:"OAuth scopes that were requested."`
	RiskBehaviors     []string       `json:"risk_behaviors,omitempty" ecs:"keyword" jsonschema_description:"Behaviors that are POSITIVE, such as New IP."`
	RiskLevel         string         `json:"risk_level,omitempty" ecs:"keyword" jsonschema_description:"Risk level: LOW, MEDIUM or HIGH."`
	RiskReasons       []string       `json:"risk_reasons,omitempty" ecs:"keyword" jsonschema_description:"Reasons for the risk level."`
	ThreatSuspected   string         `json:"threat_suspected,omitempty" ecs:"keyword" jsonschema_description:"true if ThreatInsight suspects the address."`
	URL               string         `json:"url,omitempty" ecs:"keyword" jsonschema_description:"URL of the request."`
	Flattened         map[string]any `json:"flattened,omitempty" ecs:"flattened" jsonschema_description:"The debug data without a field above, under Okta's names, with risk, behaviors and logOnlySecurityData. JSON inside a text stays text."`
}
