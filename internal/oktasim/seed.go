package oktasim

import (
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// seedBasics makes the content of every org: the group Everyone, Okta's network zones, and the owner of the API token.
func (o *Org) seedBasics(now time.Time) {
	o.newGroup(NewGroup{Name: everyoneName, Description: "All users in your organization", Type: TypeBuiltIn}, now)
	owner := o.newUser("", doc{
		"login": "okta.admin@corp.example", "email": "okta.admin@corp.example", "firstName": "Okta", "lastName": "Admin",
	}, StatusActive, now)
	owner.hasPassword, owner.passwordChanged = true, now
	o.apiTokens[o.token] = &apiToken{o.stable.Object("00T"), owner}
	anyOf := func() any { return doc{"include": []any{}, "exclude": []any{}} }
	for _, body := range []zoneBody{
		{Type: "IP", Name: ZoneLegacy, Usage: "POLICY"},
		{Type: "IP", Name: ZoneBlocked, Usage: "BLOCKLIST"},
		{
			Type: "DYNAMIC_V2", Name: ZoneDynamic, Usage: "BLOCKLIST", Locations: anyOf(), ASNs: anyOf(),
			IPServiceCategories: doc{"include": []any{"ALL_ANONYMIZERS"}, "exclude": []any{}},
		},
	} {
		body.Status = statusActive
		o.newZone("", body, true, now)
	}
	must(o.insertRole(NewRole{User: owner.id, Type: superAdmin}, now))
}

var demoGroups = []NewGroup{
	{Name: "Quarantine", Description: "People whose access is cut while an incident is looked into"},
	{Name: "Engineering", Description: "Builds the product"},
	{Name: "Finance", Description: "Pays and is paid"},
	{Name: "VPN Users", Description: "May reach the internal network from outside"},
	{Name: "Contractors", Description: "Imported from the HR application", Type: TypeApp},
	{Name: "Contractors", Description: "Imported from the ticketing application", Type: TypeApp},
}

var demoUsers = []NewUser{
	{
		Login: "alice.moreau@corp.example", FirstName: "Alice", LastName: "Moreau", Groups: []string{"Finance", "VPN Users"},
		Sessions: 3, OAuthTokens: 2, RememberedDevices: 2, Profile: doc{"title": "Treasurer", "department": "Finance"},
	},
	{
		Login: "ben.okafor@corp.example", FirstName: "Ben", LastName: "Okafor", Groups: []string{"Engineering", "VPN Users"},
		Sessions: 1, OAuthTokens: 1, RememberedDevices: 1, Profile: doc{"title": "Site Reliability Engineer"},
	},
	{
		Login: "chloe.tan@corp.example", Email: "c.tan@mail.corp.example", FirstName: "Chloe", LastName: "Tan",
		Groups: []string{"Engineering"}, Sessions: 2, RememberedDevices: 1, Profile: doc{"title": "Staff Engineer"},
	},
	{Login: "david.lindqvist@corp.example", FirstName: "David", LastName: "Lindqvist", Groups: []string{"Finance"}, Sessions: 1},
	{Login: "elena.rossi@corp.example", FirstName: "Elena", LastName: "Rossi", Groups: []string{"Engineering"}, Status: StatusLockedOut},
	{Login: "farid.haddad@corp.example", FirstName: "Farid", LastName: "Haddad", Groups: []string{"Engineering"}, Status: StatusSuspended},
	{Login: "grace.kim@corp.example", FirstName: "Grace", LastName: "Kim", Groups: []string{"Finance"}, Status: StatusPasswordExpired},
	{Login: "hugo.silva@corp.example", FirstName: "Hugo", LastName: "Silva", Status: StatusStaged},
	{Login: "irina.petrova@corp.example", FirstName: "Irina", LastName: "Petrova", Status: StatusDeprovisioned},
	{Login: "jonas.weber@corp.example", FirstName: "Jonas", LastName: "Weber", Status: StatusProvisioned},
	{
		Login: "reception@corp.example", Email: "frontdesk@corp.example", FirstName: "Karin", LastName: "Novak", Sessions: 1,
		Profile: doc{"title": "Front desk, mornings"},
	},
	{
		Login: "reception-late@corp.example", Email: "frontdesk@corp.example", FirstName: "Liam", LastName: "Byrne",
		Profile: doc{"title": "Front desk, evenings"},
	},
	{
		Login: "maya.osei@corp.example", FirstName: "Maya", LastName: "Osei", Groups: []string{"Engineering"},
		Profile: doc{"title": "Identity Administrator"},
	},
}

// demoAge is the age of the demo's users and groups.
const demoAge = 30 * 24 * time.Hour

// seedDemo makes the small company. All of its content follows from the time.
func (o *Org) seedDemo(now time.Time) {
	past := now.Add(-demoAge)
	for _, g := range demoGroups {
		must(o.insertGroup(g, past))
	}
	for _, n := range demoUsers {
		sessions := n.Sessions
		n.Sessions = 0
		must(o.insertUser(n, past))
		u := must(o.findUser(n.Login))
		for i := range sessions {
			o.signIn(u, now.Add(-time.Duration(10+15*i)*time.Minute))
		}
		if sessions > 0 {
			u.lastLogin = now.Add(-10 * time.Minute)
		}
	}
	for _, g := range o.groups {
		if g.kind == TypeApp {
			g.add(must(o.findUser("ben.okafor@corp.example")), past)
		}
	}
	o.seedAccess(past)
	o.seedHistory(now)
}

// demoPayroll is the application in the demo's history.
const demoPayroll = "0oa2k9m4x7Qw1Zr8A5d7"

var demoDevices = []NewDevice{
	{
		Name: "alice-laptop", Platform: "WINDOWS", Managed: true, Users: []string{"alice.moreau@corp.example"},
		Profile: doc{"manufacturer": "Example Computers", "model": "Slim 14", "osVersion": "10.0.26100", "serialNumber": "EX-0014-2207"},
	},
	{
		Name: "ben-phone", Platform: "IOS", Users: []string{"ben.okafor@corp.example"},
		Profile: doc{"manufacturer": "Example Phones", "model": "One", "osVersion": "18.5"},
	},
	{Name: "front-desk", Platform: "WINDOWS", Users: []string{"reception@corp.example", "reception-late@corp.example"}},
}

var demoFactors = []NewFactor{
	{User: "alice.moreau@corp.example", Type: "push"},
	{User: "alice.moreau@corp.example", Type: "sms"},
	{User: "ben.okafor@corp.example", Type: "push"},
	{User: "ben.okafor@corp.example", Type: "token:software:totp"},
	{User: "maya.osei@corp.example", Type: "webauthn"},
	{User: "elena.rossi@corp.example", Type: "question"},
}

var demoApps = []NewApp{
	{ID: demoPayroll, Label: "Payroll"},
	{Label: "Mail", Name: "google", SignOnMode: "SAML_2_0"},
	{Label: "Expenses", SignOnMode: "BROWSER_PLUGIN"},
	{Label: "Source Code"},
}

var demoAssignments = map[string][]string{
	"Payroll":     {"alice.moreau@corp.example", "david.lindqvist@corp.example"},
	"Mail":        {"alice.moreau@corp.example", "ben.okafor@corp.example", "chloe.tan@corp.example"},
	"Expenses":    {"alice.moreau@corp.example"},
	"Source Code": {"ben.okafor@corp.example", "chloe.tan@corp.example"},
}

var demoRoles = []NewRole{
	{User: "maya.osei@corp.example", Type: superAdmin},
	{User: "ben.okafor@corp.example", Type: "HELP_DESK_ADMIN"},
}

var defaultPolicy = doc{"description": "Holds where no other policy does"}

var demoPolicies = []NewPolicy{
	{Type: "OKTA_SIGN_ON", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "PASSWORD", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "MFA_ENROLL", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "ACCESS_POLICY", Name: "Any two factors"},
}

// seedAccess gives the demo's users factors, devices, applications, roles and grants.
func (o *Org) seedAccess(past time.Time) {
	for _, n := range demoDevices {
		must(o.insertDevice(n, past))
	}
	for _, n := range demoFactors {
		must(o.insertFactor(n, past))
	}
	for _, n := range demoApps {
		a := must(o.insertApp(n, past))
		for _, login := range demoAssignments[a.Label] {
			must(o.insertAssignment(NewAssignment{App: a.ID, User: login}, past))
		}
	}
	for _, n := range demoRoles {
		must(o.insertRole(n, past))
	}
	for _, n := range demoPolicies {
		must(o.insertPolicy(n, past))
	}
	u := must(o.findUser("alice.moreau@corp.example"))
	must(o.insertGrant(NewGrant{User: u.id, Client: o.appNamed("Mail").id, Scopes: []string{"openid", "offline_access"}}, past))
	for _, z := range o.zones {
		if z.Name == ZoneBlocked {
			z.Gateways = []zoneAddress{addressFrom("192.0.2.0/24")}
		}
	}
}

// origin is the network and the browser of a sign-in. The addresses are reserved for documentation.
type origin struct {
	ip, city, state, country string
	lat, lon                 float64
	agent, os, browser       string
	asNumber                 int
	asOrg                    string
}

var (
	lyon = origin{
		"198.51.100.23", "Lyon", "Auvergne-Rhone-Alpes", "France", 45.76, 4.84,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		"Windows 10", "CHROME", 64496, "example broadband",
	}
	dublin = origin{
		"198.51.100.77", "Dublin", "Leinster", "Ireland", 53.35, -6.26,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
		"Mac OS X", "SAFARI", 64497, "example fibre",
	}
	unknownHost = origin{
		"203.0.113.66", "Bucharest", "Bucuresti", "Romania", 44.43, 26.1,
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Linux", "FIREFOX", 64511, "example hosting",
	}
)

// history holds the events of the hour before the org began, by minutes before now.
var history = []struct {
	minutes int
	login   string
	event   string
	result  string
	reason  any
	from    origin
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
		// Seconds and milliseconds make the history look real.
		at := now.Add(-time.Duration(h.minutes)*time.Minute + time.Duration(7*i%50)*time.Second + time.Duration(137*i%1000)*time.Millisecond)
		u := must(o.findUser(h.login))
		geo := doc{
			"city": h.from.city, "state": h.from.state, "country": h.from.country, "postalCode": nil,
			"geolocation": doc{"lat": h.from.lat, "lon": h.from.lon},
		}
		severity := "INFO"
		if h.result == "FAILURE" {
			severity = "WARN"
		}
		e := Event{
			"published": wire.Stamp(at), "persisted": wire.Stamp(at.Add(300 * time.Millisecond)),
			"eventType": h.event, "severity": severity, "actor": u.target(),
			"outcome": doc{"result": h.result, "reason": h.reason},
			"client": doc{
				"userAgent":           doc{"rawUserAgent": h.from.agent, "os": h.from.os, "browser": h.from.browser},
				"zone":                "null",
				"device":              "Computer",
				"ipAddress":           h.from.ip,
				"geographicalContext": geo,
			},
			"securityContext": doc{
				"asNumber": h.from.asNumber, "asOrg": h.from.asOrg, "isp": h.from.asOrg, "domain": nil, "isProxy": false,
			},
			"request": doc{"ipChain": []any{doc{
				"ip": h.from.ip, "geographicalContext": geo, "version": "V4", "source": nil,
			}}},
			"debugContext": doc{"debugData": doc{"requestUri": "/idp/idx/identify"}},
		}
		if h.event == "user.authentication.sso" {
			e["target"] = []any{target(demoPayroll, "AppInstance", "Payroll", "Payroll")}
		}
		if h.result == "SUCCESS" {
			e["authenticationContext"] = doc{"externalSessionId": o.newSessionID()}
		}
		must(o.insertEvents([]Event{e}, now))
	}
}
