package playbook

import (
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestConnections checks which connection a trigger and an action mean, and the errors of names that mean none or several.
func TestConnections(t *testing.T) {
	full := manifest(t)
	chat := &sdk.Manifest{Name: "chat", Actions: []sdk.ActionInfo{{
		Name: "post_message", Input: sdk.JSON(`{"type":"object"}`), Output: sdk.JSON(`{"type":"object"}`),
	}}}
	one, two := Connections{"emea": full, "chat": chat}, Connections{"emea": full, "apac": full, "chat": chat}
	for name, test := range map[string]struct {
		connections     Connections
		trigger, action string
		want            string // connection/trigger connection/action, or a part of the error
	}{
		"no prefix":       {one, "system_log", "get_user", "emea/system_log emea/get_user"},
		"prefix":          {two, "apac/system_log", "emea/get_user", "apac/system_log emea/get_user"},
		"other connector": {two, "emea/system_log", "post_message", "emea/system_log chat/post_message"},
		"ambiguous trigger": {two, "system_log", "emea/get_user",
			"several connections have the trigger system_log: write apac/system_log for one of them. They are apac, emea"},
		"ambiguous action":     {two, "emea/system_log", "get_user", "several connections have the action get_user: write apac/get_user"},
		"unknown connection":   {two, "emea/system_log", "emae/get_user", `there is no connection "emae"; did you mean "emea"?`},
		"foreign connection":   {two, "emea/system_log", "slack/get_user", `there is no connection "slack". The connections are apac, chat, emea`},
		"action of another":    {two, "emea/system_log", "chat/get_user", `the connection chat has no action "get_user"`},
		"misspelt action":      {two, "emea/system_log", "chat/post_mesage", `the connection chat has no action "post_mesage"; did you mean "post_message"?`},
		"misspelt everywhere":  {two, "emea/system_log", "post_mesage", `there is no action "post_mesage"; did you mean "post_message"?`},
		"trigger of another":   {two, "chat/system_log", "emea/get_user", `the connection chat has no trigger "system_log"`},
		"empty connection":     {two, "emea/system_log", "/get_user", `there is no connection ""`},
		"empty action":         {two, "emea/system_log", "emea/", `the connection emea has no action ""`},
		"two prefixes":         {two, "emea/system_log", "emea/apac/get_user", `the connection emea has no action "apac/get_user"`},
		"no connection at all": {nil, "system_log", "get_user", `there is no trigger "system_log"`},
	} {
		t.Run(name, func(t *testing.T) {
			source := "name: a\ntitle: A\ntrigger: " + test.trigger + "\nevent_types: [user.session.start]\n" +
				"steps: [{id: a, action: " + test.action + ", with: {user: ann}}]\n"
			if strings.HasSuffix(test.action, "post_message") {
				source = strings.Replace(source, ", with: {user: ann}", "", 1)
			}
			p, err := Load("f.yaml", []byte(source), test.connections)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = p.Connection + "/" + p.Trigger + " " + p.Steps[0].Connection + "/" + p.Steps[0].Action
				if p.Steps[0].Info != test.connections[p.Steps[0].Connection].Action(p.Steps[0].Action) {
					t.Error("the step has another action")
				}
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
