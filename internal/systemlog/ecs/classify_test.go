package ecs

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog/csvtable"
)

// eventTypes returns the event types of Okta's catalogue.
func eventTypes(t *testing.T) (names []string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(files(t, "okta/event-types.csv")["event-types.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		names = append(names, row[0])
	}
	return names
}

// TestEveryEventTypeHasAClass checks that every event type of the catalogue has a class that ECS
// allows.
func TestEveryEventTypeHasAClass(t *testing.T) {
	names := eventTypes(t)
	if len(names) != 1274 {
		t.Errorf("%d event types, want 1274", len(names))
	}
	categories := map[string]int{}
	for _, name := range names {
		c := Classify(name)
		if wrong := invalid(c); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
		for _, category := range c.Category {
			categories[category]++
		}
		if !slices.ContainsFunc(csvtable.Rows(classes), func(row []string) bool { return row[0] != "*" && match(row[0], name) }) {
			t.Errorf("%s: only the default rule matches", name)
		}
	}
	t.Logf("%d event types by category: %v", len(names), categories)
}

func invalid(c Class) string {
	if len(c.Category) == 0 || len(c.Type) == 0 {
		return "no category, or no type"
	}
	var allowed []string
	for _, category := range c.Category {
		if expected[category] == nil {
			return "category " + category
		}
		allowed = append(allowed, expected[category]...)
	}
	for i, typ := range c.Type {
		if !slices.Contains(allowed, typ) || slices.Contains(c.Type[:i], typ) {
			return "type " + typ + " within " + strings.Join(c.Category, " ")
		}
	}
	return ""
}

// TestTable checks the rows of the table. No pattern occurs twice, every class is valid in ECS,
// and every pattern of the full profile matches an event type.
func TestTable(t *testing.T) {
	names := eventTypes(t)
	seen := map[string]bool{}
	for _, row := range csvtable.Rows(classes) {
		if seen[row[0]] {
			t.Errorf("%s: twice", row[0])
		}
		seen[row[0]] = true
		for _, c := range compile(row[1]) {
			if wrong := invalid(c); wrong != "" {
				t.Errorf("%s: %s", row[0], wrong)
			}
		}
		matches := func(name string) bool { return match(row[0], name) }
		if row[2] == "" && !slices.ContainsFunc(names, matches) {
			t.Errorf("%s: matches no event type", row[0])
		}
	}
}

func match(pattern, name string) bool {
	if family, ok := strings.CutSuffix(pattern, ".*"); ok {
		return name == family || strings.HasPrefix(name, family+".")
	}
	if text, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, text)
	}
	return name == pattern
}

// differing lists the event types with another class in the full profile than in the intake.
var differing = []string{
	"user.session.impersonation.grant", "user.session.impersonation.revoke", "user.authentication.slo", "user.authentication.universal_logout",
	"user.authentication.universal_logout.scheduled", "user.account.privilege.grant", "user.account.privilege.revoke",
	"user.account.report_suspicious_activity_by_enduser", "user.account.access_support_user_app", "user.account.unlock_failure",
}

// TestFullAgreesWithSekoia checks that the full profile agrees with the rules of Sekoia.io. It
// differs for types that ECS does not allow, for mail domains and templates, and for families that
// have only one type in the intake. For example, a logout does not start an authentication, and a
// report does not change an account.
func TestFullAgreesWithSekoia(t *testing.T) {
	differ := map[string]bool{}
	for _, name := range eventTypes(t) {
		if sekoia := rules().sekoia.find(name); len(sekoia) == 0 {
			t.Fatalf("%s: no class", name)
		}
		theirs, ours := sekoiaClass(name), Classify(name)
		fallback := slices.Equal(theirs.Category, []string{"iam"}) && slices.Equal(theirs.Type, []string{"info"})
		if !fallback && (!slices.Equal(theirs.Category, ours.Category) || !slices.Equal(theirs.Type, ours.Type)) {
			differ[name] = true
		}
	}
	for name := range differ {
		if !strings.HasPrefix(name, "system.email") && !slices.Contains(differing, name) {
			t.Errorf("%s: %v and %v", name, sekoiaClass(name), Classify(name))
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct{ name, category, types string }{
		{"user.session.start", "session", "start"},
		{"user.session.clear", "session", "end"},
		{"user.session.access_admin_app", "session", "info"},
		{"user.authentication.sso", "authentication", "start"},
		{"user.account.lock", "iam", "change"},
		{"user.account.privilege.grant", "iam", "admin user change"},
		{"user.lifecycle.create", "iam", "user creation"},
		{"user.lifecycle.suspend", "iam", "user change"},
		{"user.lifecycle.delete.completed", "iam", "user deletion"},
		{"user.mfa.factor.deactivate", "iam", "user change"},
		{"group.user_membership.add", "iam", "group change"},
		{"group.lifecycle.delete", "iam", "group deletion"},
		{"iam.role.create", "iam", "admin creation"},
		{"policy.rule.update", "configuration", "change"},
		{"policy.rule.add", "configuration", "creation"},
		{"policy.evaluate_sign_on", "authentication", "info"},
		{"zone.delete", "configuration", "deletion"},
		{"system.api_token.create", "iam", "creation"},
		{"system.email_domain.delete", "configuration", "deletion"},
		{"system.push.send_factor_verify_push", "authentication", "start"},
		{"security.request.blocked", "network intrusion_detection", "denied"},
		{"security.threat.detected", "intrusion_detection", "info"},
		{"system.agent.ad.connect", "host configuration", "start"},
		{"workflows.user.table.view", "database configuration", "access"},
		{"plugin.script_status", "iam", "info"},

		// Names with a verb before the last word, and families with one different member.
		{"user.authentication.slo", "authentication", "end"},
		{"user.authentication.universal_logout", "authentication", "end"},
		{"user.authentication.universal_logout.scheduled", "authentication", "end"},
		{"user.account.privilege.revoke", "iam", "admin user change"},
		{"user.account.report_suspicious_activity_by_enduser", "iam", "info"},
		{"user.account.unlock_failure", "iam", "info"},
		{"user.account.access_support_user_app", "iam", "info"},
		{"security.device.remove_request_blacklist_policy", "configuration", "deletion"},
		{"security.device.add_request_blacklist_policy", "configuration", "creation"},
		{"security.voice.remove_country_blacklist", "configuration", "deletion"},
		{"security.zone.remove_blacklist", "configuration", "deletion"},
		{"account.org.delete.request", "configuration", "change"},
		{"account.org.delete.cancel", "configuration", "change"},
		{"integration.api_service.lifecycle.revoke", "configuration iam", "deletion"},
		{"integration.api_service.lifecycle.authorize", "configuration iam", "change"},
		{"app.office365.api.remove.domain.federation.success", "configuration", "deletion"},
		{"system.email.bounce.removal", "email configuration", "deletion"},
		{"pki.cert.revoke", "configuration", "deletion"},
		{"group.user_membership.remove", "iam", "group change"},
		{"app.oauth2.token.revoke", "session", "end"},
		{"user.chrome.data.clear", "host", "change"},
		{"device.desktop_mfa.device_logout.started", "session", "end"},
		{"app.user_management.push_new_user_success", "iam", "user creation"},
		{"comet.remove_request", "iam", "deletion"},
		{"comet.unlink_account", "iam", "deletion"},
		{"comet.password_change", "iam", "change"},
		{"comet.delete_failed", "iam", "info"},

		{"", "iam", "info"},
		{"comet.sighted", "iam", "info"},
		{"comet.tail.created", "iam", "creation"},
		{"user.lifecycle.vanish", "iam", "user info"},
		{"user.accounting", "iam", "change"},
		{"users", "iam", "info"},
		{strings.Repeat("user.", 1<<16) + "create", "iam", "user creation"},
	} {
		got := Classify(c.name)
		if strings.Join(got.Category, " ") != c.category || strings.Join(got.Type, " ") != c.types {
			t.Errorf("%.60s: %v, want %s, %s", c.name, got, c.category, c.types)
		}
	}
}

// TestSekoiaClass checks the classes of the intake's published rules.
func TestSekoiaClass(t *testing.T) {
	for _, c := range []struct{ name, category, types string }{
		{"user.session.start", "session", "start"},
		{"user.session.impersonation.grant", "session", "creation"},
		{"user.session.access_admin_app", "session", "info"},
		{"user.sessions", "session", "info"},
		{"user.account.privilege.grant", "iam", "change"},
		{"user.authentication.slo", "authentication", "start"},
		{"system.push.send_factor_verify_push", "authentication", "start"},
		{"system.email_domain.delete", "authentication", "start"},
		{"system.voice.send_call", "iam", "info"},
		{"app.oauth2.as.token.grant", "session", "info"},
		{"app.oauth2.as.token.grant.access_token", "iam", "info"},
		{"app.oauth2.token.grant.revoke", "iam", "end"},
		{"group.user_membership.add", "iam", "info"},
		{"app.access_request.approver.delete", "iam", "admin deletion"},
		{"comet.sighted", "iam", "info"},
		{"", "iam", "info"},
	} {
		got := sekoiaClass(c.name)
		if strings.Join(got.Category, " ") != c.category || strings.Join(got.Type, " ") != c.types {
			t.Errorf("%s: %v, want %s, %s", c.name, got, c.category, c.types)
		}
	}
}
