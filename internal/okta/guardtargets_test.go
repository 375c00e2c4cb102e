package okta

import (
	"strings"
	"testing"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

const (
	glassID = "00uBREAKGLASS0000001"
	vaultID = "00gVAULT000000000001"
)

// protectedOrg is an org with the protected user glass and the protected group Vault. The connection allows custom
// writes.
func protectedOrg(t *testing.T) (*Client, *oktasim.Server) {
	c, s := guarded(t, guard.Rules{AllowCustomWrites: true, ProtectedUsers: []string{"glass@corp.example"}, ProtectedGroups: []string{"Vault"}})
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
		`POST /api/v1/users {"profile":{"login":"new@corp.example"},"groupIds":["` + vaultID + `"]}`:         "protected_groups",
		`POST /api/v1/apps/0oa1/users {"id":"` + glassID + `"}`:                                              "protected_users",
		`PUT /api/v1/apps/0oa1/groups/` + vaultID + ` {}`:                                                    "protected_groups",
		`POST /api/v1/groups/` + vaultID + `/roles {"type":"SUPER_ADMIN"}`:                                   "protected_groups",
		`POST /api/v1/groups/rules {"actions":{}}`:                                                           "protected_users",
		`POST /api/v1/users/member@corp.example/roles {"type":"READ_ONLY_ADMIN"}`:                            "protected_groups",
		`POST /api/v1/devices/` + device.ID + `/lifecycle/suspend {}`:                                        "protected_users",
		`POST /api/v1/devices/` + device.ID + `/lifecycle/deactivate {}`:                                     "protected_users",
		`DELETE /api/v1/devices/` + device.ID + ` {}`:                                                        "protected_users",
		`POST /oauth2/v1/global-token-revocation {"sub_id":{"format":"email","email":"glass@corp.example"}}`: "protected_users",
		`POST /oauth2/v1/revoke {"token":"x"}`:                                                               "protected_users",
		`POST /api/v1/authn/recovery/password {"username":"GLASS@corp.example"}`:                             "protected_users",
		`POST /idp/idx/identify {"identifier":"x"}`:                                                          "protected_users",
		`POST /api/v1/inlineHooks {"contact":" glass@mail.example "}`:                                        "protected_users",
		`PUT /api/v1/policies/p1 {"conditions":{"people":{"users":{"exclude":["` + glassID + `"]}}}}`:        "protected_users",
		`PATCH /api/v1/iam/resource-sets/s/bindings/r/members {"additions":["/users/` + glassID + `"]}`:      "protected_users",
		`POST /api/v1/users/me/lifecycle/suspend {}`:                                                         "own user",
		`DELETE /api/v1/users/glass {}`:                                                                      "protected_users",
	} {
		request, body, _ := strings.Cut(call, " {")
		method, path, _ := strings.Cut(request, " ")
		_, err := c.Custom(t.Context(), CustomCall{Method: method, Path: path, Body: []byte("{" + body)})
		wantRejected(t, map[string]error{call: err}, rule)
	}
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	// A write without a protected target is sent.
	for _, call := range []CustomCall{
		{Method: "PUT", Path: "/api/v1/zones/nzo1", Body: []byte(`{}`)},
		{Method: "POST", Path: "/api/v1/eventHooks", Body: []byte(`{"name":"x"}`)},
		{Method: "POST", Path: "/api/v1/users/other@corp.example/lifecycle/suspend"},
	} {
		if _, err := c.Custom(t.Context(), call); guard.Rejected(err) {
			t.Errorf("%s %s: %v", call.Method, call.Path, err)
		}
	}
}

// TestDevicesOfProtectedUsers checks that a write to a device counts as a write to its users.
func TestDevicesOfProtectedUsers(t *testing.T) {
	c, s := protectedOrg(t)
	theirs := s.AddDevice(oktasim.NewDevice{Name: "glass-laptop", Users: []string{"glass@corp.example"}})
	members := s.AddDevice(oktasim.NewDevice{Name: "member-laptop", Users: []string{"member@corp.example"}})
	other := s.AddDevice(oktasim.NewDevice{Name: "other-laptop", Users: []string{"other@corp.example"}})
	wantRejected(t, map[string]error{
		"suspend": c.SuspendDevice(t.Context(), theirs.ID), "deactivate": c.DeactivateDevice(t.Context(), theirs.ID),
	}, "protected_users")
	wantRejected(t, map[string]error{"member": c.SuspendDevice(t.Context(), members.ID)}, "protected_groups")
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	if err := c.SuspendDevice(t.Context(), other.ID); err != nil {
		t.Error(err)
	}
	s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/devices/**", Status: 500})
	wantCode(t, c.UnsuspendDevice(t.Context(), other.ID), sdk.Unavailable)
}

// TestDevicesOfAdministrators checks that the devices of the principal and of the last super administrator are always
// protected.
func TestDevicesOfAdministrators(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.admin("soar@corp.example", "ORG_ADMIN")
	o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	device := func(users ...string) string { return o.AddDevice(oktasim.NewDevice{Name: "laptop", Users: users}).ID }
	own, last, plain, nobodys := device("a@corp.example", soar.ID), device(o.owner), device("a@corp.example"), device()

	// A principal that may not read admin roles may still write to devices.
	c := o.as(t, soar.ID, guard.Rules{ProtectedUsers: []string{o.owner}})
	wantRejected(t, map[string]error{"own": c.SuspendDevice(t.Context(), own)}, "own user")
	wantRejected(t, map[string]error{"protected": c.SuspendDevice(t.Context(), last)}, "protected_users")
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
	wantRejected(t, map[string]error{"last": seeing.SuspendDevice(t.Context(), last)}, "last super administrator")
	if n := writes(o.Server); n != 2 {
		t.Errorf("%d writes were sent, want two", n)
	}
}

// TestNamesOfAdministrators checks calls that identify a user by address or login. They are checked even if the
// settings protect nobody.
func TestNamesOfAdministrators(t *testing.T) {
	o := newAdminsOrg(t)
	soar := o.AddUser(oktasim.NewUser{Login: "soar@corp.example", Email: "soar@mail.example"})
	o.AddRole(oktasim.NewRole{User: soar.ID, Type: "ORG_ADMIN"})
	o.AddRole(oktasim.NewRole{User: soar.ID, Type: "CUSTOM", Role: "cr01", ResourceSet: "iam1", Permissions: []string{"okta.iam.read"}})
	c := o.as(t, soar.ID, guard.Rules{AllowCustomWrites: true, MaxUsersPerCall: 10})
	owner, _ := o.State().User(o.owner)
	custom := func(path, body string) error {
		_, err := c.Custom(t.Context(), CustomCall{Method: "POST", Path: path, Body: []byte(body)})
		return err
	}
	short, _, _ := strings.Cut(owner.Login, "@")
	wantRejected(t, map[string]error{
		"sign-in":    custom("/api/v1/authn", `{"username":"`+owner.Login+`","password":"x"}`),
		"short name": custom("/api/v1/authn", `{"username":"`+short+`","password":"x"}`),
		"recovery":   custom("/api/v1/authn/recovery/password", `{"username":"`+owner.Login+`"}`),
	}, "last super administrator")
	wantRejected(t, map[string]error{
		"address": custom("/oauth2/v1/global-token-revocation", `{"sub_id":{"format":"email","email":"soar@mail.example"}}`),
	}, "own user")
	if n := writes(o.Server); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
}

func TestBulkLimitOfABody(t *testing.T) {
	c, s := guarded(t, guard.Rules{AllowCustomWrites: true, MaxUsersPerCall: 2})
	ids := []string{"00uAAAAAAAAAAAAAAAAA", "00uBBBBBBBBBBBBBBBBB", "00uCCCCCCCCCCCCCCCCC"}
	_, err := c.Custom(t.Context(), CustomCall{Method: "PUT", Path: "/api/v1/policies/p", Body: []byte(`{"include":["` + strings.Join(ids, `","`) + `"]}`)})
	wantRejected(t, map[string]error{"body": err}, "max_users_per_call")
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
