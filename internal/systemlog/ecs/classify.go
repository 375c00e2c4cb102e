package ecs

import (
	"slices"
	"strings"
	"sync"
)

// A Class is where ECS files an event: event.category and event.type.
type Class struct {
	Category []string `json:"category" jsonschema_description:"Values of event.category."`
	Type     []string `json:"type" jsonschema_description:"Values of event.type."`
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
