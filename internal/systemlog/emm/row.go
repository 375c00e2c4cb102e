package emm

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// A Row is an Okta event as a row of the matrix.
type Row struct {
	Class
	// Whether it succeeded. Okta's own word is the attribute result, except for a sign-in, which has none in the
	// matrix.
	Result Result `json:"result" jsonschema:"enum=success,enum=failure,enum=unknown"`
	// Whether a verification was refused by its user, was got round, or came with a threat that Okta suspects.
	Flagged bool `json:"flagged"`
	// What the matrix wants to know of such an event, by key. What Okta did not send, sent as null or as another type
	// is absent.
	Attributes Attributes `json:"attributes"`
}

// Result is an outcome in the matrix's terms.
type Result string

// The results. Okta's SUCCESS and ALLOW are a success, FAILURE and DENY a failure;
// whatever else it says is neither.
const (
	Success Result = "success"
	Failure Result = "failure"
	Unknown Result = "unknown"
)

func resultOf(outcome string) Result {
	switch outcome {
	case "SUCCESS", "ALLOW":
		return Success
	case "FAILURE", "DENY":
		return Failure
	default:
		return Unknown
	}
}

// Attributes are what the matrix wants to know of an event. An event has those of its
// row: see linesOf.
type Attributes struct {
	Timestamp       string `json:"timestamp,omitempty"`          // A0001: when it happened, in UTC.
	EventID         string `json:"event_id,omitempty"`           // A0002: Okta's id of the event.
	EventCodeOrType string `json:"event_code_or_type,omitempty"` // A0003: Okta's event type.
	// A0004: Okta's word for the outcome, such as SUCCESS or DENY.
	Result        string `json:"result,omitempty"`
	Username      string `json:"username,omitempty"`             // A0005: login of who did it.
	UserID        string `json:"user_id,omitempty"`              // A0006: Okta's id of who did it.
	SessionID     string `json:"session_id,omitempty"`           // A0008: session in which it was done.
	IPAddress     string `json:"ip_address,omitempty"`           // A0009: address that the request came from.
	IPGeolocation Place  `json:"ip_geolocation_or_asn,omitzero"` // A0010: where the address is, as Okta sent it.
	// A0011: the program that sent the request, as Okta sent it.
	UserAgent          Agent  `json:"user_agent_name,omitzero"`
	DeviceType         string `json:"device_client_type,omitempty"`                // A0012: kind of device, such as Computer.
	FailureContext     string `json:"failure_context,omitempty"`                   // A0013: why a sign-in failed.
	CredentialContext  string `json:"credential_context,omitempty"`                // A0014: kind of credential that was used.
	ProviderContext    string `json:"identity_service_provider_context,omitempty"` // A0015: who checked the credential.
	VerificationMethod string `json:"verification_method,omitempty"`               // A0016: the factor that was used.
	// A0017: the facts by which a verification may be flagged, as Okta sent them.
	VerificationFlagged Facts `json:"verification_flagged,omitzero"`
	// A0019: login of the user that it was done to; their name where they joined or left a group.
	TargetUsername string `json:"target_username,omitempty"`
	// A0020: what was changed: the attributes of a user, or the name of the app or permission that a group or role
	// was given; a list of names if there are several.
	TargetContext  json.RawMessage `json:"target_attribute_context,omitempty"`
	TargetGroup    string          `json:"target_group_name,omitempty"` // A0021: name of the group.
	TargetRole     string          `json:"target_role_name,omitempty"`  // A0022: name of the role.
	PermissionName string          `json:"permission_name,omitempty"`   // A0023: what was granted or revoked.
	// A0024: who or what it was granted to or revoked from.
	TargetResource string `json:"target_resource_name,omitempty"`
	EnrollmentType string `json:"enrollment_type,omitempty"` // A0025: the factor, in Okta's words.
	// A0026: name of the setting; the new sign-on mode of an integration.
	SettingName string `json:"configuration_setting_name,omitempty"`
	// A0027: value of the setting, as Okta sent it.
	SettingValue    json.RawMessage `json:"configuration_setting_value,omitempty"`
	PreviousSetting string          `json:"previous_configuration_setting_value,omitempty"` // A0028: the sign-on mode before.
	IntegrationName string          `json:"integration_app_name,omitempty"`                 // A0029: name of the integration.
	ResourceName    string          `json:"resource_name,omitempty"`                        // A0030: name of the resource.
	// A0031: Okta's kind of target, such as Token.
	ResourceType string `json:"resource_type,omitempty"`
}

// text returns where an attribute that is a string is kept; nil if it is none.
func (a *Attributes) text(which attribute) *string {
	switch which {
	case timestamp:
		return &a.Timestamp
	case eventID:
		return &a.EventID
	case eventCode:
		return &a.EventCodeOrType
	case result:
		return &a.Result
	case username:
		return &a.Username
	case userID:
		return &a.UserID
	case sessionID:
		return &a.SessionID
	case ipAddress:
		return &a.IPAddress
	case deviceType:
		return &a.DeviceType
	case failureContext:
		return &a.FailureContext
	case credentialContext:
		return &a.CredentialContext
	case providerContext:
		return &a.ProviderContext
	case verificationMethod:
		return &a.VerificationMethod
	case targetUsername:
		return &a.TargetUsername
	case targetGroup:
		return &a.TargetGroup
	case targetRole:
		return &a.TargetRole
	case permissionName:
		return &a.PermissionName
	case targetResource:
		return &a.TargetResource
	case enrollmentType:
		return &a.EnrollmentType
	case settingName:
		return &a.SettingName
	case previousSetting:
		return &a.PreviousSetting
	case integrationName:
		return &a.IntegrationName
	case resourceName:
		return &a.ResourceName
	case resourceType:
		return &a.ResourceType
	}
	return nil
}

// document returns where an attribute that is JSON as Okta sent it is kept; nil if it
// is none.
func (a *Attributes) document(which attribute) *json.RawMessage {
	switch which {
	case ipGeolocation:
		return &a.IPGeolocation.RawMessage
	case userAgent:
		return &a.UserAgent.RawMessage
	case verificationFlagged:
		return &a.VerificationFlagged.RawMessage
	case targetContext:
		return &a.TargetContext
	case settingValue:
		return &a.SettingValue
	}
	return nil
}

// Get returns an attribute by its code or its key, such as A0005 or username: a
// string, or a json.RawMessage where Okta's own JSON is kept. False if the event has
// no such attribute.
func (a Attributes) Get(codeOrKey string) (any, bool) {
	which := attributeOf(codeOrKey)
	if s := a.text(which); s != nil && *s != "" {
		return *s, true
	}
	if d := a.document(which); d != nil && *d != nil {
		return *d, true
	}
	return nil, false
}

// A Place is where an address is: Okta's own JSON object, nulls and all.
type Place struct{ json.RawMessage }

// JSONSchema describes what Okta documents of a place, and refuses nothing else.
func (Place) JSONSchema() *jsonschema.Schema {
	return described(
		describedMember{"city", "string", "City."},
		describedMember{"state", "string", "State or region."},
		describedMember{"country", "string", "Country."},
		describedMember{"postalCode", "string", "Postal code."},
		describedMember{"geolocation", "object", "Coordinates: lat and lon, in degrees."},
	)
}

// An Agent is the program that sent a request: Okta's own JSON object, nulls and all.
type Agent struct{ json.RawMessage }

// JSONSchema describes what Okta documents of a user agent, and refuses nothing else.
func (Agent) JSONSchema() *jsonschema.Schema {
	return described(
		describedMember{"rawUserAgent", "string", "The User-Agent header."},
		describedMember{"os", "string", "Operating system."},
		describedMember{"browser", "string", "Browser."},
	)
}

// Facts are Okta's debug data: its own JSON object. Most values are strings.
type Facts struct{ json.RawMessage }

// JSONSchema names no member, since Okta documents none.
func (Facts) JSONSchema() *jsonschema.Schema { return described() }

type describedMember struct{ name, kind, description string }

func described(members ...describedMember) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object"}
	if len(members) > 0 {
		s.Properties = jsonschema.NewProperties()
	}
	for _, m := range members {
		s.Properties.Set(m.name, &jsonschema.Schema{
			Description: m.description,
			Extras:      map[string]any{"type": []string{m.kind, "null"}},
		})
	}
	return s
}

// A Code names one thing of the SaaS Event Maturity Matrix.
type Code struct {
	Code string `json:"code"` // The matrix's own number, such as C0001 or ET0003.
	Key  string `json:"key"`  // Its name for machines, such as account_login.
	Name string `json:"name"` // Its name for people, such as Account Login.
}

// The tables are indexed by the number in the code.
var categories = [...]Code{
	{},
	{"C0001", "authentication", "Authentication"},
	{"C0002", "authorization", "Authorization"},
	{"C0003", "system_audit", "System Audit"},
	{"C0004", "activity_audit", "Activity Audit"},
}

// eventType is the number in the code of one of the matrix's event types.
type eventType uint8

const (
	accountLogin eventType = iota + 1
	accountLogout
	mfaVerification
	createUser
	readUser
	updateUser
	deleteUser
	createGroup
	readGroup
	updateGroup
	deleteGroup
	addToGroup
	removeFromGroup
	createRole
	readRole
	updateRole
	deleteRole
	addPermission
	removePermission
	addEnrollment
	removeEnrollment
	createConfiguration
	readConfiguration
	updateConfiguration
	deleteConfiguration
	createIntegration
	readIntegration
	updateIntegration
	deleteIntegration
	createResource
	readResource
	updateResource
	deleteResource
	downloadResource
	queryResource
)

var eventTypes = [...]Code{
	{},
	{"ET0001", "account_login", "Account Login"},
	{"ET0002", "account_logout", "Account Logout"},
	{"ET0003", "mfa_verification", "MFA Verification"},
	{"ET0004", "create_user", "Create User"},
	{"ET0005", "read_user", "Read User"},
	{"ET0006", "update_user", "Update User"},
	{"ET0007", "delete_user", "Delete User"},
	{"ET0008", "create_group", "Create Group"},
	{"ET0009", "read_group", "Read Group"},
	{"ET0010", "update_group", "Update Group"},
	{"ET0011", "delete_group", "Delete Group"},
	{"ET0012", "add_to_group", "Add To Group"},
	{"ET0013", "remove_from_group", "Remove From Group"},
	{"ET0014", "create_role", "Create Role"},
	{"ET0015", "read_role", "Read Role"},
	{"ET0016", "update_role", "Update Role"},
	{"ET0017", "delete_role", "Delete Role"},
	{"ET0018", "add_permission", "Add Permission"},
	{"ET0019", "remove_permission", "Remove Permission"},
	{"ET0020", "add_enrollment", "Add Enrollment"},
	{"ET0021", "remove_enrollment", "Remove Enrollment"},
	{"ET0022", "create_security_configuration", "Create Security Configuration"},
	{"ET0023", "read_security_configuration", "Read Security Configuration"},
	{"ET0024", "update_security_configuration", "Update Security Configuration"},
	{"ET0025", "delete_security_configuration", "Delete Security Configuration"},
	{"ET0026", "create_integration", "Create Integration"},
	{"ET0027", "read_integration", "Read Integration"},
	{"ET0028", "update_integration", "Update Integration"},
	{"ET0029", "delete_integration", "Delete Integration"},
	{"ET0030", "create_resource", "Create Resource"},
	{"ET0031", "read_resource", "Read Resource"},
	{"ET0032", "update_resource", "Update Resource"},
	{"ET0033", "delete_resource", "Delete Resource"},
	{"ET0034", "download_resource", "Download Resource"},
	{"ET0035", "query_resource", "Query Resource"},
}

// category is fixed by the event type: the matrix orders one by the other.
func (e eventType) category() Code {
	switch {
	case e <= mfaVerification:
		return categories[1]
	case e <= removeEnrollment:
		return categories[2]
	case e <= deleteIntegration:
		return categories[3]
	default:
		return categories[4]
	}
}

// attribute is the number in the code of one of the matrix's attributes.
type attribute uint8

const (
	timestamp attribute = iota + 1
	eventID
	eventCode
	result
	username
	userID
	userRole
	sessionID
	ipAddress
	ipGeolocation
	userAgent
	deviceType
	failureContext
	credentialContext
	providerContext
	verificationMethod
	verificationFlagged
	activityPerformed
	targetUsername
	targetContext
	targetGroup
	targetRole
	permissionName
	targetResource
	enrollmentType
	settingName
	settingValue
	previousSetting
	integrationName
	resourceName
	resourceType
	resourceMetadata
	queryString
)

var attributes = [...]Code{
	{},
	{"A0001", "timestamp", "Timestamp"},
	{"A0002", "event_id", "Event ID"},
	{"A0003", "event_code_or_type", "Event Code / Type"},
	{"A0004", "result", "Result"},
	{"A0005", "username", "Username"},
	{"A0006", "user_id", "User ID"},
	{"A0007", "user_type_or_role", "User Type / Role"},
	{"A0008", "session_id", "Session ID"},
	{"A0009", "ip_address", "IP Address"},
	{"A0010", "ip_geolocation_or_asn", "IP Geolocation / ASN"},
	{"A0011", "user_agent_name", "User Agent Name"},
	{"A0012", "device_client_type", "Device/Client Type"},
	{"A0013", "failure_context", "Failure Context"},
	{"A0014", "credential_context", "Credential Context"},
	{"A0015", "identity_service_provider_context", "Identity Service Provider Context"},
	{"A0016", "verification_method", "Verification Method"},
	{"A0017", "verification_flagged", "Verification Flagged"},
	{"A0018", "activity_performed", "Activity Performed"},
	{"A0019", "target_username", "Target Username"},
	{"A0020", "target_attribute_context", "Target Attribute Context"},
	{"A0021", "target_group_name", "Target Group Name"},
	{"A0022", "target_role_name", "Target Role Name"},
	{"A0023", "permission_name", "Permission Name"},
	{"A0024", "target_resource_name", "Target Resource Name"},
	{"A0025", "enrollment_type", "Enrollment Type"},
	{"A0026", "configuration_setting_name", "Configuration / Setting Name"},
	{"A0027", "configuration_setting_value", "Configuration / Setting Value"},
	{"A0028", "previous_configuration_setting_value", "Previous Configuration / Setting Value"},
	{"A0029", "integration_app_name", "Integration / App Name"},
	{"A0030", "resource_name", "Resource Name"},
	{"A0031", "resource_type", "Resource Type"},
	{"A0032", "resource_metadata", "Resource Metadata"},
	{"A0033", "query_string", "Query String"},
}

// attributeOf finds an attribute by its code or its key; 0 if there is none.
func attributeOf(codeOrKey string) attribute {
	for i := 1; i < len(attributes); i++ {
		if attributes[i].Code == codeOrKey || attributes[i].Key == codeOrKey {
			return attribute(i)
		}
	}
	return 0
}
