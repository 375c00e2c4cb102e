package okta

import (
	"encoding/json"
	"strings"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/sdktest"
)

// responseCases are the cases of the other actions for responders.
func responseCases() map[string]sdktest.Case {
	user := always(`{"user":"` + victim + `"}`)
	return map[string]sdktest.Case{
		"check_permissions": {Input: always(`{}`)},
		"unlock_user":       {Input: someone(oktasim.StatusLockedOut, `{"user":"%"}`)},
		"expire_password":   {Input: user},
		"reset_factors": {Input: scene(`{"user":"`+victim+`"}`, func(s service) string {
			s.AddFactor(oktasim.NewFactor{User: victim, Type: "push"})
			return s.AddFactor(oktasim.NewFactor{User: victim, Type: "sms"}).ID
		})},
		"delete_factor": {Input: scene(`{"user":"`+victim+`","factor":"%"}`, func(s service) string {
			s.AddFactor(oktasim.NewFactor{User: victim, Type: "push"})
			return s.AddFactor(oktasim.NewFactor{User: victim, Type: "sms"}).ID
		})},
		"verify_push": {Again: sdk.Changed, Input: scene(`{"user":"`+victim+`","number":true}`, func(s service) string {
			f := s.AddFactor(oktasim.NewFactor{User: victim, Type: "push"})
			s.AnswerPush(oktasim.Push{User: victim, Answer: oktasim.PushSuccess, Number: 72})
			return f.ID
		})},
		"get_user_blast_radius": {Input: user},
		"revoke_user_grants": {Input: scene(`{"user":"`+victim+`"}`, func(s service) string {
			return s.AddGrant(oktasim.NewGrant{User: victim, Client: "0oaGrantedClient00001", Scopes: []string{"okta.users.read"}})[0].ID
		})},
		"revoke_app_tokens": {Input: scene(`{"user":"`+victim+`","app":"%"}`, func(s service) string { // Okta cannot tell
			app := s.AddApp(oktasim.NewApp{Label: "Mail"})
			s.AddGrant(oktasim.NewGrant{User: victim, Client: app.ID, Tokens: 2})
			return app.ID
		})},
		"universal_logout": {Input: user}, // likewise
		"list_roles":       {Input: always(`{}`)},
		"list_user_roles":  {Input: user},
		"assign_role":      {Input: always(`{"user":"` + victim + `","role":"HELP_DESK_ADMIN"}`)},
		"revoke_role": {Input: scene(`{"user":"`+victim+`","role":"HELP_DESK_ADMIN"}`, func(s service) string {
			return s.AddRole(oktasim.NewRole{User: victim, Type: "HELP_DESK_ADMIN"}).ID
		})},
		"list_user_devices":  {Input: scene(`{"user":"`+victim+`"}`, device(oktasim.DeviceActive))},
		"suspend_device":     {Input: scene(`{"device":"%"}`, device(oktasim.DeviceActive))},
		"unsuspend_device":   {Input: scene(`{"device":"%"}`, device(oktasim.DeviceSuspended))},
		"deactivate_device":  {Input: scene(`{"device":"%"}`, device(oktasim.DeviceActive))},
		"list_network_zones": {Input: always(`{"usage":"BLOCKLIST"}`)},
		"block_ip":           {Input: always(`{"address":"203.0.113.7","for":"24h"}`)},
		"unblock_ip": {Input: scene(`{"address":"203.0.113.7","zone":"Incidents"}`, func(s service) string {
			return s.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST", Gateways: []string{"203.0.113.7/32", "198.51.100.0/24"}}).ID
		})},
		"list_user_applications": {Input: scene(`{"user":"`+victim+`"}`, assigned)},
		"unassign_application":   {Input: scene(`{"user":"`+victim+`","app":"%"}`, assigned)},
		"deactivate_application": {Input: scene(`{"app":"%"}`, assigned)},
		"get_user_risk":          {Input: user},
		"set_user_risk":          {Input: always(`{"user":"` + victim + `","risk_level":"HIGH","risk_reason":"Session hijacking suspected"}`)},
	}
}

// scene returns an input for an object that set creates in the service; % is replaced by
// the ID of the object.
func scene(input string, set func(service) string) func(sdktest.Service) json.RawMessage {
	return func(s sdktest.Service) json.RawMessage {
		return json.RawMessage(strings.ReplaceAll(input, "%", set(s.(service))))
	}
}

func device(status string) func(service) string {
	return func(s service) string {
		return s.AddDevice(oktasim.NewDevice{Name: "ALICE-LAPTOP", Status: status, Users: []string{victim}}).ID
	}
}

func assigned(s service) string {
	app := s.AddApp(oktasim.NewApp{Label: "Mail"})
	s.AssignApp(oktasim.NewAssignment{App: app.ID, User: victim})
	return app.ID
}
