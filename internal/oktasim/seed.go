package oktasim

import (
	"embed"
	"encoding/json"
	"time"
)

//go:embed data
var data embed.FS

// read decodes a JSON file of the folder data.
func read[T any](name string) T { return must(readStrict[T](must(data.ReadFile("data/" + name)))) }

var (
	// emptyEvent has all members of an event, without values.
	emptyEvent = read[doc]("event.json")
	// displayMessages are Okta's display messages for the event types of the org.
	displayMessages = read[map[string]string]("messages.json")
	// shapes are templates of the JSON objects in Okta's responses. A text {name} in them is replaced by a
	// value.
	shapes = read[map[string]doc]("shapes.json")
	// roleTypes are the standard roles. factorTypes are the types of factors.
	roleTypes   = read[map[string]roleType]("roles.json")
	factorTypes = read[map[string]factorType]("factors.json")
	// operationLinks maps each status of a user to the operations that Okta offers and to their paths below the
	// user.
	operationLinks = read[map[string]map[string]string]("user-operations.json")
)

// seed runs the control commands of a file. Each command runs at its age before now.
func (o *Org) seed(name string, now time.Time) {
	for _, s := range read[[]struct {
		Command, Age string
		Body         json.RawMessage
	}](name) {
		c := first(commands, func(c command) bool { return c.path == s.Command && c.create != nil })
		must(c.create(o, s.Body, now.Add(-must(time.ParseDuration(s.Age)))))
	}
}

// seedAll creates the content of every org: the group Everyone, Okta's network zones, and the owner of the API token.
// For the demo it adds the small company. The content depends only on the time.
func (o *Org) seedAll(demo bool, now time.Time) {
	o.seed("empty.json", now)
	must(o.insertAPIToken(NewAPIToken{Token: o.token, User: "okta.admin@corp.example"}, now))
	if demo {
		o.seed("demo.json", now)
		blocked := first(o.zones, func(z *zone) bool { return z.Name == ZoneBlocked })
		blocked.Gateways = []zoneAddress{addressFrom("192.0.2.0/24")}
	}
}
