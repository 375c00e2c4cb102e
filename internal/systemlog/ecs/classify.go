package ecs

import (
	"slices"
	"strings"
	"sync"
)

// A Class is where ECS files an event: event.category and event.type.
type Class struct {
	Category []string `json:"category"` // Values of event.category.
	Type     []string `json:"type"`     // Values of event.type.
}

// Classify returns the class of an event type in the full profile, without looking
// it up in a catalogue: an event type that Okta adds tomorrow is filed with its
// family. The caller must not change the slices.
func Classify(eventType string) Class { return rules().full.of(eventType) }

// sekoiaClass is the class that Sekoia.io's intake gives.
func sekoiaClass(eventType string) Class { return rules().sekoia.of(eventType) }

type compiled struct{ full, sekoia index }

// rules is the table, made ready to look things up in.
var rules = sync.OnceValue(func() *compiled {
	c := new(compiled)
	for _, r := range table {
		c.full.add(r.pattern, r.class)
		if r.sekoia != "" {
			c.sekoia.add(r.pattern, r.sekoia)
		}
	}
	return c
})

// An entry holds a class for each verb type, or one, under "", for all.
type entry map[string]Class

// An index holds the entries of one column of the table.
type index struct {
	names, families map[string]entry
	beginnings      []beginning // the longest first
}

type beginning struct {
	text  string
	entry entry
}

func (x *index) add(pattern, class string) {
	if x.names == nil {
		x.names, x.families = map[string]entry{}, map[string]entry{}
	}
	if family, ok := strings.CutSuffix(pattern, ".*"); ok {
		x.families[family] = compile(class)
		return
	}
	if text, ok := strings.CutSuffix(pattern, "*"); ok {
		x.beginnings = append(x.beginnings, beginning{text, compile(class)})
		slices.SortStableFunc(x.beginnings, func(a, b beginning) int { return len(b.text) - len(a.text) })
		return
	}
	x.names[pattern] = compile(class)
}

// compile reads a class of the table.
func compile(class string) entry {
	before, after, _ := strings.Cut(class, ":")
	categories, types := strings.Fields(before), strings.Fields(after)
	plus := slices.Index(types, "+")
	if plus < 0 {
		return entry{"": {categories, types}}
	}
	byVerb := entry{"info": {categories, withVerb(types, plus, "info")}}
	for typ := range nearestTypes {
		byVerb[typ] = Class{categories, withVerb(types, plus, fit(typ, categories))}
	}
	return byVerb
}

// withVerb puts typ in the place of the plus sign.
func withVerb(types []string, plus int, typ string) []string {
	types = slices.Clone(types)
	types[plus] = typ
	return types
}

func (x *index) of(name string) Class {
	found := x.find(name)
	if len(found) == 1 {
		return found[""]
	}
	return found[verb(name)]
}

// find returns the entry of the longest pattern that matches; one, "*", always
// does.
func (x *index) find(name string) entry {
	if found, ok := x.names[name]; ok {
		return found
	}
	var begins beginning
	for _, b := range x.beginnings {
		if strings.HasPrefix(name, b.text) {
			begins = b
			break
		}
	}
	for family := name; len(family) >= len(begins.text); {
		if found, ok := x.families[family]; ok {
			return found
		}
		dot := strings.LastIndexByte(family, '.')
		if dot < 0 {
			break
		}
		family = family[:dot]
	}
	return begins.entry
}

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

// verbs gives the type that a word in an event type's name asks for. The last part of
// the name with such a word decides. Within that part the first word decides if it is
// a verb, else the last verb: "remove_request_blacklist_policy" removes a policy, and
// "password_change" changes a password.
var verbs = map[string]string{
	"add": "creation", "added": "creation", "bootstrap": "creation", "clone": "creation", "create": "creation", "created": "creation",
	"duplicate": "creation", "enroll": "creation", "generate": "creation", "issue": "creation", "new": "creation",
	"open": "creation", "register": "creation", "request": "creation", "upload": "creation", "createEnrollment": "creation",

	"clear": "deletion", "delete": "deletion", "deleted": "deletion", "removal": "deletion", "remove": "deletion",
	"removed": "deletion", "revoke": "deletion", "unassign": "deletion", "unenroll": "deletion", "unlink": "deletion", "unregister": "deletion",
	"wipe": "deletion",

	"activate": "change", "activated": "change", "applied": "change", "apply": "change", "approve": "change",
	"assign": "change", "bind": "change", "change": "change", "changed": "change", "confirm": "change",
	"deactivate": "change", "deactivated": "change", "decide": "change", "deprovision": "change", "disable": "change",
	"disabled": "change", "discovered": "change", "enable": "change", "enabled": "change", "expire": "change", "extend": "change",
	"failback": "change", "failover": "change", "grant": "change", "hold": "change", "ignore": "change", "import": "change",
	"invalidate": "change", "lock": "change", "make": "change", "match": "change", "migrate": "change", "move": "change", "overwrite": "change",
	"promote": "change", "provision": "change", "publish": "change", "push": "change", "pushed": "change",
	"reactivate": "change", "reauthorize": "change", "reassign": "change", "reject": "change", "remediate": "change", "rename": "change",
	"renamed": "change", "renew": "change", "reset": "change", "resolve": "change", "restore": "change",
	"revert": "change", "rollback": "change", "rollover": "change", "rotate": "change", "save": "change",
	"set": "change", "stage": "change", "suspend": "change", "sync": "change", "unlock": "change",
	"unsuspend": "change", "use": "change", "update": "change", "updated": "change", "upgrade": "change", "upsert": "change",
	"whitelisted": "change",

	"authorize": "start", "begin": "start", "connect": "start", "initiate": "start", "initiated": "start",
	"launch": "start", "reconnect": "start", "run": "start", "start": "start", "started": "start",

	"cancel": "end", "canceled": "end", "cancelled": "end", "close": "end", "complete": "end", "completed": "end",
	"disconnect": "end", "end": "end", "expired": "end", "finish": "end", "logout": "end", "slo": "end", "terminate": "end", "unbind": "end",

	"download": "access", "downloaded": "access", "export": "access", "query": "access", "read": "access",
	"reveal": "access", "search": "access", "show": "access", "view": "access",

	"blocked": "denied", "denied": "denied", "deny": "denied",
}

// reports are words that tell of something that went wrong or was only noticed.
// Nothing changed then, whatever other words the name has.
var reports = map[string]bool{
	"error": true, "errors": true, "fail": true, "failed": true, "failure": true, "warn": true, "warning": true,
	"violation": true, "notification": true, "ignored": true, "skipped": true, "skipping": true, "skip": true,
	"detect": true, "detected": true, "evaluate": true, "evaluation": true, "verify": true, "verified": true,
}

// verb returns the type that the name of an event type asks for.
func verb(name string) string {
	for end := len(name); end >= 0; {
		from := strings.LastIndexByte(name[:end], '.') + 1
		if typ := verbOf(name[from:end]); typ != "" {
			return typ
		}
		end = from - 1
	}
	return "info"
}

// verbOf returns the type that one part of a name asks for.
func verbOf(part string) (typ string) {
	for end := len(part); end >= 0; {
		from := strings.LastIndexAny(part[:end], "_-") + 1
		word := part[from:end]
		if reports[word] {
			return "info"
		}
		if t := verbs[word]; t != "" && (typ == "" || from == 0) {
			typ = t
		}
		end = from - 1
	}
	return typ
}
