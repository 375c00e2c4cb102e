package ecs

import "slices"

// expected holds the types that ECS foresees for each category
// (https://www.elastic.co/guide/en/ecs/8.17/ecs-allowed-values-event-category.html).
// Categories that no Okta event belongs to are not in it.
var expected = map[string][]string{
	"api":                 {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
	"authentication":      {"start", "end", "info"},
	"configuration":       {"access", "change", "creation", "deletion", "info"},
	"database":            {"access", "change", "info", "error"},
	"email":               {"info"},
	"file":                {"access", "change", "creation", "deletion", "info"},
	"host":                {"access", "change", "end", "info", "start"},
	"iam":                 {"admin", "change", "creation", "deletion", "group", "info", "user"},
	"intrusion_detection": {"allowed", "denied", "info"},
	"network":             {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
	"process":             {"access", "change", "end", "info", "start"},
	"session":             {"start", "end", "info"},
}

// nearestTypes says which type stands in, in order of preference, where ECS does
// not foresee the one that the name of an event asks for.
var nearestTypes = map[string][]string{
	"creation": {"start", "change"},
	"deletion": {"end", "change"},
	"start":    {},
	"end":      {},
	"change":   {},
	"access":   {},
	"denied":   {},
	"allowed":  {},
}

// fit returns typ, or the nearest type that ECS foresees for one of categories.
func fit(typ string, categories []string) string {
	for _, t := range append([]string{typ}, nearestTypes[typ]...) {
		for _, c := range categories {
			if slices.Contains(expected[c], t) {
				return t
			}
		}
	}
	return "info"
}
