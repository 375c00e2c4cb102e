package emm

import (
	"strings"
)

// A Class is what an event type of Okta is in the matrix.
type Class struct {
	// Category of the matrix, such as C0001 authentication.
	Category Code `json:"category"`
	// Event type of the matrix, such as ET0001 account_login.
	EventType Code  `json:"event_type"`
	Basis     Basis `json:"basis" jsonschema:"enum=rule,enum=verb,enum=default"` // What the classification rests on.
}

// Basis is what a classification rests on, from the surest to the least.
type Basis string

const (
	// ByRule is a rule for the event type or its family.
	ByRule Basis = "rule"
	// ByVerb is the last verb in the name of a type whose family no rule knows: a
	// resource is created, read, updated or deleted.
	ByVerb Basis = "verb"
	// ByDefault is nothing: a type without a family or a verb that is known counts as a
	// resource read, which claims the least.
	ByDefault Basis = "default"
)

// Classify says what an event type of Okta is in the matrix. It never fails: see
// [Basis] for how it answers for types that it does not know.
func Classify(oktaType string) Class {
	et, basis := classify(oktaType)
	return Class{Category: et.category(), EventType: eventTypes[et], Basis: basis}
}

func classify(oktaType string) (eventType, Basis) {
	for i := range rules {
		if !compiled[i].matches(oktaType) {
			continue
		}
		r := &rules[i]
		if r.is != 0 {
			return r.is, ByRule
		}
		done := lastVerb(oktaType)
		if done == 0 {
			done = r.verb
		}
		return becomes[r.object][done], ByRule
	}
	if done := lastVerb(oktaType); done != 0 {
		return becomes[resource][done], ByVerb
	}
	return readResource, ByDefault
}

// compiled are the rules' patterns, taken apart once: most events are tried on most of
// them.
var compiled = func() []shape {
	shapes := make([]shape, len(rules))
	for i := range rules {
		s := &shapes[i]
		s.before, s.after, s.wild = strings.Cut(rules[i].pattern, "*")
		s.middle, s.open = strings.CutSuffix(s.after, "*")
	}
	return shapes
}()

// shape is a pattern: all of it in before, or what stands before a * and after it. If
// what is after ends with another *, it is open, and the middle may be anywhere.
type shape struct {
	before, after, middle string
	wild, open            bool
}

func (s *shape) matches(oktaType string) bool {
	switch {
	case !s.wild:
		return s.before == oktaType
	case !strings.HasPrefix(oktaType, s.before) || len(oktaType) <= len(s.before)+len(s.after):
		return false
	case s.open:
		return strings.Contains(oktaType[len(s.before):], s.middle)
	default:
		return strings.HasSuffix(oktaType, s.after)
	}
}

// lastVerb looks for a verb from the end of the name on, since a name goes from the
// general to the special: "policy.rule.update" updates. Within a part the first
// counts: "add_to_project" adds.
func lastVerb(oktaType string) verb {
	last := true
	for rest := oktaType; rest != ""; last = false {
		part := rest
		if dot := strings.LastIndexByte(rest, '.'); dot >= 0 {
			rest, part = rest[:dot], rest[dot+1:]
		} else {
			rest = ""
		}
		for part != "" {
			word, more, _ := strings.Cut(part, "_")
			if v := verbOf(word, last); v != 0 {
				return v
			}
			part = more
		}
	}
	return 0
}

// verb is what is done.
type verb uint8

const (
	reads verb = iota + 1
	creates
	updates
	deletes
	downloads
	queries
)

// verbOf returns what a word of an event type says is done; 0 if it says nothing. A
// word of the last part may be weaker than one before it, where nouns are the rule:
// there only the plain verbs count.
func verbOf(word string, last bool) verb {
	switch word {
	case "create", "created", "add", "register", "issue", "enroll", "grant":
		return creates
	case "delete", "deleted", "remove", "removed", "deprovision", "revoke":
		return deletes
	case "update", "updated":
		return updates
	case "read", "reveal", "detected", "discovered":
		return reads
	case "download", "export":
		return downloads
	case "query", "search":
		return queries
	}
	if !last {
		return 0
	}
	switch word {
	case "bootstrap", "clone", "generate", "import", "new", "provision", "publish", "upsert":
		return creates
	case "deletion", "removal", "unassign":
		return deletes
	case "activate", "activated", "apply", "applied", "approve", "assign", "bind", "cancel", "canceled", "cancelled", "change", "changed",
		"classify", "close", "confirm", "deactivate", "deactivated", "decide", "deny", "disable", "disabled", "duplicate", "enable",
		"enabled", "expire", "failback", "failover", "hold", "ignore", "invalidate", "launch", "lock", "make", "move", "open", "overwrite",
		"promote", "push", "reactivate", "reassign", "reauthorize", "reject", "remediate", "rename", "renamed", "renew", "reset",
		"resolve", "restore", "revert", "rollback", "rollover", "rotate", "save", "schedule", "scheduled", "set", "stage", "suspend",
		"sync", "unlock", "unsuspend", "upgrade", "write":
		return updates
	case "check", "checkin", "checkout", "complete", "completed", "connect", "delivery", "detect", "disconnect", "discover", "error", "evaluate",
		"executed", "failed", "failure", "processed", "reconnect", "run", "send", "sent", "show", "upload", "validate", "verified",
		"verify", "view", "violation", "warn", "warning":
		return reads
	case "downloaded":
		return downloads
	}
	return 0
}

// becomes is what a verb done to an object is in the matrix, which has no event for
// every pair: the nearest it has.
var becomes = [...][queries + 1]eventType{
	//               reads              creates              updates              deletes              downloads          queries
	user:          {0, readUser, createUser, updateUser, deleteUser, readUser, readUser},
	group:         {0, readGroup, createGroup, updateGroup, deleteGroup, readGroup, readGroup},
	membership:    {0, readGroup, addToGroup, updateGroup, removeFromGroup, readGroup, readGroup},
	role:          {0, readRole, createRole, updateRole, deleteRole, readRole, readRole},
	permission:    {0, readRole, addPermission, addPermission, removePermission, readRole, readRole},
	enrollment:    {0, addEnrollment, addEnrollment, addEnrollment, removeEnrollment, addEnrollment, addEnrollment},
	configuration: {0, readConfiguration, createConfiguration, updateConfiguration, deleteConfiguration, readConfiguration, readConfiguration},
	integration:   {0, readIntegration, createIntegration, updateIntegration, deleteIntegration, readIntegration, readIntegration},
	resource:      {0, readResource, createResource, updateResource, deleteResource, downloadResource, queryResource},
}
