package emm

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog/csvtable"
)

// TestRules checks that each rule has either an event type or an object and verb, and that the
// tables contain these names.
func TestRules(t *testing.T) {
	for _, r := range tables().rules {
		if (r.is == nil) == (r.object == "") || (r.object == "") != (r.verb == "") {
			t.Errorf("%s: a rule has either an event type, or an object and a verb", r.pattern)
		}
		if r.object != "" && tables().byObjectAndVerb[r.object][r.verb] == nil {
			t.Errorf("%s: no object %s or no verb %s", r.pattern, r.object, r.verb)
		}
	}
}

// RulesThatDecide returns the number of names that each rule decides, by the pattern of the rule.
// It is for the test that reads the catalogue, because the catalogue imports this package.
func RulesThatDecide(names []string) map[string]int {
	decides, rules := map[string]int{}, tables().rules
	for _, r := range rules {
		decides[r.pattern] = 0
	}
	for _, name := range names {
		if i := slices.IndexFunc(rules, func(r rule) bool { return r.matches(name) }); i >= 0 {
			decides[rules[i].pattern]++
		}
	}
	return decides
}

func TestTables(t *testing.T) {
	for object, row := range tables().byObjectAndVerb {
		for _, w := range verbs {
			if row[w.verb] == nil {
				t.Errorf("object %s has no event type for verb %s", object, w.verb)
			}
		}
	}
	keys := map[string]bool{}
	for f := range reflect.TypeFor[Attributes]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys[name] = true
	}
	for _, et := range tables().eventTypes {
		for _, l := range et.lines {
			if !keys[l.Key] || l.Code.Code == "" {
				t.Errorf("%s of %s has no field in Attributes", l.Key, et.Key)
			}
		}
		if len(et.lines) < 11 || et.category.Code == "" {
			t.Errorf("%s has %d attributes in category %q", et.Code, len(et.lines), et.category.Code)
		}
	}
	for _, table := range []string{mappingTable, rulesTable} {
		for _, row := range csvtable.Rows(table) {
			for _, key := range row[:2] {
				if key != "*" && !strings.Contains(key, ".") && key != "" && tables().byKey[key] == nil && codeOf(tables().attributes, key).Code == "" {
					t.Errorf("%s is not in the matrix", key)
				}
			}
		}
	}
}

// TestUnknownTypes checks that an unknown event type is classified by its family or its verb.
func TestUnknownTypes(t *testing.T) {
	for name, want := range map[string]struct {
		is    string
		basis Basis
	}{
		"user.session.resume":            {"update_user", ByRule},
		"user.authentication.auth_via_x": {"account_login", ByRule},
		"brand.new.create":               {"create_resource", ByVerb},
		"brand.new.delete_all":           {"delete_resource", ByVerb},
		"brand.new.export":               {"download_resource", ByVerb},
		"brand.delete.initiated":         {"delete_resource", ByVerb},
		"iam.role.polish":                {"update_role", ByRule},
		"x.privilege.grant":              {"add_permission", ByRule},
		"quantum":                        {"read_resource", ByDefault},
		"":                               {"read_resource", ByDefault},
		"...":                            {"read_resource", ByDefault},
		"*":                              {"read_resource", ByDefault},
		".privilege.grant":               {"create_resource", ByVerb},
	} {
		if is, basis := classify(name); is.Key != want.is || basis != want.basis {
			t.Errorf("%q is %s %s, want %s %s", name, is.Key, basis, want.is, want.basis)
		}
	}
}
