package ecs

// Okta holds the event under the names of Elastic's Okta integration.
type Okta struct {
	// Unique ID of the event; the same as event.id.
	UUID      string `json:"uuid,omitempty"`
	EventType string `json:"event_type,omitempty"` // Event type; the same as event.action.
	// Name of the event in the retired Events API.
	LegacyEventType string `json:"legacy_event_type,omitempty"`
	Published       string `json:"published,omitempty"` // Time of the event as Okta wrote it.
	Version         string `json:"version,omitempty"`   // Version of the event format.
	Severity        string `json:"severity,omitempty"`  // DEBUG, INFO, WARN or ERROR.
	// Short text of the event; the same as event.reason.
	DisplayMessage string `json:"display_message,omitempty"`
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
	Other map[string]any `json:"other,omitempty"`
}

// Party is an actor or a target of an event.
type Party struct {
	ID          string `json:"id,omitempty"`           // ID of the object.
	Type        string `json:"type,omitempty"`         // Type of the object, such as User or AppInstance.
	AlternateID string `json:"alternate_id,omitempty"` // Second name of the object; the login of a user.
	DisplayName string `json:"display_name,omitempty"` // Display name of the object.
}

// Actor is the object that acted.
type Actor struct {
	Party
	DetailEntry map[string]any `json:"detailEntry,omitempty"` // Further facts about the actor, under Okta's names.
}

// Target is an object acted on.
type Target struct {
	Party
	DetailEntry   map[string]any `json:"detailEntry,omitempty"`  // Further facts about the target, under Okta's names.
	ChangeDetails ChangeDetails  `json:"changeDetails,omitzero"` // Values of the target before and after the change.
}

// ChangeDetails holds the values of a target before and after a change.
type ChangeDetails struct {
	From map[string]any `json:"from,omitempty"` // Values before the change, under Okta's names.
	To   map[string]any `json:"to,omitempty"`   // Values after the change, under Okta's names.
}

// Client is the client that sent a request.
type Client struct {
	ID        string          `json:"id,omitempty"`        // ID of the OAuth client.
	IP        string          `json:"ip,omitempty"`        // Address of the client; the same as client.ip.
	Zone      string          `json:"zone,omitempty"`      // Network zone of the address.
	Device    string          `json:"device,omitempty"`    // Kind of device, such as Computer.
	UserAgent ClientUserAgent `json:"user_agent,omitzero"` // User agent in Okta's words.
}

// ClientUserAgent is a user agent in Okta's words.
type ClientUserAgent struct {
	RawUserAgent string `json:"raw_user_agent,omitempty"` // The User-Agent header.
	OS           string `json:"os,omitempty"`             // Operating system.
	Browser      string `json:"browser,omitempty"`        // Browser.
}

// OktaDevice is a device that Okta knows.
type OktaDevice struct {
	ID                    string `json:"id,omitempty"`                      // ID of the device.
	Name                  string `json:"name,omitempty"`                    // Name of the device.
	OSPlatform            string `json:"os_platform,omitempty"`             // Operating system.
	OSVersion             string `json:"os_version,omitempty"`              // Version of the operating system.
	DiskEncryptionType    string `json:"disk_encryption_type,omitempty"`    // Disk encryption, such as FULL or NONE.
	ScreenLockType        string `json:"screen_lock_type,omitempty"`        // Screen lock, such as BIOMETRIC or NONE.
	Managed               *bool  `json:"managed,omitempty"`                 // The device is managed.
	Registered            *bool  `json:"registered,omitempty"`              // The device is registered with Okta.
	SecureHardwarePresent *bool  `json:"secure_hardware_present,omitempty"` // The device has secure hardware.
	Jailbreak             *bool  `json:"jailbreak,omitempty"`               // The device is jailbroken or rooted.
	// Facts from the device management, under Okta's names.
	DeviceIntegrator map[string]any `json:"device_integrator,omitempty"`
}

// AuthenticationContext is the authentication of an actor.
type AuthenticationContext struct {
	// System that verified the credential, such as FACTOR_PROVIDER.
	AuthenticationProvider string `json:"authentication_provider,omitempty"`
	AuthenticationStep     *int64 `json:"authentication_step,omitempty"` // Step of the authentication pipeline.
	CredentialProvider     string `json:"credential_provider,omitempty"` // System that provides the credential.
	CredentialType         string `json:"credential_type,omitempty"`     // Kind of credential, such as PASSWORD.
	ExternalSessionID      string `json:"external_session_id,omitempty"` // ID of the actor's session; unknown if there is none.
	RootSessionID          string `json:"root_session_id,omitempty"`     // ID of the session that the actor's session came from.
	Interface              string `json:"interface,omitempty"`           // Interface that the actor used.
	Issuer                 Issuer `json:"issuer,omitzero"`               // Issuer of the credential.
}

// Issuer is the issuer of a credential.
type Issuer struct {
	ID   string `json:"id,omitempty"`   // ID of the issuer.
	Type string `json:"type,omitempty"` // Type of the issuer.
}

// SecurityContext is the network that a request came from.
type SecurityContext struct {
	AS            AS               `json:"as,omitzero"`              // Autonomous system of the address.
	Domain        string           `json:"domain,omitempty"`         // Domain of the address; a dot if there is none.
	ISP           string           `json:"isp,omitempty"`            // Internet service provider.
	IsProxy       *bool            `json:"is_proxy,omitempty"`       // The address is a known proxy.
	Risk          map[string]any   `json:"risk,omitempty"`           // Okta's risk assessment, under Okta's names.
	IPDetails     map[string]any   `json:"ip_details,omitempty"`     // Facts about the address, under Okta's names.
	BotProtection map[string]any   `json:"bot_protection,omitempty"` // Result of the bot detection, under Okta's names.
	UserBehaviors []map[string]any `json:"user_behaviors,omitempty"` // Behaviors that Okta evaluated, under Okta's names.
}

// Outcome is the result of an event in Okta's words.
type Outcome struct {
	Result string `json:"result,omitempty"` // SUCCESS, FAILURE, ALLOW, DENY, CHALLENGE or another.
	Reason string `json:"reason,omitempty"` // Reason of the result.
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string            `json:"id,omitempty"`    // ID of the request or job.
	Type   string            `json:"type,omitempty"`  // WEB or JOB.
	Detail TransactionDetail `json:"detail,omitzero"` // Further facts about the request.
}

// TransactionDetail holds further facts about a request.
type TransactionDetail struct {
	RequestAPITokenID string         `json:"request_api_token_id,omitempty"` // ID of the API token that the request used.
	Flattened         map[string]any `json:"flattened,omitempty"`            // The other facts, under Okta's names.
}

// Request is the path of a request through the network.
type Request struct {
	IPChain []Hop `json:"ip_chain,omitempty"` // Addresses that the request passed through, the client's first.
}

// Hop is one address that a request passed through.
type Hop struct {
	IP                  string              `json:"ip,omitempty"`                  // The address.
	Version             string              `json:"version,omitempty"`             // V4 or V6.
	Source              string              `json:"source,omitempty"`              // Origin of the address.
	IPDetails           map[string]any      `json:"ip_details,omitempty"`          // Facts about the address, under Okta's names.
	GeographicalContext GeographicalContext `json:"geographical_context,omitzero"` // Location of the address.
}

// GeographicalContext is a location in Okta's words.
type GeographicalContext struct {
	City        string `json:"city,omitempty"`        // City.
	State       string `json:"state,omitempty"`       // State or region.
	Country     string `json:"country,omitempty"`     // Country.
	PostalCode  string `json:"postal_code,omitempty"` // Postal code.
	Geolocation *Point `json:"geolocation,omitempty"` // Coordinates.
}

// DebugContext holds further facts that Okta logs.
type DebugContext struct {
	DebugData DebugData `json:"debug_data,omitzero"` // Further facts that Okta logs.
}

// DebugData holds the debug data that responders search for most. The rest is in
// Flattened.
type DebugData struct {
	AuthnRequestID    string   `json:"authnRequestId,omitempty"`     // ID of the authentication request.
	ClientSecret      string   `json:"client_secret,omitempty"`      // ID of the client secret.
	DeviceFingerprint string   `json:"device_fingerprint,omitempty"` // Fingerprint of the device.
	DTHash            string   `json:"dt_hash,omitempty"`            // Hash of the device token.
	Factor            string   `json:"factor,omitempty"`             // Factor used for the authentication.
	GrantType         string   `json:"grant_type,omitempty"`         // OAuth grant type.
	GrantedScopes     string   `json:"granted_scopes,omitempty"`     // OAuth scopes that were granted.
	RequestID         string   `json:"request_id,omitempty"`         // ID of the request.
	RequestURI        string   `json:"request_uri,omitempty"`        // URI of the request.
	RequestedScopes   string   `json:"requested_scopes,omitempty"`   // OAuth scopes that were requested.
	RiskBehaviors     []string `json:"risk_behaviors,omitempty"`     // Behaviors that are POSITIVE, such as New IP.
	RiskLevel         string   `json:"risk_level,omitempty"`         // Risk level: LOW, MEDIUM or HIGH.
	RiskReasons       []string `json:"risk_reasons,omitempty"`       // Reasons for the risk level.
	ThreatSuspected   string   `json:"threat_suspected,omitempty"`   // true if ThreatInsight suspects the address.
	URL               string   `json:"url,omitempty"`                // URL of the request.
	// The debug data without a field above, under Okta's names, with risk, behaviors and logOnlySecurityData. JSON
	// inside a text stays text.
	Flattened map[string]any `json:"flattened,omitempty"`
}
