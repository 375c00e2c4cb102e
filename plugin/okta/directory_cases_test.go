package okta

import (
	"encoding/json"
	"strings"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/sdktest"
)

// directoryCases are the cases of actions on the directory: users, groups, apps, devices, policies.
func directoryCases() map[string]sdktest.Case {
	user := always(`{"user":"` + victim + `"}`)
	return map[string]sdktest.Case{
		"get_user_by_email":  {Input: always(`{"email":"` + victim + `"}`)},
		"get_group_by_name":  {Input: always(`{"name":"Quarantine"}`)},
		"list_users":         {Input: always(`{"search":"status eq \"ACTIVE\"","return_all":true}`)},
		"list_groups":        {Input: always(`{"q":"Quar"}`)},
		"list_user_groups":   {Input: user},
		"list_group_members": {Input: always(`{"group":"Finance","limit":10}`)},
		"create_group":       {Input: always(`{"name":"Watch list","description":"Seen near an incident"}`)},
		"create_user": {Input: always(`{"profile":{"login":"new@corp.example","email":"new@corp.example","firstName":"New","lastName":"One"},` +
			`"password":"a-long-first-password"}`)},
		"update_user":     {Input: always(`{"user":"` + victim + `","profile":{"department":"Finance","mobilePhone":null}}`)},
		"activate_user":   {Input: someone(oktasim.StatusStaged, `{"user":"%","send_email":false}`)},
		"deactivate_user": {Input: user},
		"delete_user":     {Input: user},
		"get_user_factors": {Input: func(s sdktest.Service) json.RawMessage {
			s.(service).AddFactor(oktasim.NewFactor{User: victim, Type: "push"})
			s.(service).AddFactor(oktasim.NewFactor{User: victim, Type: "signed_nonce"})
			return user(s)
		}},
		"list_applications": {Input: func(s sdktest.Service) json.RawMessage {
			s.(service).AddApp(oktasim.NewApp{Label: "Payroll"})
			return json.RawMessage(`{"q":"Pay","include_inactive":true}`)
		}},
		"list_application_users": {Input: func(s sdktest.Service) json.RawMessage {
			app := s.(service).AddApp(oktasim.NewApp{Label: "Payroll"})
			s.(service).AssignApp(oktasim.NewAssignment{App: app.ID, User: victim})
			return json.RawMessage(`{"app":"Payroll"}`)
		}},
		"list_devices": {Input: func(s sdktest.Service) json.RawMessage {
			s.(service).AddDevice(oktasim.NewDevice{Name: "ALICE-LAPTOP", Users: []string{victim}})
			return json.RawMessage(`{"search":"status eq \"ACTIVE\"","with_users":true}`)
		}},
		"list_policies": {Input: func(s sdktest.Service) json.RawMessage {
			s.(service).AddPolicy(oktasim.NewPolicy{Type: "OKTA_SIGN_ON", Name: "Deny quarantined users"})
			return json.RawMessage(`{"type":"OKTA_SIGN_ON"}`)
		}},
		"custom_request": {Input: func(s sdktest.Service) json.RawMessage { // the change is not verified
			g := s.(service).AddGroup(oktasim.NewGroup{Name: "Watch list"})
			u := s.(service).AddUser(oktasim.NewUser{Login: "someone@corp.example"})
			return json.RawMessage(`{"method":"PUT","path":"/api/v1/groups/` + g.ID + `/users/` + u.ID + `"}`)
		}},
		"reset_password": {Input: user, Again: sdk.Accepted}, // each call makes a link
	}
}

// someone returns an input for a user with a status; % is replaced by the login of the user.
func someone(status, input string) func(sdktest.Service) json.RawMessage {
	return func(s sdktest.Service) json.RawMessage {
		u := s.(service).AddUser(oktasim.NewUser{Login: "someone@corp.example", Status: status})
		return json.RawMessage(strings.ReplaceAll(input, "%", u.Login))
	}
}
