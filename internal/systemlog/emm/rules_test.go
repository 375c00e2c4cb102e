package emm

import (
	"slices"
	"testing"
)

// No rule is of both kinds, or of neither.
func TestRules(t *testing.T) {
	for _, r := range rules {
		if (r.is == 0) == (r.object == 0) || (r.object == 0) != (r.verb == 0) {
			t.Errorf("%s: a rule has either an event type, or an object and a verb", r.pattern)
		}
	}
}

// RulesThatDecide returns of how many of the names each rule decides, by its pattern.
// It is for the test that reads the catalogue, which stands on this package.
func RulesThatDecide(names []string) map[string]int {
	decides := map[string]int{}
	for _, r := range rules {
		decides[r.pattern] = 0
	}
	for _, name := range names {
		if i := slices.IndexFunc(compiled, func(s shape) bool { return s.matches(name) }); i >= 0 {
			decides[rules[i].pattern]++
		}
	}
	return decides
}

func TestTables(t *testing.T) {
	for o, row := range becomes {
		for v, et := range row {
			if o > 0 && v > 0 && et == 0 {
				t.Errorf("object %d has nothing for verb %d", o, v)
			}
		}
	}
	var a Attributes
	for et := range linesOf {
		for _, l := range linesOf[et] {
			if (a.text(l.attribute) == nil) == (a.document(l.attribute) == nil) {
				t.Errorf("%s is kept nowhere, or twice", attributes[l.attribute].Key)
			}
		}
		if et > 0 && len(linesOf[et]) < 11 {
			t.Errorf("%s has %d attributes", eventTypes[et].Code, len(linesOf[et]))
		}
	}
}

// A type that Okta does not have yet is classified by its family or its verb.
func TestUnknownTypes(t *testing.T) {
	for name, want := range map[string]struct {
		is    eventType
		basis Basis
	}{
		"user.session.resume":            {updateUser, ByRule},
		"user.authentication.auth_via_x": {accountLogin, ByRule},
		"brand.new.create":               {createResource, ByVerb},
		"brand.new.delete_all":           {deleteResource, ByVerb},
		"brand.new.export":               {downloadResource, ByVerb},
		"brand.delete.initiated":         {deleteResource, ByVerb},
		"iam.role.polish":                {updateRole, ByRule},
		"x.privilege.grant":              {addPermission, ByRule},
		"quantum":                        {readResource, ByDefault},
		"":                               {readResource, ByDefault},
		"...":                            {readResource, ByDefault},
		"*":                              {readResource, ByDefault},
		".privilege.grant":               {createResource, ByVerb},
	} {
		if is, basis := classify(name); is != want.is || basis != want.basis {
			t.Errorf("%q is %s %s, want %s %s", name, eventTypes[is].Key, basis, eventTypes[want.is].Key, want.basis)
		}
	}
}
