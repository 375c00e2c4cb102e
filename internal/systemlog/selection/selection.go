// Package selection selects System Log events by their fields. It builds the filter that Okta
// applies, and matches every event locally.
package selection

import (
	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/systemlog"
)

//go:generate go run soar.example/okta/schema/describe

// A Selection describes the wanted events. An event must match every parameter that is set. A list
// matches if one of its items matches. An exclusion must not match.
type Selection struct {
	// Event types such as user.session.start, families such as user.session.*, or * for every event. A * matches one or
	// more characters anywhere in a name, as in system.*.rate_limit.*.
	EventTypes TypePatterns `json:"event_types" jsonschema:"minItems=1,example=user.account.report_suspicious_activity_by_enduser,example=user.session.*"`
	// Results of the event (outcome.result).
	Outcome Results `json:"outcome,omitempty" jsonschema:"example=FAILURE"`
	// Severities of the event.
	Severity []string `json:"severity,omitempty" jsonschema:"uniqueItems=true,enum=DEBUG,enum=INFO,enum=WARN,enum=ERROR,example=WARN"`
	// Actors: Okta IDs (20 letters and digits) or logins. Case does not matter in logins.
	Actor Principals `json:"actor,omitempty" jsonschema:"example=alice.moreau@corp.example"`
	// Targets: Okta IDs (20 letters and digits) or logins. Case does not matter in logins.
	Target Principals `json:"target,omitempty" jsonschema:"example=00u1a2b3c4d5e6f7g8h9"`
	// IPv4 or IPv6 addresses of the client, or ranges in CIDR notation.
	ClientIP Addresses `json:"client_ip,omitempty" jsonschema:"title=Client address,example=203.0.113.0/24"`
	// Countries of the client, by the English names that Okta uses. Case does not matter.
	Country Countries `json:"country,omitempty" jsonschema:"example=France"`
	// Event types and families to exclude from event_types.
	ExcludeTypes TypePatterns `json:"exclude_types,omitempty" jsonschema:"example=user.session.access_admin_app" jsonschema_extras:"x-group=advanced"`
	// IDs or logins of actors to exclude, as for actor.
	ExcludeActors Principals `json:"exclude_actors,omitempty" jsonschema:"example=svc.hr@corp.example" jsonschema_extras:"x-group=advanced"`
	// Addresses or ranges to exclude, as for client_ip.
	ExcludeIPs Addresses `json:"exclude_ips,omitempty" jsonschema:"title=Exclude client addresses,example=198.51.100.0/24" jsonschema_extras:"x-group=advanced"`
	// Countries to exclude, as for country.
	ExcludeCountries Countries `json:"exclude_countries,omitempty" jsonschema:"example=Germany" jsonschema_extras:"x-group=advanced"`
	// Include events caused by this connection. By default, they are excluded to keep a playbook from triggering itself.
	OwnEvents bool `json:"own_events,omitempty" jsonschema:"title=Include own events,default=false" jsonschema_extras:"x-group=advanced"`
}

// TypePatterns are event types, families of them, or *.
type TypePatterns []string

// JSONSchemaExtend adds the limits of the list, and the action that lists the event types.
func (TypePatterns) JSONSchemaExtend(s *jsonschema.Schema) {
	limit(s, 500, 0)
	s.Extras = map[string]any{"x-options": "list_event_types"}
}

// Results are values of outcome.result.
type Results []string

// JSONSchemaExtend adds the results that Okta documents.
func (Results) JSONSchemaExtend(s *jsonschema.Schema) {
	s.UniqueItems = true
	for _, result := range systemlog.Results {
		s.Items.Enum = append(s.Items.Enum, result)
	}
}

// Principals are Okta IDs or logins.
type Principals []string

// JSONSchemaExtend adds the limits of the list.
func (Principals) JSONSchemaExtend(s *jsonschema.Schema) { limit(s, 500, 200) }

// Addresses are IP addresses or ranges in CIDR notation.
type Addresses []string

// JSONSchemaExtend adds the limits of the list.
func (Addresses) JSONSchemaExtend(s *jsonschema.Schema) { limit(s, 500, 60) }

// Countries are English names of countries.
type Countries []string

// JSONSchemaExtend adds the limits of the list.
func (Countries) JSONSchemaExtend(s *jsonschema.Schema) { limit(s, 300, 100) }

// limit sets the maximum number of items and requires unique items. If maxLength is not 0, each item
// must have 1 to maxLength characters.
func limit(s *jsonschema.Schema, maxItems, maxLength uint64) {
	s.MaxItems, s.UniqueItems = &maxItems, true
	if maxLength > 0 {
		minLength := uint64(1)
		s.Items.MinLength, s.Items.MaxLength = &minLength, &maxLength
	}
}
