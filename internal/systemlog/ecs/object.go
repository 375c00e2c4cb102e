package ecs

import (
	"slices"
	"strings"
)

// kind is the kind of value of a member in Okta's events.
type kind uint8

const (
	text     kind = iota // a string
	loose                // a string or a number
	long                 // a non-negative integer
	asNumber             // the number of an autonomous system; asOrg follows it in the document
	boolean              // true or false
	address              // a location in two slots
	point                // a location; it takes two slots
	objects              // a list of objects with undocumented members
	open                 // an object with undocumented members
	detail               // like open, with the ID of an API token
	nested               // an object
	listOf               // a list of objects
	debug                // like open, with some members that are fields
	kept                 // a field of debug that is also kept among the members
	risk                 // like kept; Okta's risk assessment is written at its position
)

// A field is a documented member: its name, its name under okta in the document (or ""), its kind,
// and its members.
type field struct {
	name, ecs string
	kind      kind
	of        *object
	slot      int // index of its value, relative to its object
}

// An object is a kind of object in Okta's events. Its slots are its header, then its fields in the
// order of the document.
type object struct {
	fields []field
	index  [128]uint8 // indexes of the fields by hash, starting at 1
	size   int
}

func newObject(fields ...field) *object {
	o := &object{fields: slices.Clone(fields), size: 1}
	for i := range o.fields {
		f := &o.fields[i]
		f.slot = o.size
		switch f.kind {
		case point:
			o.size += 2
		case nested, debug:
			o.size += f.of.size
		default:
			o.size++
		}
		if f.ecs != "" {
			f.ecs = `"` + f.ecs + `":`
		}
		h := hash(f.name)
		for o.index[h&127] != 0 {
			h++
		}
		o.index[h&127] = uint8(i + 1)
	}
	return o
}

// hash returns different slots for the names of one object.
func hash(name string) int { return len(name) + 3*int(name[0]) + 8*int(name[len(name)-1]) }

// find returns the field with that name, or nil.
func (o *object) find(name string) *field {
	if name == "" {
		return nil
	}
	for h := hash(name); ; h++ {
		i := o.index[h&127]
		if i == 0 {
			return nil
		}
		if f := &o.fields[i-1]; f.name == name {
			return f
		}
	}
}

// at returns the slot of the field at a path of names.
func (o *object) at(path string) int {
	slot := 0
	for name := range strings.SplitSeq(path, ".") {
		f := o.find(name)
		slot += f.slot
		o = f.of
	}
	return slot
}

// The objects of an event as Okta documents them, with the names of Elastic's Okta integration.
var (
	partyFields = []field{
		{name: "id", ecs: "id"},
		{name: "type", ecs: "type"},
		{name: "alternateId", ecs: "alternate_id"},
		{name: "displayName", ecs: "display_name"},
		{name: "detailEntry", ecs: "detailEntry", kind: open},
	}
	actorObject  = newObject(partyFields...)
	changeObject = newObject(
		field{name: "from", ecs: "from", kind: open},
		field{name: "to", ecs: "to", kind: open},
	)
	targetObject = newObject(append(partyFields, field{name: "changeDetails", ecs: "changeDetails", kind: nested, of: changeObject})...)
	geoObject    = newObject(
		field{name: "city", ecs: "city"},
		field{name: "state", ecs: "state"},
		field{name: "country", ecs: "country"},
		field{name: "postalCode", ecs: "postal_code", kind: loose},
		field{name: "geolocation", ecs: "geolocation", kind: point},
	)
	hopObject = newObject(
		field{name: "ip", ecs: "ip", kind: address},
		field{name: "version", ecs: "version"},
		field{name: "source", ecs: "source"},
		field{name: "ipDetails", ecs: "ip_details", kind: open},
		field{name: "geographicalContext", ecs: "geographical_context", kind: nested, of: geoObject},
	)
	clientObject = newObject(
		field{name: "id", ecs: "id"},
		field{name: "ipAddress", ecs: "ip", kind: address},
		field{name: "zone", ecs: "zone"},
		field{name: "device", ecs: "device"},
		field{name: "userAgent", ecs: "user_agent", kind: nested, of: newObject(
			field{name: "rawUserAgent", ecs: "raw_user_agent"},
			field{name: "os", ecs: "os"},
			field{name: "browser", ecs: "browser"},
		)},
		field{name: "geographicalContext", kind: nested, of: geoObject},
	)
	deviceObject = newObject(
		field{name: "id", ecs: "id"},
		field{name: "name", ecs: "name"},
		field{name: "os_platform", ecs: "os_platform"},
		field{name: "os_version", ecs: "os_version"},
		field{name: "disk_encryption_type", ecs: "disk_encryption_type"},
		field{name: "screen_lock_type", ecs: "screen_lock_type"},
		field{name: "managed", ecs: "managed", kind: boolean},
		field{name: "registered", ecs: "registered", kind: boolean},
		field{name: "secure_hardware_present", ecs: "secure_hardware_present", kind: boolean},
		field{name: "jailbreak", ecs: "jailbreak", kind: boolean},
		field{name: "device_integrator", ecs: "device_integrator", kind: open},
	)
	issuerObject = newObject(
		field{name: "id", ecs: "id"},
		field{name: "type", ecs: "type"},
	)
	authenticationObject = newObject(
		field{name: "authenticationProvider", ecs: "authentication_provider"},
		field{name: "authenticationStep", ecs: "authentication_step", kind: long},
		field{name: "credentialProvider", ecs: "credential_provider"},
		field{name: "credentialType", ecs: "credential_type"},
		field{name: "externalSessionId", ecs: "external_session_id"},
		field{name: "rootSessionId", ecs: "root_session_id"},
		field{name: "interface", ecs: "interface"},
		field{name: "issuer", ecs: "issuer", kind: nested, of: issuerObject},
	)
	securityObject = newObject(
		field{name: "asNumber", ecs: "as", kind: asNumber},
		field{name: "asOrg"},
		field{name: "domain", ecs: "domain"},
		field{name: "isp", ecs: "isp"},
		field{name: "isProxy", ecs: "is_proxy", kind: boolean},
		field{name: "risk", ecs: "risk", kind: open},
		field{name: "ipDetails", ecs: "ip_details", kind: open},
		field{name: "botProtection", ecs: "bot_protection", kind: open},
		field{name: "userBehaviors", ecs: "user_behaviors", kind: objects},
	)
	outcomeObject = newObject(
		field{name: "result", ecs: "result"},
		field{name: "reason", ecs: "reason"},
	)
	transactionObject = newObject(
		field{name: "id", ecs: "id"},
		field{name: "type", ecs: "type"},
		field{name: "detail", ecs: "detail", kind: detail},
	)
	// Responders search most for these debug data.
	debugObject = newObject(
		field{name: "authnRequestId", ecs: "authnRequestId"},
		field{name: "clientSecret", ecs: "client_secret"},
		field{name: "deviceFingerprint", ecs: "device_fingerprint"},
		field{name: "dtHash", ecs: "dt_hash"},
		field{name: "factor", ecs: "factor"},
		field{name: "grantType", ecs: "grant_type"},
		field{name: "grantedScopes", ecs: "granted_scopes"},
		field{name: "requestId", ecs: "request_id"},
		field{name: "requestUri", ecs: "request_uri"},
		field{name: "requestedScopes", ecs: "requested_scopes"},
		field{name: "risk", ecs: "risk", kind: risk},
		field{name: "behaviors", kind: kept},
		field{name: "logOnlySecurityData", kind: kept},
		field{name: "threatSuspected", ecs: "threat_suspected"},
		field{name: "url", ecs: "url"},
	)
	eventObject = newObject(
		field{name: "uuid", ecs: "uuid"},
		field{name: "eventType", ecs: "event_type"},
		field{name: "legacyEventType", ecs: "legacy_event_type"},
		field{name: "published", ecs: "published"},
		field{name: "version", ecs: "version", kind: loose},
		field{name: "severity", ecs: "severity"},
		field{name: "displayMessage", ecs: "display_message"},
		field{name: "actor", ecs: "actor", kind: nested, of: actorObject},
		field{name: "target", ecs: "target", kind: listOf, of: targetObject},
		field{name: "client", ecs: "client", kind: nested, of: clientObject},
		field{name: "device", ecs: "device", kind: nested, of: deviceObject},
		field{name: "authenticationContext", ecs: "authentication_context", kind: nested, of: authenticationObject},
		field{name: "securityContext", ecs: "security_context", kind: nested, of: securityObject},
		field{name: "outcome", ecs: "outcome", kind: nested, of: outcomeObject},
		field{name: "transaction", ecs: "transaction", kind: nested, of: transactionObject},
		field{name: "request", ecs: "request", kind: nested, of: newObject(
			field{name: "ipChain", ecs: "ip_chain", kind: listOf, of: hopObject},
		)},
		field{name: "debugContext", ecs: "debug_context", kind: nested, of: newObject(
			field{name: "debugData", ecs: "debug_data", kind: debug, of: debugObject},
		)},
	)
)

// The slots of values that are used by name.
var (
	atUUID, atEventType, atPublished = eventObject.at("uuid"), eventObject.at("eventType"), eventObject.at("published")
	atSeverity, atMessage            = eventObject.at("severity"), eventObject.at("displayMessage")
	atActor, atTargets               = eventObject.at("actor"), eventObject.at("target")
	atClientID, atClientIP           = eventObject.at("client.id"), eventObject.at("client.ipAddress")
	atUserAgent                      = eventObject.at("client.userAgent.rawUserAgent")
	atBrowser                        = eventObject.at("client.userAgent.browser")
	atClientGeo                      = eventObject.at("client.geographicalContext")
	atDeviceID, atDeviceName         = eventObject.at("device.id"), eventObject.at("device.name")
	atAuthentication                 = eventObject.at("authenticationContext")
	atASNumber, atDomain             = eventObject.at("securityContext.asNumber"), eventObject.at("securityContext.domain")
	atOutcome, atResult              = eventObject.at("outcome"), eventObject.at("outcome.result")
	atTransaction                    = eventObject.at("transaction")
	atChain                          = eventObject.at("request.ipChain")
	atDebug                          = eventObject.at("debugContext.debugData")
	atDTHash, atThreat               = atDebug + debugObject.at("dtHash"), atDebug + debugObject.at("threatSuspected")
	atURL, atRequestURI              = atDebug + debugObject.at("url"), atDebug + debugObject.at("requestUri")
	atRisk, atBehaviors              = atDebug + debugObject.at("risk"), atDebug + debugObject.at("behaviors")
	atLogOnly                        = atDebug + debugObject.at("logOnlySecurityData")
	atChangedTo                      = targetObject.at("changeDetails.to") // relative to the header of a target
)
