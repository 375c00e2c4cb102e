package oktatest

import (
	"slices"
	"strings"
)

// open marks an attribute below which anything may be asked for.
var open = []string{"*"}

// logAttributes are the attributes of an event that a filter may name, each with its parts. A part that has parts
// of its own is listed by its full name.
var logAttributes = map[string][]string{
	"uuid": nil, "eventType": nil, "version": nil, "severity": nil, "legacyEventType": nil, "displayMessage": nil,
	"actor":                  {"id", "type", "alternateId", "displayName", "detailEntry"},
	"actor.detailEntry":      open,
	"target":                 {"id", "type", "alternateId", "displayName", "detailEntry", "changeDetails"},
	"target.detailEntry":     open,
	"target.changeDetails":   open,
	"client":                 {"id", "userAgent", "zone", "device", "ipAddress", "geographicalContext"},
	"client.userAgent":       {"rawUserAgent", "os", "browser"},
	"outcome":                {"result", "reason"},
	"transaction":            {"id", "type", "detail"},
	"transaction.detail":     open,
	"debugContext":           {"debugData"},
	"debugContext.debugData": open,
	"device":                 open,
	"authenticationContext": {
		"authenticationProvider", "credentialProvider", "credentialType", "issuer", "interface", "authenticationStep",
		"rootSessionId", "externalSessionId",
	},
	"authenticationContext.issuer": {"id", "type"},
	"securityContext": {
		"asNumber", "asOrg", "isp", "domain", "isProxy", "risk", "userBehaviors", "ipDetails", "botProtection",
	},
	"securityContext.risk":          open,
	"securityContext.userBehaviors": open,
	"securityContext.ipDetails":     open,
	"securityContext.botProtection": open,
	"request":                       {"ipChain"},
	"request.ipChain":               {"ip", "version", "source", "geographicalContext", "ipDetails"},
	"request.ipChain.ipDetails":     open,

	"client.geographicalContext":                      geographical,
	"client.geographicalContext.geolocation":          {"lat", "lon"},
	"request.ipChain.geographicalContext":             geographical,
	"request.ipChain.geographicalContext.geolocation": {"lat", "lon"},
}

var geographical = []string{"city", "state", "country", "postalCode", "geolocation"}

// isLogAttribute walks a dotted name down the table.
func isLogAttribute(name string) bool {
	first, rest, _ := strings.Cut(name, ".")
	if _, ok := logAttributes[first]; !ok {
		return false
	}
	at := first
	for rest != "" {
		parts := logAttributes[at]
		if slices.Equal(parts, open) {
			return true
		}
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		if !slices.Contains(parts, part) {
			return false
		}
		at += "." + part
	}
	return true
}

// parseLogFilter reads the filter of a log query and refuses what the log cannot evaluate.
func parseLogFilter(text string) (filterExpr, error) {
	e, err := parseFilter(text)
	if err != nil {
		return nil, oktaErrorf("E0000053", "Invalid filter '%s': %v", text, err)
	}
	err = e.visit(func(c *comparison) error {
		switch {
		case !isLogAttribute(c.attribute):
			// This includes published, which since and until are for.
			return oktaErrorf("E0000053", "field is not valid: %s", c.attribute)
		case c.operator == "co" && (c.attribute == "debugContext.debugData.url" || c.attribute == "debugContext.debugData.requestUri"):
			return unsupported(c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}
