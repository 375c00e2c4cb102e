package oktatest

import "time"

// demoPayroll is the application that the demo's history shows people opening.
const demoPayroll = "0oa2k9m4x7Qw1Zr8A5d7"

var demoDevices = []NewDevice{
	{
		Name: "alice-laptop", Platform: "WINDOWS", Managed: true, Users: []string{"alice.moreau@corp.example"},
		Profile: map[string]any{"manufacturer": "Example Computers", "model": "Slim 14", "osVersion": "10.0.26100", "serialNumber": "EX-0014-2207"},
	},
	{
		Name: "ben-phone", Platform: "IOS", Users: []string{"ben.okafor@corp.example"},
		Profile: map[string]any{"manufacturer": "Example Phones", "model": "One", "osVersion": "18.5"},
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

var defaultPolicy = map[string]any{"description": "Holds where no other policy does"}

var demoPolicies = []NewPolicy{
	{Type: "OKTA_SIGN_ON", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "PASSWORD", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "MFA_ENROLL", Name: "Default Policy", System: true, Document: defaultPolicy},
	{Type: "ACCESS_POLICY", Name: "Any two factors"},
}

// seedAccess gives the demo's people what they sign in with, and what they reach by it.
func (o *Org) seedAccess(past time.Time) {
	for _, n := range demoDevices {
		must(o.placeDevice(n, past))
	}
	for _, n := range demoFactors {
		must(o.placeFactor(n, past))
	}
	for _, n := range demoApps {
		a := must(o.placeApp(n, past))
		for _, login := range demoAssignments[a.label] {
			must(struct{}{}, o.placeAssignment(NewAssignment{App: a.id, User: login}, past))
		}
	}
	for _, n := range demoRoles {
		must(o.placeRole(n, past))
	}
	for _, n := range demoPolicies {
		must(o.placePolicy(n, past))
	}
	u := must(o.findUser("alice.moreau@corp.example"))
	must(o.placeGrant(NewGrant{User: u.id, Client: o.appNamed("Mail").id, Scopes: []string{"openid", "offline_access"}}, past))
	for _, z := range o.zones {
		if z.Name == ZoneBlocked {
			z.Gateways = addressesFrom([]string{"192.0.2.0/24"})
		}
	}
}
