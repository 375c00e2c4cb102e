package oktatest

import "time"

// found makes what every org has: the group Everyone, Okta's network zones, and the user whose token the org accepts.
func (o *Org) found(now time.Time) {
	o.newGroup("", everyoneName, "All users in your organization", TypeBuiltIn, now)
	o.owner = o.newUser("", map[string]any{
		"login": "okta.admin@corp.example", "email": "okta.admin@corp.example", "firstName": "Okta", "lastName": "Admin",
	}, StatusActive, now)
	o.owner.hasPassword, o.owner.passwordChanged = true, now
	o.foundZones(now)
	must(o.placeRole(NewRole{User: o.owner.id, Type: superAdmin}, now))
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
		Sessions: 3, OAuthTokens: 2, RememberedDevices: 2, Profile: map[string]any{"title": "Treasurer", "department": "Finance"},
	},
	{
		Login: "ben.okafor@corp.example", FirstName: "Ben", LastName: "Okafor", Groups: []string{"Engineering", "VPN Users"},
		Sessions: 1, OAuthTokens: 1, RememberedDevices: 1, Profile: map[string]any{"title": "Site Reliability Engineer"},
	},
	{
		Login: "chloe.tan@corp.example", Email: "c.tan@mail.corp.example", FirstName: "Chloe", LastName: "Tan",
		Groups: []string{"Engineering"}, Sessions: 2, RememberedDevices: 1, Profile: map[string]any{"title": "Staff Engineer"},
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
		Profile: map[string]any{"title": "Front desk, mornings"},
	},
	{
		Login: "reception-late@corp.example", Email: "frontdesk@corp.example", FirstName: "Liam", LastName: "Byrne",
		Profile: map[string]any{"title": "Front desk, evenings"},
	},
	{
		Login: "maya.osei@corp.example", FirstName: "Maya", LastName: "Osei", Groups: []string{"Engineering"},
		Profile: map[string]any{"title": "Identity Administrator"},
	},
}

// demoAge is how long ago the demo's people and groups were made.
const demoAge = 30 * 24 * time.Hour

// seedDemo makes the small company. Everything in it follows from now.
func (o *Org) seedDemo(now time.Time) {
	past := now.Add(-demoAge)
	for _, g := range demoGroups {
		must(o.placeGroup(g, past))
	}
	for _, n := range demoUsers {
		sessions := n.Sessions
		n.Sessions = 0
		must(o.placeUser(n, past))
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
