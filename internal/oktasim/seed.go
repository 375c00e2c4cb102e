package oktasim

import (
	"embed"
	"encoding/json"
	"time"
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

//go:embed data
var data embed.FS

// read decodes a JSON file of the folder data.
func read[T any](name string) T { return must(readStrict[T](must(data.ReadFile("data/" + name)))) }

var (
	// emptyEvent has the shape of every event and no content.
	emptyEvent = read[doc]("event.json")
	// shapes are the JSON objects of Okta's responses. A text {name} in them stands for a value.
	shapes = read[map[string]doc]("shapes.json")
	// roleTypes are the standard roles.
	roleTypes = read[map[string]roleType]("roles.json")
	// displayMessages are Okta's sentences for the event types of the org.
	displayMessages = read[map[string]string]("messages.json")
)

// step is a control command that ran some time before the org began.
type step struct {
	Command string          `json:"command"`
	Age     string          `json:"age"`
	Body    json.RawMessage `json:"body"`
}

// seedDemo makes the small company of demo.json. All of its content follows from the time.
func (o *Org) seedDemo(now time.Time) {
	for _, s := range read[[]step]("demo.json") {
		c := first(commands, func(c command) bool { return c.path == s.Command && c.create != nil })
		must(c.create(o, s.Body, now.Add(-must(time.ParseDuration(s.Age)))))
	}
	blocked := first(o.zones, func(z *zone) bool { return z.Name == ZoneBlocked })
	blocked.Gateways = []zoneAddress{addressFrom("192.0.2.0/24")}
}
