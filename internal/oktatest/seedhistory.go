package oktatest

import "time"

// place is where somebody signs in from. The addresses are those set aside for documentation.
type place struct {
	ip, city, state, country string
	lat, lon                 float64
	agent, os, browser       string
	asNumber                 int
	asOrg                    string
}

var (
	lyon = place{
		"198.51.100.23", "Lyon", "Auvergne-Rhone-Alpes", "France", 45.76, 4.84,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		"Windows 10", "CHROME", 64496, "example broadband",
	}
	dublin = place{
		"198.51.100.77", "Dublin", "Leinster", "Ireland", 53.35, -6.26,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
		"Mac OS X", "SAFARI", 64497, "example fibre",
	}
	unknownHost = place{
		"203.0.113.66", "Bucharest", "Bucuresti", "Romania", 44.43, 26.1,
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Linux", "FIREFOX", 64511, "example hosting",
	}
)

// history is what happened in the hour before the org began, by minutes before now.
var history = []struct {
	minutes int
	login   string
	event   string
	result  string
	reason  any
	from    place
}{
	{58, "ben.okafor@corp.example", "user.session.start", "SUCCESS", nil, dublin},
	{55, "ben.okafor@corp.example", "user.authentication.sso", "SUCCESS", nil, dublin},
	{52, "chloe.tan@corp.example", "user.session.start", "SUCCESS", nil, dublin},
	{49, "elena.rossi@corp.example", "user.session.start", "FAILURE", "INVALID_CREDENTIALS", lyon},
	{48, "elena.rossi@corp.example", "user.session.start", "FAILURE", "INVALID_CREDENTIALS", lyon},
	{48, "elena.rossi@corp.example", "user.session.start", "FAILURE", "INVALID_CREDENTIALS", lyon},
	{47, "elena.rossi@corp.example", "user.account.lock", "FAILURE", "LOCKED_OUT", lyon},
	{40, "alice.moreau@corp.example", "user.session.start", "SUCCESS", nil, lyon},
	{38, "alice.moreau@corp.example", "user.authentication.sso", "SUCCESS", nil, lyon},
	{33, "david.lindqvist@corp.example", "user.session.start", "SUCCESS", nil, lyon},
	{27, "chloe.tan@corp.example", "user.authentication.sso", "SUCCESS", nil, dublin},
	{25, "alice.moreau@corp.example", "user.session.start", "SUCCESS", nil, lyon},
	{21, "reception@corp.example", "user.session.start", "SUCCESS", nil, lyon},
	{16, "alice.moreau@corp.example", "user.session.start", "FAILURE", "INVALID_CREDENTIALS", unknownHost},
	{15, "alice.moreau@corp.example", "user.session.start", "FAILURE", "INVALID_CREDENTIALS", unknownHost},
	{10, "alice.moreau@corp.example", "user.session.start", "SUCCESS", nil, unknownHost},
	{9, "alice.moreau@corp.example", "user.authentication.sso", "SUCCESS", nil, unknownHost},
	{4, "ben.okafor@corp.example", "user.authentication.sso", "SUCCESS", nil, dublin},
}

func (o *Org) seedHistory(now time.Time) {
	for i, h := range history {
		// Some seconds and milliseconds keep the history from looking like a timetable.
		at := now.Add(-time.Duration(h.minutes)*time.Minute + time.Duration(7*i%50)*time.Second + time.Duration(137*i%1000)*time.Millisecond)
		u := must(o.findUser(h.login))
		geo := map[string]any{
			"city": h.from.city, "state": h.from.state, "country": h.from.country, "postalCode": nil,
			"geolocation": map[string]any{"lat": h.from.lat, "lon": h.from.lon},
		}
		severity := "INFO"
		if h.result == "FAILURE" {
			severity = "WARN"
		}
		e := Event{
			"published": stamp(at), "persisted": stamp(at.Add(300 * time.Millisecond)),
			"eventType": h.event, "severity": severity, "actor": userTarget(u),
			"outcome": map[string]any{"result": h.result, "reason": h.reason},
			"client": map[string]any{
				"userAgent":           map[string]any{"rawUserAgent": h.from.agent, "os": h.from.os, "browser": h.from.browser},
				"zone":                "null",
				"device":              "Computer",
				"ipAddress":           h.from.ip,
				"geographicalContext": geo,
			},
			"securityContext": map[string]any{
				"asNumber": h.from.asNumber, "asOrg": h.from.asOrg, "isp": h.from.asOrg, "domain": nil, "isProxy": false,
			},
			"request": map[string]any{"ipChain": []any{map[string]any{
				"ip": h.from.ip, "geographicalContext": geo, "version": "V4", "source": nil,
			}}},
			"debugContext": map[string]any{"debugData": map[string]any{"requestUri": "/idp/idx/identify"}},
		}
		if h.event == "user.authentication.sso" {
			e["target"] = []any{map[string]any{
				"id": "0oa2k9m4x7Qw1Zr8A5d7", "type": "AppInstance", "alternateId": "Payroll", "displayName": "Payroll", "detailEntry": nil,
			}}
		}
		if h.result == "SUCCESS" {
			e["authenticationContext"] = map[string]any{"externalSessionId": o.fresh.sessionID()}
		}
		o.log.add(must(o.store(e, now)))
	}
}
