package guard

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

const (
	glassID = "00uBREAKGLASS0000001"
	vaultID = "00gVAULT000000000001"
)

// TestTargetsOfAWrite checks that the target of a write is found in any part of the request and in any spelling.
func TestTargetsOfAWrite(t *testing.T) {
	body := func(s string) string { return strings.NewReplacer("$U", glassID, "$G", vaultID).Replace(s) }
	for _, c := range []struct {
		write, body           string
		users, groups         string // separated by spaces
		devices, sessions, as string
		unclear               bool
	}{
		{write: "POST /api/v1/users/$U/lifecycle/suspend", users: "$U"},
		{write: "POST /api/v1//users///$U/lifecycle/suspend/", users: "$U"},
		{write: "POST /API/V1/Users/$U", users: "$U"},
		{write: "POST /api/v1/users/%30%30uBREAKGLASS0000001", users: "$U"},
		{write: "DELETE /api/v1/users/me/sessions", users: "me"},
		{write: "POST /api/v1/users/glass%40corp.example", users: "glass@corp.example"},
		{write: "POST /api/v1/users/%2530%2530uBREAKGLASS0000001", users: "%30%30uBREAKGLASS0000001", unclear: true},
		{write: "POST /api/v1/users/$U;a=b", users: "$U $U;a=b", unclear: true},
		{write: "POST /api/v1/zones/../users/$U", users: "$U", unclear: true},
		{write: "POST /api/v1/zones/%2e%2e%2fusers%2f$U", users: "$U", unclear: true},
		{write: "POST /api/v1/users/%zz", users: "%zz", unclear: true},
		{write: "PUT /api/v1/users/a@b.example/linkedObjects/manager/glass@corp.example", users: "a@b.example glass@corp.example"},
		{write: "POST /api/v1/users", body: `{"profile":{"managerId":"$U"},"groupIds":["$G"]}`, groups: "$G"},
		{write: "POST /api/v1/users", body: `{"groupIds":[],"groupIds":["$G"]}`, groups: "$G"},
		{write: "POST /api/v1/users", body: `{"\u0067roupIds":["\u0030\u0030gVAULT000000000001"]}`, groups: "$G"},
		{write: "POST /api/v1/users", body: `{"groupIds":["$G"`, unclear: true},
		{write: "POST /api/v1/apps/0oa1/users", body: `{"id":"$U","scope":"USER"}`, users: "$U", as: "0oa1"},
		{write: "DELETE /api/v1/apps/0oa1/users/$U", users: "$U", as: "0oa1"},
		{write: "PUT /api/v1/apps/0oa1/groups/$G", groups: "$G", as: "0oa1"},
		{write: "DELETE /api/v1/apps/0oa1/tokens", as: "0oa1", unclear: true},
		{write: "POST /api/v1/apps/0oa1/lifecycle/deactivate", as: "0oa1"},
		{write: "PUT /api/v1/groups/$G/users/$U", users: "$U", groups: "$G"},
		{write: "POST /api/v1/groups/$G/roles", body: `{"type":"SUPER_ADMIN"}`, groups: "$G"},
		{write: "POST /api/v1/groups/g/owners", body: `{"id":"$U","type":"USER"}`, users: "$U", groups: "g"},
		{write: "POST /api/v1/groups/rules", body: `{"actions":{"assignUserToGroups":{"groupIds":["$G"]}}}`, groups: "$G", unclear: true},
		{write: "DELETE /api/v1/groups/Rules/0pr1", unclear: true},
		{write: "POST /api/v1/users/x/roles", body: `{"type":"SUPER_ADMIN"}`, users: "x"},
		{write: "PUT /api/v1/users/x/roles/r/targets/groups/$G", users: "x", groups: "$G"},
		{write: "POST /api/v1/iam/resource-sets/s/bindings", body: `{"role":"r","members":["https://acme.okta.com/api/v1/users/$U"]}`, users: "$U"},
		{write: "POST /api/v1/iam/resource-sets/s/bindings", body: `{"role":"r","members":[]}`, unclear: true},
		{write: "POST /oauth2/v1/global-token-revocation", body: `{"sub_id":{"format":"opaque"},"group":"$G"}`, groups: "$G", unclear: true},
		{write: "POST /api/v1/iam/resource-sets/s/bindings", body: `{"role":"r","members":["https://acme.okta.com/api/v1/groups/$G"]}`, groups: "$G"},
		{write: "PATCH /api/v1/iam/resource-sets/s/bindings/r/members", body: `{"additions":["orn:okta:directory:00o1:users:$U"]}`, users: "$U"},
		{write: "DELETE /api/v1/iam/resource-sets/s/bindings/r/members/irb1", unclear: true},
		{write: "PUT /api/v1/iam/roles/cr01", unclear: true},
		{write: "POST /api/v1/devices/guo1/lifecycle/suspend", devices: "guo1"},
		{write: "DELETE /api/v1/sessions/102x", sessions: "102x"},
		{write: "DELETE /api/v1/sessions/me", users: "me"},
		{write: "POST /api/v1/idps/0oa2/users/$U", users: "$U"},
		{write: "PUT /api/v1/policies/p", body: `{"conditions":{"people":{"users":{"include":["$U"]}}}}`, users: "$U"},
		{write: "PUT /api/v1/zones/nzo1", body: `{"gateways":[{"type":"CIDR","value":"203.0.113.7/32"}]}`},
		{write: "DELETE /api/v1/api-tokens/00T1", unclear: true},
		{write: "DELETE /api/v1/api-tokens/Current", users: "me"},
		{write: "POST /api/v1/authn/recovery/unlock", body: `{"username":"glass@corp.example"}`, users: "glass@corp.example", unclear: true},
		{write: "POST /api/v1/authn", body: `{"stateToken":"x"}`, unclear: true},
		{write: "DELETE /api/v1/apps/0oa1/group-push/mappings/gPm1", as: "0oa1", unclear: true},
		{write: "POST /api/v1/", unclear: true},
		{write: "PUT /api/v1/zones/z", body: `{"a":"(00u09azAZ09azAZ09azA)"}`, users: "00u09azAZ09azAZ09azA"},
		{write: "POST /oauth2/v1/global-token-revocation", body: `{"sub_id":{"format":"opaque","id":"$U"}}`, users: "$U"},
		{write: "POST /oauth2/v1/global-token-revocation/", body: `{"SUB_ID":{"format":"iss_sub","iss":"https://i.example","sub":"$U"}}`, users: "$U"},
		{write: "POST /oauth2/v1/global-token-revocation", body: `{"sub_id":{"format":"email","email":"glass@corp.example"}}`, users: "glass@corp.example"},
		{write: "POST /oauth2/v1/global-token-revocation", body: `{"sub_id":"$U"}`, users: "$U"},
		{write: "POST /oauth2/v1/global-token-revocation", body: `{}`, unclear: true},
		{write: "POST /oauth2/v1/revoke", body: `{"token":"x"}`, unclear: true},
		{write: "DELETE /oauth2/v1/clients/0oa3/roles/r", as: "0oa3"},
		{write: "POST /idp/idx/identify", body: `{"identifier":"glass@corp.example"}`, unclear: true},
		{write: "POST /", unclear: true},
	} {
		method, path, _ := strings.Cut(body(c.write), " ")
		got := targetsOf(Write{method, path, []byte(body(c.body))})
		for what, pair := range map[string][2]string{
			"users": {strings.Join(got.users, " "), c.users}, "groups": {strings.Join(got.groups, " "), c.groups},
			"devices": {strings.Join(got.devices, " "), c.devices}, "sessions": {strings.Join(got.sessions, " "), c.sessions},
			"apps": {strings.Join(got.apps, " "), c.as},
		} {
			if pair[0] != body(pair[1]) {
				t.Errorf("%s %s: %s are %q, want %q", c.write, c.body, what, pair[0], body(pair[1]))
			}
		}
		if (got.unclear != "") != c.unclear {
			t.Errorf("%s %s: unclear because %q", c.write, c.body, got.unclear)
		}
	}
}

// FuzzTargetsOf checks that a request with the ID of a protected user or group, in its path or in its body outside a
// profile, targets that object or is unclear.
func FuzzTargetsOf(f *testing.F) {
	for _, p := range append([]string{"/api/v1/users/../groups", "/api/v1/users/%2e%2e/groups", "/api/v1/users//x", "/api/v1;x/users/y"},
		"/api/v1/users/"+glassID, "/api/v1/users/%2530", "/api//v1/zones/..;/users/"+glassID) {
		f.Add(p, `{"groupIds":["`+vaultID+`"]}`)
	}
	f.Add("/api/v1/groups/"+vaultID, `[[{"a":[1,null,"`+glassID+`"]}]]`)
	f.Add("/oauth2/v1/global-token-revocation", `{"sub_id":{"id":["x"]}}`)
	f.Fuzz(func(t *testing.T, p, body string) {
		got := targetsOf(Write{"POST", p, []byte(body)})
		if got.unclear != "" {
			return
		}
		plain, err := url.PathUnescape(p)
		if err != nil {
			t.Fatalf("%q cannot be parsed, and is not unclear", p)
		}
		for s := range strings.SplitSeq(plain, "/") {
			if s == glassID && !slices.Contains(got.users, s) || s == vaultID && !slices.Contains(got.groups, s) {
				t.Errorf("the targets of %q lack %s: %+v", p, s, got)
			}
		}
		if _, unescaped := strings.CutPrefix(body, `["`+glassID+`"`); unescaped && !slices.Contains(got.users, glassID) {
			t.Errorf("the targets of %q lack %s", body, glassID)
		}
	})
}
