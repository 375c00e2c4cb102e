package ecs

// Okta holds the event under the names of Elastic's Okta integration.
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
	// Members without a field above, and values that do not fit the type of their field. Nested as in Okta's event,
	// under Okta's names; an entry of a list is under its index.
	Other map[string]any `json:"other,omitempty" ecs:"flattened"`
}

// Party is an actor or a target of an event.
type Party struct {
	ID          string `json:"id,omitempty" ecs:"keyword"`           // ID of the object.
	Type        string `json:"type,omitempty" ecs:"keyword"`         // Type of the object, such as User or AppInstance.
	AlternateID string `json:"alternate_id,omitempty" ecs:"keyword"` // Second name of the object; the login of a user.
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

// ChangeDetails holds the values of a target before and after a change.
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

// ClientUserAgent is a user agent in Okta's words.
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

// Outcome is the result of an event in Okta's words.
type Outcome struct {
	Result string `json:"result,omitempty" ecs:"keyword"` // SUCCESS, FAILURE, ALLOW, DENY, CHALLENGE or another.
	Reason string `json:"reason,omitempty" ecs:"keyword"` // Reason of the result.
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

// GeographicalContext is a location in Okta's words.
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

// DebugData holds the debug data that responders search for most. The rest is in
// Flattened.
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
	// The debug data without a field above, under Okta's names, with risk, behaviors and logOnlySecurityData. JSON
	// inside a text stays text.
	Flattened map[string]any `json:"flattened,omitempty" ecs:"flattened"`
}
