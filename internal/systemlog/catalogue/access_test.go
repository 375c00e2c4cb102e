package catalogue_test

import (
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog/catalogue"
)

// TestAccess checks that each of the 22 access types has its own description and the fields that
// Okta documents.
func TestAccess(t *testing.T) {
	types := catalogue.Family("access")
	texts := map[string]bool{}
	for _, typ := range types {
		if !strings.HasSuffix(typ.Description, ".") || strings.Count(typ.Description, ". ") > 0 || len(typ.Description) < 26 || texts[typ.Description] {
			t.Errorf("%s: description %q", typ.Name, typ.Description)
		}
		texts[typ.Description] = true
		if len(typ.Fields) != 15 || len(typ.Actions) < 3 {
			t.Errorf("%s: fields %v, actions %v", typ.Name, typ.Fields, typ.Actions)
		}
		if lower := strings.ToLower(typ.Description); strings.Contains(lower, "certification") || strings.Contains(lower, "campaign") {
			t.Errorf("%s: %q", typ.Name, typ.Description)
		}
	}
	for name, want := range map[string]string{
		"access.review.create": "one user", "access.review.start": "gathering data", "access.review.action": "intended",
		"access.review.remediate": "terminal state", "access.review.close": "automatically", "access.request.sequence.create": "approvals",
	} {
		if typ, _ := catalogue.Lookup(name); !strings.Contains(typ.Description, want) {
			t.Errorf("%s: %q lacks %q", name, typ.Description, want)
		}
	}
	var names []string
	for _, typ := range types {
		names = append(names, typ.Name)
	}
	if want := strings.Fields(string(read(t, "seeds/access-event-types.txt"))); !slices.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
	_, documented, _ := strings.Cut(string(read(t, "seeds/access-event-types.md")), "Documented fields")
	for _, f := range types[0].Fields {
		if !strings.Contains(documented, "`"+strings.Replace(f.Path, "[0]", "[]", 1)+"`") {
			t.Errorf("Okta does not document %s", f.Path)
		}
	}
}

// TestClassesOfAccessAndAgents checks that the classes describe the effect on an identity. The
// creation of a request, a review or a key does not create a user.
func TestClassesOfAccessAndAgents(t *testing.T) {
	for name, want := range map[string]string{
		"access.request.cancel":             "iam / change / update_resource",
		"access.request.create":             "iam / creation / create_resource",
		"access.request.expire":             "iam / change / update_resource",
		"access.request.reject":             "iam / change / update_resource",
		"access.request.resolve":            "iam / change / update_resource",
		"access.request.update":             "iam / change / update_resource",
		"access.request.condition.create":   "iam configuration / creation / create_security_configuration",
		"access.request.condition.activate": "iam configuration / change / update_security_configuration",
		"access.request.sequence.delete":    "iam configuration / deletion / delete_security_configuration",
		"access.request.settings.update":    "iam configuration / change / update_security_configuration",
		"access.review.action":              "iam / user info / update_resource",
		"access.review.close":               "iam / change / update_resource",
		"access.review.create":              "iam / creation / create_resource",
		"access.review.remediate":           "iam / user change / update_resource",
		"access.review.start":               "iam / user info / read_resource",
		"access.review.update":              "iam / change / update_resource",

		"workload_principal.register":                       "iam / user creation / create_user",
		"workload_principal.delete":                         "iam / user deletion / delete_user",
		"workload_principal.activate":                       "iam / user change / update_user",
		"workload_principal.ai_agent.register":              "iam / user creation / create_user",
		"workload_principal.ai_agent.deactivate":            "iam / user change / update_user",
		"workload_principal.ai_agent.credential.create":     "iam / user change / update_user",
		"workload_principal.ai_agent.credential.delete":     "iam / user change / update_user",
		"workload_principal.ai_agent.sign_on_provider.add":  "iam / user change / update_user",
		"workload_principal.sign_on_provider.remove":        "iam / user change / update_user",
		"workload_principal.delegation_link.create":         "iam / user change / add_permission",
		"workload_principal.delegation_link.delete":         "iam / user change / remove_permission",
		"workload_principal.resource_connection.create":     "iam configuration / creation / add_permission",
		"workload_principal.resource_connection.activate":   "iam configuration / change / add_permission",
		"workload_principal.resource_connection.deactivate": "iam configuration / change / remove_permission",
		"workload_principal.resource_connection.delete":     "iam configuration / deletion / remove_permission",
		"workload_principal.some_new_part.update":           "iam / user change / update_user",
		"access.review.some_part":                           "iam / change / update_resource",
	} {
		typ := catalogue.Of(name)
		got := strings.Join(typ.ECS.Category, " ") + " / " + strings.Join(typ.ECS.Type, " ") + " / " + typ.EMM.EventType.Key
		if got != want || typ.EMM.Basis != "rule" {
			t.Errorf("%s: %s by %s, want %s", name, got, typ.EMM.Basis, want)
		}
	}
	agents := catalogue.Family("workload_principal")
	if len(agents) != 25 {
		t.Errorf("got %d agent types, want 25", len(agents))
	}
	for _, typ := range agents {
		if typ.EMM.Basis != "rule" || len(typ.Actions) < 2 || typ.Watch == "" || typ.ECS.Type[len(typ.ECS.Type)-1] == "info" {
			t.Errorf("%s: %+v", typ.Name, typ)
		}
	}
}
