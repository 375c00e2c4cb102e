package emm

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// A Row is an Okta event as a row of the matrix.
type Row struct {
	Class
	// Result of the event. Okta's own value is the attribute result. A sign-in lacks this attribute, because the matrix
	// defines none for it.
	Result Result `json:"result" jsonschema:"enum=success,enum=failure,enum=unknown"`
	// Whether the user rejected or bypassed a verification, or Okta suspects a threat.
	Flagged bool `json:"flagged"`
	// Attributes of the matrix, by key. An attribute is absent if Okta did not send it, or sent null or
	// another type.
	Attributes Attributes `json:"attributes"`
}

// Result is an outcome in the matrix's terms.
type Result string

// Results of an event. SUCCESS and ALLOW of Okta are a success, FAILURE and DENY a failure. Other
// values are unknown.
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

// Attributes are the attributes of the matrix for an event. Each event has those of its row; see
// mapping.csv.
type Attributes struct {
	Timestamp       string `json:"timestamp,omitempty"`          // A0001: time at which the event happened, in UTC.
	EventID         string `json:"event_id,omitempty"`           // A0002: ID of the event.
	EventCodeOrType string `json:"event_code_or_type,omitempty"` // A0003: Okta's event type.
	// A0004: Okta's result, such as SUCCESS or DENY.
	Result        string   `json:"result,omitempty"`
	Username      string   `json:"username,omitempty"`             // A0005: login of the actor.
	UserID        string   `json:"user_id,omitempty"`              // A0006: ID of the actor.
	SessionID     string   `json:"session_id,omitempty"`           // A0008: session of the actor.
	IPAddress     string   `json:"ip_address,omitempty"`           // A0009: IP address of the client.
	IPGeolocation Location `json:"ip_geolocation_or_asn,omitzero"` // A0010: location of the address, as Okta sent it.
	// A0011: program that sent the request, as Okta sent it.
	UserAgent          Agent  `json:"user_agent_name,omitzero"`
	DeviceType         string `json:"device_client_type,omitempty"`                // A0012: kind of device, such as Computer.
	FailureContext     string `json:"failure_context,omitempty"`                   // A0013: reason why a sign-in failed.
	CredentialContext  string `json:"credential_context,omitempty"`                // A0014: kind of credential that was used.
	ProviderContext    string `json:"identity_service_provider_context,omitempty"` // A0015: system that verified the credential.
	VerificationMethod string `json:"verification_method,omitempty"`               // A0016: factor that was used.
	// A0017: data that can flag a verification, as Okta sent them.
	VerificationFlagged Facts `json:"verification_flagged,omitzero"`
	// A0019: login of the affected user; for group membership, the display name.
	TargetUsername string `json:"target_username,omitempty"`
	// A0020: changed attributes of a user, or the name of the app or permission that a group or role received. Several
	// names are a list.
	TargetContext  json.RawMessage `json:"target_attribute_context,omitempty"`
	TargetGroup    string          `json:"target_group_name,omitempty"` // A0021: name of the group.
	TargetRole     string          `json:"target_role_name,omitempty"`  // A0022: name of the role.
	PermissionName string          `json:"permission_name,omitempty"`   // A0023: permission that was granted or revoked.
	// A0024: user, group or object that received or lost the permission.
	TargetResource string `json:"target_resource_name,omitempty"`
	EnrollmentType string `json:"enrollment_type,omitempty"` // A0025: factor, as Okta names it.
	// A0026: name of the changed setting, or the new sign-on mode of an integration.
	SettingName string `json:"configuration_setting_name,omitempty"`
	// A0027: value of the setting, as Okta sent it.
	SettingValue    json.RawMessage `json:"configuration_setting_value,omitempty"`
	PreviousSetting string          `json:"previous_configuration_setting_value,omitempty"` // A0028: former sign-on mode.
	IntegrationName string          `json:"integration_app_name,omitempty"`                 // A0029: name of the integration.
	ResourceName    string          `json:"resource_name,omitempty"`                        // A0030: name of the resource.
	// A0031: Okta's kind of target, such as Token.
	ResourceType string `json:"resource_type,omitempty"`
}

// A Location is the location of an address: a JSON object as Okta sent it, with its nulls.
type Location struct{ json.RawMessage }

// JSONSchema describes the members that Okta documents for a location. It allows any others.
func (Location) JSONSchema() *jsonschema.Schema {
	return described(
		describedMember{"city", "string", "City."},
		describedMember{"state", "string", "State or region."},
		describedMember{"country", "string", "Country."},
		describedMember{"postalCode", "string", "Postal code."},
		describedMember{"geolocation", "object", "Coordinates: lat and lon, in degrees."},
	)
}

// An Agent is the program that sent a request: a JSON object as Okta sent it, with its nulls.
type Agent struct{ json.RawMessage }

// JSONSchema describes the members that Okta documents for a user agent. It allows any others.
func (Agent) JSONSchema() *jsonschema.Schema {
	return described(
		describedMember{"rawUserAgent", "string", "The User-Agent header."},
		describedMember{"os", "string", "Operating system."},
		describedMember{"browser", "string", "Browser."},
	)
}

// Facts is Okta's debug data: a JSON object as Okta sent it. Most values are strings.
type Facts struct{ json.RawMessage }

// JSONSchema describes no members, because Okta documents none.
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
