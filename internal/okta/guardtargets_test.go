package okta

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

const (
	glassID = "00uBREAKGLASS0000001"
	vaultID = "00gVAULT000000000001"
)

// Guards against a write whose target stands where the rules do not look, or is
// spelled as they do not expect.
func TestTargetsOfAWrite(t *testing.T) {
	body := func(s string) string { return strings.NewReplacer("$U", glassID, "$G", vaultID).Replace(s) }
	for _, c := range []struct {
		write, body           string
		users, groups         string // joined by blanks
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
		got := targetsOf(write{method, path, []byte(body(c.body))})
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

// protectedOrg is an org in which glass is a protected user and Vault a protected
// group, on a connection that lets custom requests write.
func protectedOrg(t *testing.T) (*Client, *oktasim.Server) {
	c, s := guarded(t, Guards{AllowCustomWrites: true, ProtectedUsers: []string{"glass@corp.example"}, ProtectedGroups: []string{"Vault"}})
	s.AddUser(oktasim.NewUser{ID: glassID, Login: "glass@corp.example", Email: "glass@mail.example"})
	s.AddGroup(oktasim.NewGroup{ID: vaultID, Name: "Vault"})
	s.AddUser(oktasim.NewUser{Login: "member@corp.example", Groups: []string{"Vault"}})
	s.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	s.AllowUnknown()
	return c, s
}

func TestCustomBodiesObeyTheGuards(t *testing.T) {
	c, s := protectedOrg(t)
	device := s.AddDevice(oktasim.NewDevice{Name: "ipad", Users: []string{"other@corp.example", "glass@corp.example"}})
	for call, rule := range map[string]string{
		`POST /api/v1/users {"profile":{"login":"new@corp.example"},"groupIds":["` + vaultID + `"]}`:         ruleGroups,
		`POST /api/v1/apps/0oa1/users {"id":"` + glassID + `"}`:                                              ruleUsers,
		`PUT /api/v1/apps/0oa1/groups/` + vaultID + ` {}`:                                                    ruleGroups,
		`POST /api/v1/groups/` + vaultID + `/roles {"type":"SUPER_ADMIN"}`:                                   ruleGroups,
		`POST /api/v1/groups/rules {"actions":{}}`:                                                           ruleUsers,
		`POST /api/v1/users/member@corp.example/roles {"type":"READ_ONLY_ADMIN"}`:                            ruleGroups,
		`POST /api/v1/devices/` + device.ID + `/lifecycle/suspend {}`:                                        ruleUsers,
		`POST /api/v1/devices/` + device.ID + `/lifecycle/deactivate {}`:                                     ruleUsers,
		`DELETE /api/v1/devices/` + device.ID + ` {}`:                                                        ruleUsers,
		`POST /oauth2/v1/global-token-revocation {"sub_id":{"format":"email","email":"glass@corp.example"}}`: ruleUsers,
		`POST /oauth2/v1/revoke {"token":"x"}`:                                                               ruleUsers,
		`POST /api/v1/authn/recovery/password {"username":"GLASS@corp.example"}`:                             ruleUsers,
		`POST /idp/idx/identify {"identifier":"x"}`:                                                          ruleUsers,
		`POST /api/v1/inlineHooks {"contact":" glass@mail.example "}`:                                        ruleUsers,
		`PUT /api/v1/policies/p1 {"conditions":{"people":{"users":{"exclude":["` + glassID + `"]}}}}`:        ruleUsers,
		`PATCH /api/v1/iam/resource-sets/s/bindings/r/members {"additions":["/users/` + glassID + `"]}`:      ruleUsers,
		`POST /api/v1/users/me/lifecycle/suspend {}`:                                                         ruleSelf,
		`DELETE /api/v1/users/glass {}`:                                                                      ruleUsers,
	} {
		request, body, _ := strings.Cut(call, " {")
		method, path, _ := strings.Cut(request, " ")
		_, err := c.Custom(t.Context(), CustomCall{Method: method, Path: path, Body: []byte("{" + body)})
		wantRefused(t, map[string]error{call: err}, rule)
	}
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	// What names nobody protected still goes through.
	for _, call := range []CustomCall{
		{Method: "PUT", Path: "/api/v1/zones/nzo1", Body: []byte(`{}`)},
		{Method: "POST", Path: "/api/v1/eventHooks", Body: []byte(`{"name":"x"}`)},
		{Method: "POST", Path: "/api/v1/users/other@corp.example/lifecycle/suspend"},
	} {
		if _, err := c.Custom(t.Context(), call); Guarded(err) {
			t.Errorf("%s %s: %v", call.Method, call.Path, err)
		}
	}
}

// A device is its users': what nobody could do to them, nobody does to it.
func TestDevicesOfProtectedUsers(t *testing.T) {
	c, s := protectedOrg(t)
	theirs := s.AddDevice(oktasim.NewDevice{Name: "glass-laptop", Users: []string{"glass@corp.example"}})
	members := s.AddDevice(oktasim.NewDevice{Name: "member-laptop", Users: []string{"member@corp.example"}})
	other := s.AddDevice(oktasim.NewDevice{Name: "other-laptop", Users: []string{"other@corp.example"}})
	wantRefused(t, map[string]error{
		"suspend": c.SuspendDevice(t.Context(), theirs.ID), "deactivate": c.DeactivateDevice(t.Context(), theirs.ID),
	}, ruleUsers)
	wantRefused(t, map[string]error{"member": c.SuspendDevice(t.Context(), members.ID)}, ruleGroups)
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	if err := c.SuspendDevice(t.Context(), other.ID); err != nil {
		t.Error(err)
	}
	s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/devices/**", Status: 500})
	wantCode(t, c.UnsuspendDevice(t.Context(), other.ID), sdk.Unavailable)
}

// The login's own user and the last super administrator have devices too, whatever the
// settings protect.
func TestDevicesOfAdministrators(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.admin("soar@corp.example", "ORG_ADMIN")
	o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	device := func(users ...string) string { return o.AddDevice(oktasim.NewDevice{Name: "laptop", Users: users}).ID }
	own, last, plain, nobodys := device("a@corp.example", soar.ID), device(o.owner), device("a@corp.example"), device()

	// A login that cannot see who is an administrator is not kept from all devices.
	c := o.as(t, soar.ID, Guards{ProtectedUsers: []string{o.owner}})
	wantRefused(t, map[string]error{"own": c.SuspendDevice(t.Context(), own)}, ruleSelf)
	wantRefused(t, map[string]error{"protected": c.SuspendDevice(t.Context(), last)}, ruleUsers)
	for _, id := range []string{plain, nobodys} {
		if err := c.SuspendDevice(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	o.AddRole(oktasim.NewRole{User: soar.ID, Type: "CUSTOM", Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read"}})
	o.AddAPIToken(oktasim.NewAPIToken{Token: "00seeing", User: soar.ID})
	seeing, err := Open(t.Context(), Settings{OrgURL: o.URL, Token: sdk.NewSecret("00seeing")})
	if err != nil {
		t.Fatal(err)
	}
	defer seeing.Close()
	wantRefused(t, map[string]error{"last": seeing.SuspendDevice(t.Context(), last)}, ruleLast)
	if n := writes(o.Server); n != 2 {
		t.Errorf("%d writes were sent, want two", n)
	}
}

// Okta's calls that take an address, or a name to sign in by, reach whom no setting
// names, too.
func TestNamesOfAdministrators(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.AddUser(oktasim.NewUser{Login: "soar@corp.example", Email: "soar@mail.example"})
	o.AddRole(oktasim.NewRole{User: soar.ID, Type: "ORG_ADMIN"})
	o.AddRole(oktasim.NewRole{User: soar.ID, Type: "CUSTOM", Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read"}})
	c := o.as(t, soar.ID, Guards{AllowCustomWrites: true, MaxUsersPerCall: 10})
	owner, _ := o.State().User(o.owner)
	custom := func(path, body string) error {
		_, err := c.Custom(t.Context(), CustomCall{Method: "POST", Path: path, Body: []byte(body)})
		return err
	}
	short, _, _ := strings.Cut(owner.Login, "@")
	wantRefused(t, map[string]error{
		"sign-in":    custom("/api/v1/authn", `{"username":"`+owner.Login+`","password":"x"}`),
		"short name": custom("/api/v1/authn", `{"username":"`+short+`","password":"x"}`),
		"recovery":   custom("/api/v1/authn/recovery/password", `{"username":"`+owner.Login+`"}`),
	}, ruleLast)
	wantRefused(t, map[string]error{
		"address": custom("/oauth2/v1/global-token-revocation", `{"sub_id":{"format":"email","email":"soar@mail.example"}}`),
	}, ruleSelf)
	if n := writes(o.Server); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
}

func TestBulkLimitOfABody(t *testing.T) {
	c, s := guarded(t, Guards{AllowCustomWrites: true, MaxUsersPerCall: 2})
	ids := []string{"00uAAAAAAAAAAAAAAAAA", "00uBBBBBBBBBBBBBBBBB", "00uCCCCCCCCCCCCCCCCC"}
	_, err := c.Custom(t.Context(), CustomCall{Method: "PUT", Path: "/api/v1/policies/p", Body: []byte(`{"include":["` + strings.Join(ids, `","`) + `"]}`)})
	wantRefused(t, map[string]error{"body": err}, "max_users_per_call")
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// Whatever the spelling, a request with the id of a protected user or group in its
// path or outside of a profile in its body is to them, or is unclear.
func FuzzTargetsOf(f *testing.F) {
	for _, p := range append(slices.Clone(hostilePaths), "/api/v1/users/"+glassID, "/api/v1/users/%2530", "/api//v1/zones/..;/users/"+glassID) {
		f.Add(p, `{"groupIds":["`+vaultID+`"]}`)
	}
	f.Add("/api/v1/groups/"+vaultID, `[[{"a":[1,null,"`+glassID+`"]}]]`)
	f.Add("/oauth2/v1/global-token-revocation", `{"sub_id":{"id":["x"]}}`)
	f.Fuzz(func(t *testing.T, p, body string) {
		got := targetsOf(write{"POST", p, []byte(body)})
		if got.unclear != "" {
			return
		}
		plain, err := url.PathUnescape(p)
		if err != nil {
			t.Fatalf("%q cannot be read, and is not unclear", p)
		}
		for s := range strings.SplitSeq(plain, "/") {
			if s == glassID && !slices.Contains(got.users, s) || s == vaultID && !slices.Contains(got.groups, s) {
				t.Errorf("%q is not to %s: %+v", p, s, got)
			}
		}
		if _, unescaped := strings.CutPrefix(body, `["`+glassID+`"`); unescaped && !slices.Contains(got.users, glassID) {
			t.Errorf("%q is not to %s", body, glassID)
		}
	})
}
