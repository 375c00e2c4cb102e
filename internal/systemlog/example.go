package systemlog

// Example is an event as Okta sends one, nulls and all, for documentation: a user
// reports activity that was not theirs.
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
	"authenticationContext": {"authenticationProvider": null, "authenticationStep": 0, "credentialProvider": null, "credentialType": null, "externalSessionId": "102nQZr7v9yT5mPq3sWx", "rootSessionId": null, "interface": null, "issuer": null},
	"outcome": {"result": "SUCCESS", "reason": null},
	"target": [{"id": "00u1a2b3c4d5e6f7g8h9", "type": "User", "alternateId": "alice.moreau@corp.example", "displayName": "Alice Moreau", "detailEntry": null, "changeDetails": null}],
	"transaction": {"id": "ZQxv0n3kTtu2y1mYw5a7pAAAB3k", "type": "WEB", "detail": {}},
	"debugContext": {"debugData": {"requestUri": "/api/internal/users/me/report_suspicious_activity"}},
	"securityContext": {"asNumber": 3215, "asOrg": "example network", "isp": "example network", "domain": null, "isProxy": false},
	"request": {"ipChain": [{"ip": "203.0.113.24", "version": "V4", "source": null, "geographicalContext": null}]}
}`)
