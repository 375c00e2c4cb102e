// Package selection chooses System Log events by plain parameters: it says what
// Okta can be asked for, and matches every event locally as well.
package selection

//go:generate go run soar.example/okta/schema/describe

// A Selection says which events are wanted. Every parameter that is given must fit
// the event, a list fits if one of its items does, and no exclusion may.
type Selection struct {
	// Event types such as user.session.start, families such as user.session.*, or * for every event.
	EventTypes []string `json:"event_types" jsonschema:"minItems=1,maxItems=500,uniqueItems=true,example=user.account.report_suspicious_activity_by_enduser,example=user.session.*" jsonschema_extras:"x-options=list_event_types"`
	// Results that the event must have one of (outcome.result).
	Outcome []string `json:"outcome,omitempty" jsonschema:"uniqueItems=true,enum=SUCCESS,enum=FAILURE,enum=SKIPPED,enum=ALLOW,enum=DENY,enum=CHALLENGE,enum=UNKNOWN,enum=RATE_LIMIT,enum=DEFERRED,enum=SCHEDULED,enum=ABANDONED,enum=UNANSWERED,example=FAILURE"`
	// Severities that the event must have one of.
	Severity []string `json:"severity,omitempty" jsonschema:"uniqueItems=true,enum=DEBUG,enum=INFO,enum=WARN,enum=ERROR,example=WARN"`
	// Actors: Okta IDs (20 letters and digits) or logins. Case does not matter in logins.
	Actor []string `json:"actor,omitempty" jsonschema:"maxItems=500,uniqueItems=true,minLength=1,maxLength=200,example=alice.moreau@corp.example"`
	// The event must have one of these targets: Okta IDs (20 letters and digits) or logins. Case does not matter in
	// logins.
	Target []string `json:"target,omitempty" jsonschema:"maxItems=500,uniqueItems=true,minLength=1,maxLength=200,example=00u1a2b3c4d5e6f7g8h9"`
	// Addresses, or ranges of them in CIDR notation, IPv4 or IPv6, that the request must have come from.
	ClientIP []string `json:"client_ip,omitempty" jsonschema:"title=Client address,maxItems=500,uniqueItems=true,minLength=1,maxLength=60,example=203.0.113.0/24"`
	// Countries that the request must have come from, by the English names that Okta gives them; case does not
	// matter.
	Country []string `json:"country,omitempty" jsonschema:"maxItems=300,uniqueItems=true,minLength=1,maxLength=100,example=France"`
	// Event types, and families of them, that are not wanted though event_types has them.
	ExcludeTypes []string `json:"exclude_types,omitempty" jsonschema:"title=Event types to leave out,maxItems=500,uniqueItems=true,example=user.session.access_admin_app" jsonschema_extras:"x-options=list_event_types,x-group=advanced"`
	// Ids or logins of those whose events are not wanted, as for actor.
	ExcludeActors []string `json:"exclude_actors,omitempty" jsonschema:"title=Actors to leave out,maxItems=500,uniqueItems=true,minLength=1,maxLength=200,example=svc.hr@corp.example" jsonschema_extras:"x-group=advanced"`
	// Addresses or ranges from where events are not wanted, as for client_ip.
	ExcludeIPs []string `json:"exclude_ips,omitempty" jsonschema:"title=Client addresses to leave out,maxItems=500,uniqueItems=true,minLength=1,maxLength=60,example=198.51.100.0/24" jsonschema_extras:"x-group=advanced"`
	// Countries from where events are not wanted, as for country.
	ExcludeCountries []string `json:"exclude_countries,omitempty" jsonschema:"title=Countries to leave out,maxItems=300,uniqueItems=true,minLength=1,maxLength=100,example=Germany" jsonschema_extras:"x-group=advanced"`
	// Whether events count that this connection's own login caused. By default they do not: what a playbook does must
	// not start it again.
	OwnEvents bool `json:"own_events,omitempty" jsonschema:"title=Own events too,default=false" jsonschema_extras:"x-group=advanced"`
}
