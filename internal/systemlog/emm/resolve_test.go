package emm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog/emm"
)

func TestResolve(t *testing.T) {
	const add, login, revoke, zone = "group.user_membership.add", "user.session.start", "user.account.privilege.revoke", "zone.update"
	for _, c := range []struct{ okta, path, value, hint string }{
		// Okta's own paths need no hint.
		{login, "client.ipAddress", `"203.0.113.24"`, ""},
		{login, "event.client.ipAddress", `"203.0.113.24"`, ""},
		{login, "$.client.ipAddress", `"203.0.113.24"`, ""},
		{login, " uuid ", `"b7d1e6f0-0000-11f0-9a3d-0f6e3c1d7a42"`, ""},
		{login, "target[5].displayName", `"Tom Target"`, ""},
		{login, "target.5.displayName", `"Tom Target"`, ""},
		{login, "client.id", `null`, ""},
		{login, "client.geographicalContext.geolocation.lat", `45.76`, ""},
		// Names that Okta does not use.
		{login, "event_type", `"user.session.start"`, "write eventType"},
		{login, "authentication_context.credentialType", `"PASSWORD"`, "write authenticationContext.credentialType"},
		{login, "debug_context.debugData.factor", `"SOFT_TOKEN"`, "write debugContext.debugData.factor"},
		{login, "debugData.factor", `"SOFT_TOKEN"`, "write debugContext.debugData.factor"},
		{zone, "debugData.debugData.zoneData", `{"gateways": ["203.0.113.0/24"]}`, "write debugContext.debugData.zoneData"},
		{zone, "debugData.debugData.zoneData.gateways", `"203.0.113.0/24"`, ""},
		{login, "Client.IpAddress", `"203.0.113.24"`, "write client.ipAddress"},
		{login, "outcome.Result", `"SUCCESS"`, "write outcome.result"},
		// The path of one row means another member in this event type.
		{revoke, "debug_context.debugData.privilegeGranted", `"Org admin"`, "write debugContext.debugData.privilegeRevoked"},
		{login, "target.alternateId", `"actor@corp.example"`, "write actor.alternateId"},
		{login, "target.id", `"00uactor"`, "write actor.id"},
		// Target is a list.
		{"user.lifecycle.create", "target.alternativeId", `"target@corp.example"`,
			"write target[5].alternateId, since target is a list: this is A0019 target_username"},
		{add, "target.displayName", `"Developers"`,
			"write target[3].displayName, since target is a list: this is A0021 target_group_name; " +
				"for A0019 target_username write target[5].displayName"},
		{add, "target.type", `"UserGroup"`, "write target[3].type"},
		{"system.theme.update", "target.detailEntry", ``, `target[0] has no "detailEntry" in this event`},
		// Attributes.
		{login, "A0005", `"actor@corp.example"`, "A0005 username is actor.alternateId"},
		{add, "target_username", `"Tom Target"`, "A0019 target_username is target[5].displayName"},
		{login, "A0019", ``, "A0019 target_username is not an attribute of ET0001: account_login"},
		// Absent members.
		{login, "client.ipAdress", ``, `client has no "ipAdress" in this event; did you mean "ipAddress"?`},
		{login, "uuid.nope", ``, `uuid has no "nope" in this event`},
		{login, "target[99].id", ``, `target has no "99" in this event`},
		{login, "target[-1].id", ``, ``},
		{login, "nobody", ``, `the event has no "nobody" in this event`},
		{login, "", ``, "a path must have between 1 and 500 characters"},
		{login, strings.Repeat("x", 501), ``, "a path must have between 1 and 500 characters"},
		{login, "....", ``, `the event has no "" in this event`},
	} {
		value, hint := emm.Resolve(full(c.okta), c.path)
		if c.value == `"203.0.113.0/24"` { // a list at the end of a path is returned as a list
			c.value = `["203.0.113.0/24"]`
			c.hint = "write debugContext.debugData.zoneData.gateways"
		}
		if string(value) != c.value && c.path != "target[-1].id" {
			t.Errorf("%s %.40s: %s, want %s", c.okta, c.path, value, c.value)
		}
		if c.hint != "" && !strings.Contains(hint, c.hint) || c.hint == "" && hint != "" && c.path != "target[-1].id" {
			t.Errorf("%s %.40s: hint %q, want %q", c.okta, c.path, hint, c.hint)
		}
	}
}

func TestResolveAbsentValue(t *testing.T) {
	for _, c := range []struct{ event, path, value, hint string }{
		{`{"eventType":"user.session.start"}`, "target.alternateId", "", "write actor.alternateId, which this event does not have"},
		{`{"eventType":"user.lifecycle.create","target":null}`, "target.alternativeId", "",
			"write target[0].alternateId, since target is a list: this is A0019 target_username, which this event does not have"},
		{`{"eventType":"user.lifecycle.create","target":[]}`, "target.alternativeId", "", "which this event does not have"},
		{`{"eventType":"user.lifecycle.create","target":[]}`, "target.id", "", "target is an empty list in this event"},
		{`{"eventType":"user.lifecycle.create","target":[7,"x",null]}`, "target.id", "", "has no"},
		{`{"eventType":"user.lifecycle.create"}`, "username", "", "A0005 username is actor.alternateId, which this event does not have"},
		{`{"eventType":"user.session.start","outcome":{"reason":null}}`, "outcome.reason", "null", ""},
		{`{"actor":{"id":"a","id":"b"}}`, "actor.id", `"b"`, ""},
		{`{"eventType":"x.y","request":{"ipChain":[{"ip":"10.0.0.1"}]}}`, "request.ipChain.ip", `"10.0.0.1"`, "write request.ipChain[0].ip"},
		{`{"\u0061ctor":{"id":"a"}}`, "actor.id", `"a"`, ""},
		{`[]`, "uuid", "", "the event is not a JSON object"},
		{``, "uuid", "", "the event is not a JSON object"},
		{`{"uuid":"x"`, "uuid", "", "the event is not a JSON object"},
	} {
		value, hint := emm.Resolve([]byte(c.event), c.path)
		if string(value) != c.value || !strings.Contains(hint, c.hint) || c.hint == "" && hint != "" {
			t.Errorf("%s of %s: %s, hint %q; want %s, hint %q", c.path, c.event, value, hint, c.value, c.hint)
		}
	}
}

// TestResolveAs resolves a printed path that two attributes share by the attribute.
func TestResolveAs(t *testing.T) {
	for attribute, want := range map[string]string{
		"A0021": `"Developers"`, "A0019": `"Tom Target"`, "target_username": `"Tom Target"`, "": `"Developers"`, "A9999": `"Developers"`,
	} {
		if value, _ := emm.ResolveAs(full("group.user_membership.add"), "target.displayName", attribute); string(value) != want {
			t.Errorf("as %q: %s, want %s", attribute, value, want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, path := range []string{"event_type", "target.displayName", "a[0][1].b", "debugData.debugData.zoneData", "A0005", "..", "target[5]..x", "[", "]"} {
		f.Add(full("group.user_membership.add"), path)
	}
	f.Add([]byte(`{"target":[[[{}]]],"a":{"":1}}`), "target.a")
	f.Fuzz(func(t *testing.T, raw []byte, path string) {
		value, hint := emm.Resolve(raw, path)
		if value != nil && !json.Valid(value) {
			t.Errorf("%s of %s is %q", path, raw, value)
		}
		if value == nil && hint == "" {
			t.Errorf("%q of %s: neither a value nor a hint", path, raw)
		}
	})
}
