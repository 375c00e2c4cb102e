package ecs

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
)

// A Class has the ECS categories and types of an event: event.category and event.type.
type Class struct {
	Category []string `json:"category"` // Values of event.category.
	Type     []string `json:"type"`     // Values of event.type.
}

// classes is the table of classes by pattern.
//
// A pattern is a name or a family: "user.mfa.*" is user.mfa and all names below it,
// "user.account*" is every name that begins with user.account. A name takes precedence over every
// family, and a longer family over a shorter one.
//
// A class is written "category category: type type". A plus sign is replaced by the type of the
// verb in the name; see verbs. The column sekoia is the class of Sekoia.io's intake. It is empty
// if the intake does not have the pattern and uses a shorter one.
//
//go:embed classes.csv
var classes string

// Classify returns the class of an event type in the full profile. A new event type of Okta gets
// the class of its family. The caller must not change the slices.
func Classify(eventType string) Class { return rules().full.of(eventType) }

// sekoiaClass returns the class of an event type in Sekoia.io's intake.
func sekoiaClass(eventType string) Class { return rules().sekoia.of(eventType) }

type compiled struct{ full, sekoia index }

// rules returns the indexes of the table.
var rules = sync.OnceValue(func() *compiled {
	c := new(compiled)
	for _, row := range csvtable.Rows(classes) {
		c.full.add(row[0], row[1])
		if row[2] != "" {
			c.sekoia.add(row[0], row[2])
		}
	}
	return c
})

// An entry maps each type of a verb to a class. The key "" is for all verbs.
type entry map[string]Class

// An index has the entries of one column of the table.
type index struct {
	names, families map[string]entry
	beginnings      []beginning // sorted by length, the longest first
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

// compile parses a class of the table.
func compile(class string) entry {
	before, types, _ := strings.Cut(class, ":")
	categories := strings.Fields(before)
	with := func(typ string) Class { return Class{categories, strings.Fields(strings.Replace(types, "+", typ, 1))} }
	if !strings.Contains(types, "+") {
		return entry{"": with("")}
	}
	byVerb := entry{"info": with("info")}
	for typ := range nearestTypes {
		byVerb[typ] = with(nearestType(typ, categories))
	}
	return byVerb
}

func (x *index) of(name string) Class {
	found := x.find(name)
	if len(found) == 1 {
		return found[""]
	}
	return found[verb(name)]
}

// find returns the entry of the longest matching pattern. The pattern "*" always matches.
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

// expected lists the types that ECS allows for each category
// (https://www.elastic.co/guide/en/ecs/8.17/ecs-allowed-values-event-category.html). It omits
// categories that no Okta event has.
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

// nearestTypes lists the substitutes of each type, in order of preference, for categories in which
// ECS does not allow the type.
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

// nearestType returns typ, or the nearest type that ECS allows for one of the categories.
func nearestType(typ string, categories []string) string {
	for _, t := range append([]string{typ}, nearestTypes[typ]...) {
		for _, c := range categories {
			if slices.Contains(expected[c], t) {
				return t
			}
		}
	}
	return "info"
}

// verbs maps types to the words that imply them. The last part of a name with such a word decides.
// Within this part, the first word decides if it is a verb, and otherwise the last verb:
// "remove_request_blacklist_policy" removes a policy, and "password_change" changes a password.
var verbs = typeOfWords(map[string]string{
	"creation": "add added bootstrap clone create created duplicate enroll generate issue new open register request upload " +
		"createEnrollment",
	"deletion": "clear delete deleted removal remove removed revoke unassign unenroll unlink unregister wipe",
	"change": "activate activated applied apply approve assign bind change changed confirm deactivate deactivated decide " +
		"deprovision disable disabled discovered enable enabled expire extend failback failover grant hold ignore " +
		"import invalidate lock make match migrate move overwrite promote provision publish push pushed reactivate " +
		"reauthorize reassign reject remediate rename renamed renew reset resolve restore revert rollback rollover " +
		"rotate save set stage suspend sync unlock unsuspend use update updated upgrade upsert whitelisted",
	"start":  "authorize begin connect initiate initiated launch reconnect run start started",
	"end":    "cancel canceled cancelled close complete completed disconnect end expired finish logout slo terminate unbind",
	"access": "download downloaded export query read reveal search show view",
	"denied": "blocked denied deny",
	// These words report an error or an observation without a change.
	"info": "error errors fail failed failure warn warning violation notification ignored skipped skipping skip detect " +
		"detected evaluate evaluation verify verified",
})

// typeOfWords returns the type of each word.
func typeOfWords(words map[string]string) map[string]string {
	all := map[string]string{}
	for typ, list := range words {
		for word := range strings.FieldsSeq(list) {
			all[word] = typ
		}
	}
	return all
}

// verb returns the type that the name of an event type implies.
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

// verbOf returns the type that one part of a name implies.
func verbOf(part string) (typ string) {
	for end := len(part); end >= 0; {
		from := strings.LastIndexAny(part[:end], "_-") + 1
		word := part[from:end]
		switch t := verbs[word]; {
		case t == "info":
			return t
		case t != "" && (typ == "" || from == 0):
			typ = t
		}
		end = from - 1
	}
	return typ
}
