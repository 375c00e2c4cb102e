package systemlog

import (
	"encoding/json"
	"slices"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

// Raw is one event, with exactly the bytes that Okta sent.
type Raw json.RawMessage

// MarshalJSON returns the bytes of the event.
func (r Raw) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// UnmarshalJSON stores a copy of b.
func (r *Raw) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(r).UnmarshalJSON(b) }

// JSONSchema returns the schema of [Event]. Unlike the documentation, it allows null and additional
// members everywhere, and numbers where Okta's examples have numbers. It shows the documented
// members to playbook authors and accepts every event that Okta is known to send.
func (Raw) JSONSchema() *jsonschema.Schema {
	s := schema.Of[Event]()
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Key, p.Value)
	}
	s.Required = []string{"uuid", "eventType", "published"}
	return s
}

// numericMembers lists members that Okta documents as strings but also sends as numbers. See the
// examples in https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/.
var numericMembers = []string{"version", "postalCode"}

// loosen changes s so that it allows null for every type and requires no member. s is the schema of
// the member called name, or of the items of this member.
func loosen(name string, s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Required = nil
	if s.Type != "" {
		types := []string{s.Type, "null"}
		if slices.Contains(numericMembers, name) {
			types = append(types, "number")
		}
		if s.Extras == nil {
			s.Extras = map[string]any{}
		}
		s.Extras["type"] = types
		s.Type = ""
	}
	loosen(name, s.Items)
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Key, p.Value)
	}
}

// Example is a realistic event for documentation, with null members: a user reports activity that
// they do not recognize.
var Example = Raw(`{
	"uuid": "5f0f0b5e-8c5e-11f0-9a3d-0f6e3c1d7a42",
	"published": "2026-03-14T02:41:07.512Z",
	"eventType": "user.account.report_suspicious_activity_by_enduser",
	"version": "0",
	"severity": "WARN",
	"displayMessage": "User report suspicious activity",
	"legacyEventType": "core.user.account.report_suspicious_activity_by_enduser",
	"actor": {"id": "00u1a2b3c4d5e6f7g8h9", "type": "User", "alternateId": "alice.moreau@corp.example", "displayName": "Alice Moreau", "detailEntry": null},
	"client": {
		"id": null, "device": "Computer", "ipAddress": "203.0.113.24", "zone": "null",
		"userAgent": {"rawUserAgent": "Mozilla/5.0", "os": "Mac OS X", "browser": "SAFARI"},
		"geographicalContext": {"city": "Lyon", "state": null, "country": "France", "postalCode": null, "geolocation": {"lat": 45.76, "lon": 4.83}}
	},
	"device": null,
	"authenticationContext": {
		"authenticationProvider": null, "authenticationStep": 0, "credentialProvider": null,
		"credentialType": null, "externalSessionId": "102nQZr7v9yT5mPq3sWx", "rootSessionId": null, "interface": null, "issuer": null},
	"outcome": {"result": "SUCCESS", "reason": null},
	"target": [{
		"id": "00u1a2b3c4d5e6f7g8h9", "type": "User", "alternateId": "alice.moreau@corp.example", "displayName": "Alice Moreau",
		"detailEntry": null, "changeDetails": null}],
	"transaction": {"id": "ZQxv0n3kTtu2y1mYw5a7pAAAB3k", "type": "WEB", "detail": {}},
	"debugContext": {"debugData": {"requestUri": "/api/internal/users/me/report_suspicious_activity"}},
	"securityContext": {"asNumber": 3215, "asOrg": "example network", "isp": "example network", "domain": null, "isProxy": false},
	"request": {"ipChain": [{"ip": "203.0.113.24", "version": "V4", "source": null, "geographicalContext": null}]}
}`)
