package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// TestNothingFromOutsideSteersTheTerminal checks that errors and outputs of a service cannot control the terminal.
func TestNothingFromOutsideSteersTheTerminal(t *testing.T) {
	const hostile = "\x1b[2J\rall is well\u009b31m"
	failure := &sdk.Error{
		Code: sdk.Conflict, Message: "two lines,\n" + hostile, Violations: []schema.Violation{{Pointer: "/" + hostile, Message: hostile}},
		Upstream: &sdk.Upstream{Status: 400, Code: hostile, RequestID: hostile},
	}
	body := failure.Body()
	for name, show := range map[string]func(a *app){
		"report": func(a *app) { a.report(failure) },
		"answer": func(a *app) {
			a.showOutput(&sdk.ActionInfo{Title: "T"}, []byte(`{"\u001b[2J":[{"\u001b[2J":"\u001b[2J"}],"l":[{"a":"\u009b"}],"x":"\u001b"}`), sdk.Changed)
		},
		"retry": func(a *app) {
			step := &engine.StepRun{ID: "s", Error: &body}
			(&progress{app: a}).notice(embedded.Notice{Kind: embedded.StepRetry, Run: &embedded.Run{}, Step: step, Wait: time.Second})
		},
	} {
		var out bytes.Buffer
		show(newApp(&out, &out))
		if s := out.String(); s == "" || strings.ContainsAny(s, "\x1b\r\u009b") {
			t.Errorf("%s: %q", name, s)
		}
	}
}
