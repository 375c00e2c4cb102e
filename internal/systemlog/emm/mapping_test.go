package emm_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"soar.example/okta/internal/systemlog/emm"
)

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// rowsOf lists the 28 rows that are mapped to Okta, each with an event type of Okta.
var rowsOf = []struct{ category, eventType, key, okta string }{
	{"C0001", "ET0001", "account_login", "user.session.start"},
	{"C0001", "ET0002", "account_logout", "user.session.end"},
	{"C0001", "ET0003", "mfa_verification", "user.authentication.auth_via_mfa"},
	{"C0002", "ET0004", "create_user", "user.lifecycle.create"},
	{"C0002", "ET0006", "update_user", "user.account.update_profile"},
	{"C0002", "ET0007", "delete_user", "user.lifecycle.delete.initiated"},
	{"C0002", "ET0008", "create_group", "group.lifecycle.create"},
	{"C0002", "ET0010", "update_group", "group.application_assignment.add"},
	{"C0002", "ET0011", "delete_group", "group.lifecycle.delete"},
	{"C0002", "ET0012", "add_to_group", "group.user_membership.add"},
	{"C0002", "ET0013", "remove_from_group", "group.user_membership.remove"},
	{"C0002", "ET0014", "create_role", "iam.role.create"},
	{"C0002", "ET0016", "update_role", "iam.role.permissions.add"},
	{"C0002", "ET0017", "delete_role", "iam.role.delete"},
	{"C0002", "ET0018", "add_permission", "user.account.privilege.grant"},
	{"C0002", "ET0019", "remove_permission", "user.account.privilege.revoke"},
	{"C0002", "ET0020", "add_enrollment", "user.mfa.factor.activate"},
	{"C0002", "ET0021", "remove_enrollment", "user.mfa.factor.deactivate"},
	{"C0003", "ET0022", "create_security_configuration", "system.idp.lifecycle.create"},
	{"C0003", "ET0024", "update_security_configuration", "zone.update"},
	{"C0003", "ET0025", "delete_security_configuration", "security.behavior.settings.delete"},
	{"C0003", "ET0026", "create_integration", "application.lifecycle.create"},
	{"C0003", "ET0028", "update_integration", "application.lifecycle.update"},
	{"C0003", "ET0029", "delete_integration", "application.lifecycle.delete"},
	{"C0004", "ET0030", "create_resource", "system.api_token.create"},
	{"C0004", "ET0032", "update_resource", "policy.rule.update"},
	{"C0004", "ET0033", "delete_resource", "policy.rule.delete"},
	{"C0004", "ET0034", "download_resource", "analytics.reports.export.download"},
}

func TestRows(t *testing.T) {
	rows := emm.Mapping()
	if len(rows) != 28 || len(rowsOf) != 28 || len(emm.Categories()) != 4 || len(emm.EventTypes()) != 35 || len(emm.AttributeCodes()) != 33 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range rowsOf {
		got := emm.Classify(want.okta)
		if got.Category.Code != want.category || got.EventType.Code != want.eventType || got.EventType.Key != want.key || got.Basis != emm.ByRule {
			t.Errorf("%s: %+v, want %+v", want.okta, got, want)
		}
		if rows[i].Category != got.Category || rows[i].EventType != got.EventType {
			t.Errorf("row %d is %+v, want %+v", i, rows[i], want)
		}
		// Every attribute of the row can be retrieved by code and by key.
		row, err := emm.Normalize(full(want.okta))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range rows[i].Attributes {
			byCode, ok := row.Attributes.Get(a.Attribute.Code)
			byKey, _ := row.Attributes.Get(a.Attribute.Key)
			if !ok || fmt.Sprint(byCode) != fmt.Sprint(byKey) {
				t.Errorf("%s: %s is %v by code, %v by key", want.okta, a.Attribute.Key, byCode, byKey)
			}
		}
	}
}

// full returns an event of that type with a target of each kind, the relevant target not first,
// and a value at every path of the mapping.
func full(oktaType string) []byte {
	return fmt.Appendf(nil, `{
		"uuid": "b7d1e6f0-0000-11f0-9a3d-0f6e3c1d7a42", "published": "2026-03-14T02:41:07.512Z", "eventType": %q, "version": "0", "severity": "INFO",
		"actor": {"id": "00uactor", "type": "User", "alternateId": "actor@corp.example", "displayName": "Ann Actor", "detailEntry": null},
		"client": {"ipAddress": "203.0.113.24", "zone": "null", "device": "Computer", "id": null,
			"userAgent": {"rawUserAgent": "curl/8", "os": "Linux", "browser": "UNKNOWN"},
			"geographicalContext": {"city": "Lyon", "country": "France", "geolocation": {"lat": 45.76, "lon": 4.83}, "postalCode": null, "state": null}},
		"authenticationContext": {"externalSessionId": "102session", "credentialType": "PASSWORD", "authenticationProvider": "OKTA_AUTHENTICATION_PROVIDER"},
		"outcome": {"result": "SUCCESS", "reason": "because"},
		"target": [
			{"id": "x", "type": "Other", "alternateId": "other-alt", "displayName": "Other"},
			{"id": "p", "type": "Permission", "alternateId": "unknown", "displayName": "okta.users.manage"},
			{"id": "r", "type": "Role", "alternateId": "unknown", "displayName": "Helpers"},
			{"id": "g", "type": "UserGroup", "alternateId": "unknown", "displayName": "Developers"},
			{"id": "a", "type": "AppInstance", "alternateId": "Wiki", "displayName": "The Wiki"},
			{"id": "u", "type": "User", "alternateId": "target@corp.example", "displayName": "Tom Target"},
			{"id": "z", "type": "NetworkZoneEntity", "alternateId": "unknown", "displayName": "Head office"},
			{"id": "q", "type": "PolicyRule", "alternateId": "unknown", "displayName": "Rule one"}
		],
		"debugContext": {"debugData": {"factor": "SOFT_TOKEN", "changedAttributes": "title", "privilegeGranted": "Super admin", "privilegeRevoked": "Org admin",
			"zoneData": {"gateways": ["203.0.113.0/24"]}, "newSignonModeType": "SAML_2_0", "oldSignonModeType": "BOOKMARK", "threatSuspected": "false"}}
	}`, oktaType)
}

// TestTargets checks that the event type determines the target of an attribute.
func TestTargets(t *testing.T) {
	for okta, want := range map[string]map[string]string{
		"user.account.update_profile": {"target_username": "target@corp.example"},
		"group.user_membership.add":   {"target_group_name": "Developers", "target_username": "Tom Target"},
		"group.lifecycle.delete":      {"target_group_name": "Developers"},
		"group.application_assignment.add": {"target_group_name": "Developers",
			"target_attribute_context": `["Other","okta.users.manage","Helpers","The Wiki","Tom Target","Head office","Rule one"]`},
		"iam.role.create": {"target_role_name": "Helpers"},
		"application.lifecycle.update": {"integration_app_name": "The Wiki", "configuration_setting_name": "SAML_2_0",
			"previous_configuration_setting_value": "BOOKMARK"},
		"policy.rule.update":              {"resource_name": "Rule one", "resource_type": "PolicyRule"},
		"user.account.privilege.revoke":   {"permission_name": "Org admin", "target_resource_name": "target@corp.example"},
		"group.privilege.grant":           {"permission_name": "Super admin", "target_resource_name": "Developers"},
		"application.user_membership.add": {"target_resource_name": "Wiki"},
		"zone.update":                     {"configuration_setting_value": `{"gateways": ["203.0.113.0/24"]}`},
		"user.session.start":              {"username": "actor@corp.example", "user_id": "00uactor"},
	} {
		row, err := emm.Normalize(full(okta))
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range want {
			got, _ := row.Attributes.Get(key)
			if raw, ok := got.(json.RawMessage); ok {
				got = string(raw)
			}
			if got != want {
				t.Errorf("%s: %s is %v, want %s", okta, key, got, want)
			}
		}
	}
}

// printed returns the mapping as the matrix's page prints it.
func printed(t *testing.T) [][]string {
	t.Helper()
	samples(t)
	b, err := os.ReadFile(filepath.Join(shared, "seed-mapping.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines[1:]
}

func TestMappingEqualsPrintedMapping(t *testing.T) {
	want := map[string]int{}
	for _, l := range printed(t) {
		want[strings.Join(l[:4], " ")]++
	}
	got, wrong := map[string]int{}, 0
	for _, row := range emm.Mapping() {
		for _, a := range row.Attributes {
			got[strings.Join([]string{row.Category.Code, row.EventType.Code, a.Attribute.Code, a.Printed}, " ")]++
			if a.Printed != a.Path {
				wrong += 1 + twice(row.EventType.Code)
			}
		}
	}
	if !maps.Equal(got, want) || len(want) != 353 {
		for line := range want {
			if got[line] == 0 {
				t.Errorf("not mapped: %s", line)
			}
		}
		for line := range got {
			if want[line] == 0 {
				t.Errorf("not printed: %s", line)
			}
		}
	}
	if wrong != 53 {
		t.Errorf("%d lookups are printed wrong, want 53", wrong)
	}
}

// twice returns 1 for the two rows with two example events.
func twice(eventType string) int {
	if eventType == "ET0001" || eventType == "ET0003" {
		return 1
	}
	return 0
}

// TestEveryPrintedLookup checks that every path on the page returns the value of the authors'
// corrected mapping. Missing examples are replaced by events of this test.
func TestEveryPrintedLookup(t *testing.T) {
	events, corrected := samples(t), upstream(t)
	okta := map[string]string{}
	for _, r := range rowsOf {
		okta[r.eventType] = r.okta
	}
	total, own, hinted := 0, 0, 0
	for _, l := range printed(t) {
		for _, example := range strings.Split(l[4], ";") {
			total++
			raw := events[example]
			if raw == nil {
				raw = full(okta[l[1]])
				own++
			}
			value, hint := emm.ResolveAs(raw, l[3], l[2])
			if value == nil {
				t.Errorf("%s %s %s on %s: no value; %s", l[1], l[2], l[3], example, hint)
				continue
			}
			if hint != "" {
				hinted++
			}
			path := corrected[l[1]+" "+l[2]]
			if candidates := follow(raw, path); !slices.Contains(candidates, compact(value)) && l[2] != "A0020" {
				t.Errorf("%s %s %s on %s is %s; the corrected path %s leads to %s", l[1], l[2], l[3], example, value, path, candidates)
			}
		}
	}
	t.Logf("%d lookups resolved: %d on the matrix's own example events, %d on events made here; %d with a hint", total, total-own, own, hinted)
	if total != 379 {
		t.Errorf("%d lookups, want 379", total)
	}
}

// upstream returns the corrected mapping: paths by the codes of event type and attribute.
func upstream(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared, "okta-mapping-upstream.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defaults struct {
			Source struct{ Attributes map[string]string }
		} `yaml:"mapping_defaults"`
		Mappings []struct {
			EventType  string `yaml:"event_type"`
			Attributes map[string]string
		}
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	code := func(codes []emm.Code, key string) string {
		i := slices.IndexFunc(codes, func(c emm.Code) bool { return c.Key == key })
		if i < 0 {
			t.Fatalf("no code for %s", key)
		}
		return codes[i].Code
	}
	paths := map[string]string{}
	for _, m := range doc.Mappings {
		all := maps.Clone(doc.Defaults.Source.Attributes)
		maps.Copy(all, m.Attributes)
		for key, path := range all {
			paths[code(emm.EventTypes(), m.EventType)+" "+code(emm.AttributeCodes(), key)] = path
		}
	}
	return paths
}

// follow returns every value that a path can mean. A list can mean any of its items.
func follow(raw []byte, path string) []string {
	at := []json.RawMessage{raw}
	for _, name := range strings.Split(path, ".") {
		var next []json.RawMessage
		for _, doc := range at {
			var list []json.RawMessage
			if json.Unmarshal(doc, &list) != nil {
				list = []json.RawMessage{doc}
			}
			for _, item := range list {
				var members map[string]json.RawMessage
				if json.Unmarshal(item, &members) == nil && members[name] != nil {
					next = append(next, members[name])
				}
			}
		}
		at = next
	}
	var values []string
	for _, v := range at {
		values = append(values, compact(v))
	}
	return values
}

func compact(doc []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, doc) != nil {
		return "not JSON"
	}
	return b.String()
}
