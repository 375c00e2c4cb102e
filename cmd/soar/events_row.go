package main

import (
	"cmp"
	"strings"
)

// eventRow is an event in a table: when, what, who, from where, with what result. An
// event can have any of the shapes that the parameter format offers.
func eventRow(e any) []string {
	return []string{
		cmp.Or(text(e, "published"), text(e, "@timestamp"), text(e, "attributes", "timestamp")),
		cmp.Or(text(e, "eventType"), text(e, "event", "action"), text(e, "attributes", "event_code_or_type"), text(e, "event_type", "key")),
		eventActor(e), eventAddress(e), eventResult(e),
	}
}

// eventFacts are what one line says of an event besides its time and type.
func eventFacts(e any) string {
	var facts []string
	country := cmp.Or(text(e, "client", "geographicalContext", "country"), text(e, "source", "geo", "country_name"),
		text(e, "attributes", "ip_geolocation_or_asn", "country"))
	for _, f := range []string{eventActor(e), eventAddress(e), country, eventResult(e)} {
		if f != "" {
			facts = append(facts, f)
		}
	}
	return strings.Join(facts, "  ")
}

func eventActor(e any) string {
	return cmp.Or(text(e, "actor", "alternateId"), text(e, "okta", "actor", "alternate_id"), text(e, "attributes", "username"))
}

func eventAddress(e any) string {
	return cmp.Or(text(e, "client", "ipAddress"), text(e, "source", "ip"), text(e, "attributes", "ip_address"))
}

func eventResult(e any) string {
	return cmp.Or(text(e, "outcome", "result"), text(e, "okta", "outcome", "result"), text(e, "attributes", "result"), text(e, "result"))
}
