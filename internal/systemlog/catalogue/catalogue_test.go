package catalogue_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const shared = "../../../../shared"

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared, path))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../shared beside the project: the reference data is not available")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAll(t *testing.T) {
	names, labels := []string{}, map[string]string{}
	for typ := range catalogue.All() {
		names = append(names, typ.Name)
		if typ.Label == "" || len(typ.Label) > 110 || strings.TrimSpace(typ.Label) != typ.Label || strings.Contains(typ.Label, "  ") {
			t.Errorf("%s: label %q", typ.Name, typ.Label)
		}
		if other := labels[typ.Label]; other != "" {
			t.Errorf("%s and %s have the same label, %q", typ.Name, other, typ.Label)
		}
		labels[typ.Label] = typ.Name
		if typ.Category == "" || typ.Release == "" || typ.Tags == nil || len(typ.Actions) == 0 {
			t.Errorf("%s: a field is empty: %+v", typ.Name, typ)
		}
		if err := sdk.CheckTypePattern(typ.Name); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		if got, ok := catalogue.Lookup(typ.Name); !ok || got.Label != typ.Label || !catalogue.Known(typ.Name) {
			t.Errorf("Lookup(%s) = %v, %v", typ.Name, got, ok)
		}
		if note, err := catalogue.Check(typ.Name); note != "" || err != nil {
			t.Errorf("Check(%s) = %q, %v", typ.Name, note, err)
		}
	}
	if len(names) != 1274 || catalogue.Count != 1274 || !slices.IsSorted(names) || !slices.Equal(names, catalogue.Names()) {
		t.Errorf("%d types, Count %d, sorted %v", len(names), catalogue.Count, slices.IsSorted(names))
	}
}

func TestAllStopsEarly(*testing.T) {
	for range catalogue.All() {
		break
	}
}

func TestLookupOfUnknownNames(t *testing.T) {
	for _, name := range []string{"", "user.session", "user.session.star", "user.session.start ", "zzz", "\x00", "USER.SESSION.START"} {
		if got, ok := catalogue.Lookup(name); ok {
			t.Errorf("Lookup(%q) = %v", name, got.Name)
		}
	}
}

// TestFacts compares each type with the table from which the catalogue is generated.
func TestFacts(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(read(t, "okta/event-types.csv"))).ReadAll()
	if err != nil || len(rows) != 1275 {
		t.Fatal(err, len(rows))
	}
	for _, f := range rows[1:] {
		typ, ok := catalogue.Lookup(f[0])
		is := func(cell string) bool { return cell == "true" }
		if !ok || typ.Category != f[1] || typ.Release != f[2] || typ.HookEligible != is(f[3]) || typ.Beta != is(f[4]) ||
			typ.Internal != is(f[5]) || typ.Deprecated != is(f[6]) || strings.Join(typ.Tags, ";") != f[7] {
			t.Errorf("%q: %+v", f, typ)
		}
	}
}

// TestLabelsDifferFromOktaTexts checks that no label is a copy of the text that Okta shows.
func TestLabelsDifferFromOktaTexts(t *testing.T) {
	read(t, "README.md")
	files, err := filepath.Glob(filepath.Join(shared, "seeds/*/*.json"))
	more, err2 := filepath.Glob(filepath.Join(shared, "seeds/emm/events/*.json"))
	if err != nil || err2 != nil || len(files) == 0 || len(more) == 0 {
		t.Fatal(err, err2, len(files), len(more))
	}
	seen := 0
	for _, file := range append(files, more...) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e struct{ EventType, DisplayMessage string }
		if json.Unmarshal(b, &e) != nil || e.DisplayMessage == "" {
			continue
		}
		seen++
		if strings.EqualFold(catalogue.Label(e.EventType), e.DisplayMessage) {
			t.Errorf("the label of %s is Okta's own text %q", e.EventType, e.DisplayMessage)
		}
	}
	if seen < 20 {
		t.Errorf("found only %d texts of Okta", seen)
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"user.session.start":                     "User session: start",
		"user.lifecycle.suspend":                 "User: suspend",
		"user.authentication.auth_via_AD_agent":  "User authentication: authentication via AD agent",
		"system.idp.lifecycle.create":            "System IdP: create",
		"mim.createEnrollment.IOS":               "Mobile management create enrollment: iOS",
		"zone.update":                            "Network zone: update",
		"iam.resourceset.bindings.add":           "Admin resource set bindings: add",
		"app.oauth2.as.token.grant.access_token": "App OAuth 2.0 authorization server token grant: access token",
		"user.session":                           "User: session",
		"user":                                   "User",
		"brand.new.thing_happens":                "Brand new: thing happens",
		"":                                       "",
		"..":                                     "",
		"a..b":                                   "A: b",
		"\xff.x":                                 "\ufffd: x",
		"été.fini":                               "Été: fini",
	} {
		if got := catalogue.Label(name); got != want {
			t.Errorf("Label(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzLabel(f *testing.F) {
	for _, name := range []string{"user.session.start", "", "..", "mim.createEnrollment.IOS", "\xff_\x00", "ß.ß"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if first := catalogue.Label(name); first != catalogue.Label(strings.Clone(name)) {
			t.Error("the label of a name is not deterministic")
		}
		_, _ = catalogue.Check(name)
		catalogue.Family(name)
		catalogue.Branches(name)
	})
}

func TestFamily(t *testing.T) {
	for prefix, want := range map[string]int{
		"user.session": 11, "user.session.*": 11, "user.account.lock": 2, "user.account.lock.*": 2, "user.session.start": 1,
		"*": 1274, "": 1274, "access": 22, "user.sess": 0, "nobody.knows": 0, "pam": 153, ".": 1274, "zone": 7,
	} {
		if got := catalogue.Family(prefix); len(got) != want {
			t.Errorf("Family(%q) has %d types, want %d", prefix, len(got), want)
		}
	}
}

func TestBranches(t *testing.T) {
	count := func(prefix string) (types int, names []string) {
		for _, b := range catalogue.Branches(prefix) {
			types += b.Types
			names = append(names, b.Name)
			if b.Label == "" {
				t.Errorf("%s has no label", b.Name)
			}
		}
		return types, names
	}
	for _, root := range []string{"", "*"} {
		if types, names := count(root); types != 1274 || !slices.IsSorted(names) || !slices.Contains(names, "user") {
			t.Errorf("children of the root: %d types, %q", types, names)
		}
	}
	if types, names := count("user.session"); types != 11 || !slices.Equal(names, []string{"user.session.access_admin_app", "user.session.clear",
		"user.session.context", "user.session.end", "user.session.expire", "user.session.impersonation", "user.session.start"}) {
		t.Errorf("user.session: %d types, %q", types, names)
	}
	if types, names := count("user.session.start"); types != 0 || names != nil {
		t.Errorf("children of an event type: %d, %q", types, names)
	}
	// A walk from the roots finds every type once.
	var walk func(prefix string) int
	walk = func(prefix string) int {
		n := 0
		for _, b := range catalogue.Branches(prefix) {
			if catalogue.Known(b.Name) {
				n++
			}
			n += walk(b.Name)
		}
		return n
	}
	if n := walk(""); n != 1274 {
		t.Errorf("the walk found %d types", n)
	}
}

func TestSearch(t *testing.T) {
	first := func(text, want string) {
		t.Helper()
		got := catalogue.Query{Text: text}.Types()
		if len(got) == 0 || got[0].Name != want {
			t.Errorf("Search(%q) = %d types, the first %+v; want %s", text, len(got), got[:min(1, len(got))], want)
		}
	}
	first("user.session.start", "user.session.start")
	first("USER.SESSION.START", "user.session.start")
	first("push deny", "user.mfa.okta_verify.deny_push")
	first("zone list make", "security.zone.make_blacklist")
	for text, want := range map[string]int{"": 1274, "  ": 1274, "nothing has this": 0, "threat-insight": 5} {
		if got := (catalogue.Query{Text: text}).Types(); len(got) != want {
			t.Errorf("Search(%q) found %d, want %d", text, len(got), want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ pattern, note, err string }{
		{"*", "", ""},
		{"user.session.start", "", ""},
		{"user.session.*", "", ""},
		{"user.*", "", ""},
		{"user.account.lock.*", "", ""},
		{"user.sesion.start", "", "did you mean user.session.start?"},
		{"user.session.strat", "", "did you mean user.session.start"},
		{"user.sessions.start", "", "did you mean user.session.start"},
		{"User.Session.Start", "", "did you mean user.session.start"},
		{"user.authentication.auth_via_ad_agent", "", "auth_via_AD_agent"},
		{"user_session.start", "", "did you mean user.session.start"},
		{"group.user_membership.added", "", "group.user_membership.add"},
		{"user.session", "", "write user.session.* or one event type, such as user.session.access_admin_app"},
		{"user.sesion.*", "", "did you mean user.session.*?"},
		{"user.session.start.*", "", "without .*"},
		{"user.session.resume", "is not a known", ""},
		{"user.lifecycle.unsuspended.partly", "is not a known", ""},
		{"application.lifecycle.suspend", "is not a known", ""}, // a known segment in a new position
		{"zone.suspend", "is not a known", ""},
		{"quantum.entangled.login", "is not a known", ""},
		{"quantum.*", "is not a known", ""},
		{"", "", "must be an event type"},
		{"user session", "", "must be an event type"},
		{strings.Repeat("a", 1<<20), "", "must be an event type"},
		{strings.Repeat("a.", 99) + "a", "is not a known", ""},
	} {
		note, err := catalogue.Check(c.pattern)
		if (c.note == "") != (note == "") || !strings.Contains(note, c.note) {
			t.Errorf("Check(%.50q): note %q, want %q", c.pattern, note, c.note)
		}
		if (c.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("Check(%.50q): error %v, want %q", c.pattern, err, c.err)
		}
	}
}

// TestNewTypesPass removes each type from the catalogue and checks that Check then rarely rejects
// its name as a misspelling. Okta's next release adds such types.
func TestNewTypesPass(t *testing.T) {
	rejected := catalogue.RejectedIfNew()
	t.Logf("Check would reject %d of %d known types if they were new: %q", len(rejected), catalogue.Count, rejected)
	if len(rejected) > catalogue.Count/50 {
		t.Errorf("Check would reject more than %d new types", catalogue.Count/50)
	}
}

func TestClosest(t *testing.T) {
	if got := catalogue.Closest("user.session.strat"); len(got) == 0 || got[0] != "user.session.start" {
		t.Errorf("got %q, want user.session.start first", got)
	}
	if got := catalogue.Closest("x"); got != nil {
		t.Errorf("got %q, want no types", got)
	}
}

func TestActions(t *testing.T) {
	known := strings.Fields("get_logs get_user suspend_user unsuspend_user revoke_all_user_sessions end_current_user_sessions add_user_to_group " +
		"remove_user_from_group reset_factors expire_password revoke_role block_ip verify_push contain_user suspend_device " +
		"get_user_risk get_user_blast_radius list_user_groups list_user_applications list_user_roles list_applications unassign_application deactivate_application")
	for _, name := range append(catalogue.Names(), "", "nobody.knows") {
		actions := catalogue.Actions(name)
		if len(actions) == 0 || actions[0] != "get_logs" || len(slices.Compact(slices.Sorted(slices.Values(actions)))) != len(actions) {
			t.Errorf("%s: actions %q, want get_logs first and no duplicates", name, actions)
		}
		for _, a := range actions {
			if !slices.Contains(known, a) {
				t.Errorf("%s: there is no action %q", name, a)
			}
		}
	}
	for name, want := range map[string]string{
		"user.session.start": "revoke_all_user_sessions", "user.account.privilege.grant": "revoke_role", "group.privilege.grant": "revoke_role",
		"user.mfa.factor.reset_all": "reset_factors", "user.mfa.okta_verify.deny_push": "expire_password",
		"user.account.report_suspicious_activity_by_enduser": "contain_user",
		"group.user_membership.add":                          "remove_user_from_group",
		"group.user_membership.remove":                       "add_user_to_group", "user.lifecycle.suspend": "unsuspend_user",
		"security.threat.detected": "block_ip", "device.lifecycle.activate": "suspend_device", "user.account.update_password": "expire_password",
		"user.lifecycle.create": "suspend_user", "user.account.lock.limit": "block_ip",
		"access.review.create": "get_user_risk", "access.review.start": "contain_user", "access.review.remediate": "list_user_groups",
		"access.review.action": "list_user_applications", "access.request.create": "list_user_groups", "access.request.resolve": "remove_user_from_group",
		"access.request.sequence.delete": "revoke_role", "access.request.condition.activate": "revoke_role", "access.request.settings.update": "revoke_role",
		"workload_principal.ai_agent.register": "deactivate_application", "workload_principal.sign_on_provider.add": "deactivate_application",
	} {
		if got := catalogue.Actions(name); !slices.Contains(got, want) {
			t.Errorf("%s: %q has no %s", name, got, want)
		}
	}
	catalogue.Actions("user.session.start")[0] = "changed"
	if got := catalogue.Actions("user.session.start")[0]; got != "get_logs" {
		t.Errorf("a caller changed the table: %s", got)
	}
}

func TestEveryPatternMatchesAType(t *testing.T) {
	names := catalogue.Names()
	seen := map[string]bool{}
	for _, pattern := range catalogue.RulePatterns() {
		if seen[pattern] {
			t.Errorf("%s is listed twice", pattern)
		}
		seen[pattern] = true
		if !slices.ContainsFunc(names, func(name string) bool { return sdk.MatchType(pattern, name) }) {
			t.Errorf("no known type matches %s", pattern)
		}
	}
	for _, w := range catalogue.Watched() {
		if len(w.Reason) < 20 || len(w.Reason) > 90 || strings.Contains(w.Reason, "\n") {
			t.Errorf("%s: the reason %q must be one line of 20 to 90 bytes", w.Pattern, w.Reason)
		}
	}
	if typ, _ := catalogue.Lookup("user.session.start"); !strings.HasPrefix(typ.Watch, "sign-ins are the first sign") {
		t.Errorf("user.session.start: watch reason %q", typ.Watch)
	}
	if typ, _ := catalogue.Lookup("system.theme.update"); typ.Watch != "" {
		t.Errorf("system.theme.update: watch reason %q, want none", typ.Watch)
	}
}

func TestSchemas(t *testing.T) {
	s, err := schema.Output[catalogue.Type]()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schema.Output[catalogue.Branch](); err != nil {
		t.Error(err)
	}
	if _, err := schema.Output[catalogue.Watch](); err != nil {
		t.Error(err)
	}
	for typ := range catalogue.All() {
		doc, err := json.Marshal(typ)
		if err != nil {
			t.Fatal(err)
		}
		if violations := s.Check(doc); len(violations) > 0 {
			t.Errorf("%s does not match its schema: %v", typ.Name, violations)
		}
	}
}

// TestJSON checks that the stored JSON equals a fresh encoding.
func TestJSON(t *testing.T) {
	for typ := range catalogue.All() {
		if want, err := json.Marshal(typ); err != nil || string(typ.JSON) != string(want) {
			t.Errorf("%s: %s, want %s", typ.Name, typ.JSON, want)
		}
	}
}

func BenchmarkKnown(b *testing.B) {
	for b.Loop() {
		catalogue.Known("user.session.start")
	}
}

func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		catalogue.Lookup("user.session.start")
	}
}
