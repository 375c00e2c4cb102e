package playbook

import (
	"strings"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// chat is a connector that can send messages.
var chat = &sdk.Manifest{Name: "chat", Actions: []sdk.ActionInfo{
	{Name: "post_message", Effect: sdk.Writes, Output: sdk.JSON(`{"type":"object"}`),
		Input: sdk.JSON(`{"type":"object","properties":{"text":{"type":"string","minLength":1}},"required":["text"],"additionalProperties":false}`)},
	{Name: "open_case", Effect: sdk.Writes, Output: sdk.JSON(`{"type":"object"}`),
		Input: sdk.JSON(`{"type":"object","properties":{"subject":{"type":"string"},"n":{"type":"integer"}},
			"required":["subject"],"additionalProperties":false}`)},
}}

// TestAlerts loads on_failure of a playbook and of the settings, and evaluates its input.
func TestAlerts(t *testing.T) {
	connections := Connections{"emea": manifest(t), "chat": chat}
	failure := Failure{Kind: "run_failed", Text: "It ${{ failed }}", Message: "no", Playbook: "a", Suppressed: 3}
	for name, test := range map[string]struct {
		with, playbookOnly string
		want               string // connection/action window input, or a part of the error
	}{
		"default input":      {with: `{action: chat/post_message}`, want: `chat/post_message 15m0s {"text":"It ${{ failed }}"}`},
		"without connection": {with: `{action: post_message, window: 1h}`, want: `chat/post_message 1h0m0s {"text":"It ${{ failed }}"}`},
		"expressions": {with: `{action: open_case, with: {subject: "${{ failure.kind }}: ${{ failure.message }}", n: "${{ failure.suppressed }}"}}`,
			want: `chat/open_case 15m0s {"n":3,"subject":"run_failed: no"}`},
		"variables": {with: `{action: open_case, with: {subject: "${{ vars.s }}"}}`, playbookOnly: "vars: {s: x}\n",
			want: `chat/open_case 15m0s {"subject":"x"}`},
		"no action":           {with: `{window: 1m}`, want: "action"},
		"unknown action":      {with: `{action: chat/post}`, want: `the connection chat has no action "post"`},
		"unknown connection":  {with: `{action: caht/post_message}`, want: `there is no connection "caht"; did you mean "chat"?`},
		"input missing":       {with: `{action: open_case}`, want: "subject"},
		"input unknown":       {with: `{action: open_case, with: {subject: a, colour: blue}}`, want: "colour"},
		"event":               {with: `{action: open_case, with: {subject: "${{ event.uuid }}"}}`, want: "on_failure can read failure and vars"},
		"raw event":           {with: `{action: open_case, with: {subject: "${{ string(raw.x) }}"}}`, want: "on_failure can read failure and vars"},
		"unknown member":      {with: `{action: open_case, with: {subject: "${{ failure.colour }}"}}`, want: "colour"},
		"wrong type":          {with: `{action: open_case, with: {subject: a, n: "${{ failure.kind }}"}}`, want: "string"},
		"window too short":    {with: `{action: post_message, window: 1ms}`, want: "window must be between 1s and 24h"},
		"window not a time":   {with: `{action: post_message, window: soon}`, want: "window"},
		"endless expression":  {with: `{action: open_case, with: {subject: "${{ failure. }}"}}`, want: "Syntax error"},
		"action is an object": {with: `{action: {a: b}}`, want: "action"},
	} {
		t.Run(name, func(t *testing.T) {
			describe := func(a *Alert, err error) string {
				if err != nil {
					return err.Error()
				}
				input, err := a.Input(failure)
				if err != nil {
					return err.Error()
				}
				return a.Connection + "/" + a.Action + " " + a.Window.String() + " " + string(input)
			}
			source := "name: a\ntitle: A\ntrigger: system_log\nevent_types: [a.b]\nsteps: [{id: a, action: get_user, with: {user: ann}}]\n" +
				test.playbookOnly + "on_failure: " + test.with + "\n"
			p, err := Load("f.yaml", []byte(source), connections)
			if p == nil {
				p = new(Playbook)
			}
			if got := describe(p.OnFailure, err); !strings.Contains(got, test.want) {
				t.Errorf("playbook: got %s, want %s", got, test.want)
			}
			if test.playbookOnly != "" {
				return
			}
			members, err := Document("soar.yaml", []byte("on_failure: "+test.with+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(LoadAlert(members[0].Value.(map[string]any), connections)); !strings.Contains(got, test.want) {
				t.Errorf("settings: got %s, want %s", got, test.want)
			}
		})
	}
	if _, err := Load("f.yaml", []byte("name: a\ntitle: A\ntrigger: system_log\nevent_types: [a.b]\ncondition: failure.kind == ''\n"+
		"steps: [{id: a, action: get_user, with: {user: ann}}]\n"), connections); err == nil || !strings.Contains(err.Error(), "only on_failure can read failure") {
		t.Errorf("a condition reads failure: %v", err)
	}
	if a, err := LoadAlert(map[string]any{"action": "post_message"}, connections); err != nil || a.Window != 15*time.Minute {
		t.Errorf("got %v, %v", a, err)
	}
}
