package oktasim_test

import (
	"testing"

	"soar.example/okta/internal/oktasim"
)

// accessSteps call the endpoints of the demo org for factors, roles, devices, applications, zones and grants. They
// precede the steps that delete the demo's users.
func accessSteps(t *testing.T, c *caller) []step {
	t.Helper()
	state := c.org.State()
	alice, _ := state.User("alice.moreau@corp.example")
	maya, _ := state.User("maya.osei@corp.example")
	user, group := "/api/v1/users/"+alice.ID, "/api/v1/groups/"+state.Groups[1].ID
	push, sms := user+"/factors/"+alice.Factors[0].ID, user+"/factors/"+alice.Factors[1].ID
	device, app := "/api/v1/devices/"+alice.Devices[0].ID, "/api/v1/apps/"+alice.Apps[0].ID
	zone := "/api/v1/zones/" + c.org.AddZone(oktasim.NewZone{Name: "Office", Gateways: []string{"203.0.113.7"}, Status: "INACTIVE"}).ID
	staged := c.org.AddUser(oktasim.NewUser{Login: "waiting@corp.example", Status: "PROVISIONED"}).ID
	client := alice.Grants[0].Client
	groupRole := c.org.AddRole(oktasim.NewRole{Group: state.Groups[2].ID, Type: "READ_ONLY_ADMIN"})
	readers := "/api/v1/groups/" + state.Groups[2].ID + "/roles/" + groupRole.ID
	c.org.AddRole(oktasim.NewRole{User: maya.ID, Type: "CUSTOM", Role: "cr0Readers", ResourceSet: "iam1", Permissions: []string{"okta.users.read"}})
	limited := "/api/v1/users/" + staged + "/roles/"
	groupAdmin := c.org.AddRole(oktasim.NewRole{User: staged, Type: "USER_ADMIN", Targets: []string{state.Groups[2].Name}}).ID
	appAdmin := c.org.AddRole(oktasim.NewRole{User: staged, Type: "APP_ADMIN", Targets: []string{"facebook"}}).ID
	key := newKey(t, "ES256")
	service := c.org.AddServiceApp(key.app("okta.users.read"))
	c.org.AnswerPush(oktasim.Push{User: alice.ID, Answer: oktasim.PushRejected, AfterPolls: 1, Number: 42})
	sent := c.want("POST", push+"/verify", "", 201, "").object(t)
	poll := sent["_links"].(map[string]any)["poll"].(map[string]any)["href"].(string)

	return []step{
		{"POST /api/v1/users/{id}/lifecycle/reactivate", "/api/v1/users/" + staged + "/lifecycle/reactivate", ""},
		{"POST /api/v1/users/{id}/lifecycle/expire_password_with_temp_password",
			"/api/v1/users/" + maya.ID + "/lifecycle/expire_password_with_temp_password?revokeSessions=true", ""},
		{"GET /api/v1/users/{id}/appLinks", user + "/appLinks", ""},
		{"GET /api/v1/users/{id}/devices", user + "/devices", ""},
		{"GET /api/v1/users/{id}/factors", user + "/factors", ""},
		{"GET /api/v1/users/{id}/factors/{fid}", push, ""},
		{"POST /api/v1/users/{id}/factors/{fid}/verify", push + "/verify", ""},
		{"POST /api/v1/users/{id}/factors/{fid}/verify", sms + "/verify", "{}"},
		{"GET /api/v1/users/{id}/factors/{fid}/transactions/{tid}", poll, ""},
		{"GET /api/v1/users/{id}/factors/{fid}/transactions/{tid}", poll, ""},
		{"DELETE /api/v1/users/{id}/factors/{fid}", push, ""},
		{"POST /api/v1/users/{id}/lifecycle/reset_factors", user + "/lifecycle/reset_factors", ""},
		{"GET /api/v1/users/{id}/clients", user + "/clients", ""},
		{"DELETE /api/v1/users/{id}/clients/{cid}/tokens", user + "/clients/" + client + "/tokens", ""},
		{"GET /api/v1/users/{id}/grants", user + "/grants?expand=scope", ""},
		{"DELETE /api/v1/users/{id}/grants", user + "/grants", ""},
		{"GET /api/v1/users/{id}/risk", user + "/risk", ""},
		{"PUT /api/v1/users/{id}/risk", user + "/risk", `{"riskLevel":"HIGH"}`},
		{"PUT /api/v1/users/{id}/risk", user + "/risk", `{"riskLevel":"LOW","riskReason":"Ticket 12, closed."}`},
		{"GET /api/v1/users/{id}/risk", user + "/risk", ""},
		{"POST /api/v1/users/{id}/roles", user + "/roles", `{"type":"HELP_DESK_ADMIN"}`},
		{"POST /api/v1/users/{id}/roles", user + "/roles", `{"type":"CUSTOM","role":"cr0Srvqa","resource-set":"iamoJDFK"}`},
		{"GET /api/v1/users/{id}/roles", user + "/roles", ""},
		{"GET /api/v1/users/{id}/roles/{rid}", "/api/v1/users/" + maya.ID + "/roles/" + maya.Roles[0].ID, ""},
		{"DELETE /api/v1/users/{id}/roles/{rid}", "/api/v1/users/" + maya.ID + "/roles/" + maya.Roles[0].ID, ""},
		{"GET /api/v1/users/{id}/roles/{rid}/targets/groups", limited + groupAdmin + "/targets/groups", ""},
		{"GET /api/v1/users/{id}/roles/{rid}/targets/catalog/apps", limited + appAdmin + "/targets/catalog/apps", ""},
		{"GET /api/v1/iam/roles", "/api/v1/iam/roles", ""},
		{"GET /api/v1/iam/roles/{id}/permissions", "/api/v1/iam/roles/cr0Readers/permissions", ""},
		{"GET /oauth2/v1/clients/{id}/roles", "/oauth2/v1/clients/" + service + "/roles", ""},
		{"GET /api/v1/iam/assignees/users", "/api/v1/iam/assignees/users?limit=1", ""},
		{"POST /api/v1/groups/{id}/roles", group + "/roles", `{"type":"APP_ADMIN"}`},
		{"GET /api/v1/groups/{id}/roles", group + "/roles", ""},
		{"GET /api/v1/groups/{id}/roles/{rid}", readers, ""},
		{"DELETE /api/v1/groups/{id}/roles/{rid}", readers, ""},
		{"GET /api/v1/devices", "/api/v1/devices?expand=user", ""},
		{"GET /api/v1/devices", "/api/v1/devices?expand=userSummary", ""},
		{"GET /api/v1/devices/{id}", device, ""},
		{"GET /api/v1/devices/{id}/users", device + "/users", ""},
		{"POST /api/v1/devices/{id}/lifecycle/suspend", device + "/lifecycle/suspend", ""},
		{"POST /api/v1/devices/{id}/lifecycle/unsuspend", device + "/lifecycle/unsuspend", ""},
		{"POST /api/v1/devices/{id}/lifecycle/deactivate", device + "/lifecycle/deactivate", ""},
		{"POST /api/v1/devices/{id}/lifecycle/activate", device + "/lifecycle/activate", ""},
		{"POST /api/v1/devices/{id}/lifecycle/deactivate", device + "/lifecycle/deactivate", ""},
		{"DELETE /api/v1/devices/{id}", device, ""},
		{"GET /api/v1/zones", "/api/v1/zones", ""},
		{"POST /api/v1/zones", "/api/v1/zones", `{"type":"IP","name":"New","gateways":[{"type":"RANGE","value":"192.0.2.1-192.0.2.9"}]}`},
		{"GET /api/v1/zones/{id}", zone, ""},
		{"PUT /api/v1/zones/{id}", zone,
			`{"type":"IP","name":"Office","gateways":[{"type":"CIDR","value":"2001:db8::/32"}],"proxies":[{"type":"CIDR","value":"192.0.2.1/32"}]}`},
		{"POST /api/v1/zones/{id}/lifecycle/activate", zone + "/lifecycle/activate", ""},
		{"POST /api/v1/zones/{id}/lifecycle/deactivate", zone + "/lifecycle/deactivate", ""},
		{"DELETE /api/v1/zones/{id}", zone, ""},
		{"GET /api/v1/apps", "/api/v1/apps?" + escape(`filter=user.id eq "`+alice.ID+`"&expand=user/`+alice.ID), ""},
		{"GET /api/v1/apps/{id}", app, ""},
		{"GET /api/v1/apps/{id}", "/api/v1/apps/" + service, ""},
		{"GET /api/v1/apps/{id}/users", app + "/users?expand=user", ""},
		{"GET /api/v1/apps/{id}/users/{uid}", app + "/users/" + alice.ID, ""},
		{"DELETE /api/v1/apps/{id}/users/{uid}", app + "/users/" + alice.ID, ""},
		{"POST /api/v1/apps/{id}/lifecycle/deactivate", app + "/lifecycle/deactivate", ""},
		{"POST /api/v1/apps/{id}/lifecycle/activate", app + "/lifecycle/activate", ""},
		{"GET /api/v1/policies", "/api/v1/policies?type=ACCESS_POLICY", ""},
		{"GET /api/v1/policies", "/api/v1/policies?type=PASSWORD", ""},
		{"POST /oauth2/v1/global-token-revocation", "/oauth2/v1/global-token-revocation", `{"sub_id":{"format":"opaque","id":"` + maya.ID + `"}}`},
		{"POST /oauth2/v1/token", "/oauth2/v1/token", key.form(key.assertion(service, c.org.URL, t0), "okta.users.read")},
	}
}
