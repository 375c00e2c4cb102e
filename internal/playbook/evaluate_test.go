package playbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

func realEvent(t testing.TB) sdk.RawEvent {
	t.Helper()
	data, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	return sdk.RawEvent{ID: "7c7f8d62", Type: "user.account.report_suspicious_activity_by_enduser", Data: data}
}

// withCondition returns a playbook with this condition on every event.
func withCondition(t testing.TB, condition string) *Playbook {
	t.Helper()
	return load(t, fmt.Sprintf("name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\ncondition: %q\n"+
		"vars: {bad: [198.51.100.0, 198.51.100.23], owners: {France: bob}}\nsteps: [{id: look, action: get_user, with: {user: ann}}]\n", condition))
}

func load(t testing.TB, source string) *Playbook {
	t.Helper()
	p, err := Load("f.yaml", []byte(source), Connections{"test": manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConditions(t *testing.T) {
	real := realEvent(t).Data
	empty := json.RawMessage(`{}`)
	nulls := json.RawMessage(`{"actor": null, "client": null, "outcome": null, "target": null,
		"debugContext": null, "severity": null, "authenticationContext": null}`)
	for _, tt := range []struct {
		condition          string
		real, empty, nulls any // bool, or a part of the error's message
	}{
		{`event.outcome.result == "SUCCESS"`, true, false, false},
		{`event.actor.type == "User" && event.severity in ["WARN", "ERROR"]`, true, false, false},
		{`event.client.userAgent.browser == "CHROME"`, true, false, false},
		{`event.client.userAgent.browser == null`, false, true, true},
		{`event.client.userAgent == null`, false, true, true},
		{`event.outcome.reason == null`, true, true, true},
		{`has(event.outcome.reason)`, false, false, false},
		{`has(event.client.geographicalContext.geolocation)`, true, false, false},
		{`event.client.geographicalContext.geolocation.lat > 44`, true, false, false},
		{`has(event.client.geographicalContext.geolocation.lat) && event.client.geographicalContext.geolocation.lat == 45.0`, true, false, false},
		{`event.authenticationContext.authenticationStep == 0`, true, false, false},
		{`event.outcome.?reason.orValue("none") == "none"`, true, true, true},
		{`event.?client.?userAgent.?browser.orValue("none") == "none"`, false, true, true},
		{`event.target.exists(t, t.type == "User" && t.id == event.actor.id)`, true, false, false},
		{`event.target.all(t, t.type == "User")`, false, false, false},
		{`event.target.filter(t, t.type == "User")[0].detailEntry == null`, true, true, true},
		{`event.target.filter(t, t.type == "AppInstance").map(t, t.detailEntry.signOnModeType) == ["SAML_2_0"]`, true, false, false},
		{`size(event.target) == 0`, false, false, false},
		{`event.target == null`, false, true, true},
		{`event.debugContext.debugData.suspiciousActivityEventType.startsWith("user.mfa")`, true, false, false},
		{`"dtHash" in event.debugContext.debugData`, true, false, false},
		{`event.debugContext.debugData.?risk.?level.orValue("LOW") == "HIGH"`, true, false, false},
		{`event.debugContext.debugData.risk.score == 87 && type(event.debugContext.debugData.risk.score) == int`, true, false, false},
		{`event.debugContext.debugData.risk.big > 1e19`, true, false, false},
		{`event.actor.displayName.lowerAscii() == "ann example"`, true, false, false},
		{`event.client.ipAddress in vars.bad`, true, false, false},
		{`vars.owners[event.client.geographicalContext.country] == "bob"`, true, false, false},
		{`raw.securityContext.asNumber == 64500 && !raw.securityContext.isProxy`, true, false, false},
		{`raw.legacyEventType == null`, true, true, true},
		{`has(raw.securityContext)`, true, false, false},
		{`timestamp(event.published).getFullYear() == 2026`, true, false, false},
		{`steps == steps && true`, true, true, true},
	} {
		p := withCondition(t, tt.condition)
		for name, c := range map[string]struct {
			data json.RawMessage
			want any
		}{"real": {real, tt.real}, "empty": {empty, tt.empty}, "nulls": {nulls, tt.nulls}} {
			got, err := p.Match(sdk.RawEvent{Type: "a.b", Data: c.data})
			switch want := c.want.(type) {
			case bool:
				if err != nil || got != want {
					t.Errorf("%s on the %s event = %v, %v; want %v", tt.condition, name, got, err, want)
				}
			case string:
				var e *sdk.Error
				if got || !errors.As(err, &e) || e.Code != sdk.InvalidInput || !strings.Contains(e.Message, want) {
					t.Errorf("%s on the %s event = %v, %v; want an error with %q", tt.condition, name, got, err, want)
				}
			}
		}
	}
}

// TestCost checks that no expression runs for long or grows without limit.
func TestCost(t *testing.T) {
	digits := "[1,2,3,4,5,6,7,8,9,10]"
	for _, condition := range []string{
		fmt.Sprintf("%[1]s.all(a, %[1]s.all(b, %[1]s.all(c, %[1]s.all(d, %[1]s.all(e, %[1]s.all(f, event != null))))))", digits),
		`raw.t.split("").all(a, raw.t.split("").all(b, a == b))`,
	} {
		data, err := json.Marshal(map[string]string{"t": strings.Repeat("x", 3000)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = withCondition(t, condition).Match(sdk.RawEvent{Type: "a.b", Data: data})
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.InvalidInput || !strings.Contains(e.Message, "cost limit") {
			t.Errorf("Match = %v, want the cost limit", err)
		}
	}
}

func TestMatchEventType(t *testing.T) {
	p := load(t, strings.Replace(header, "[user.session.start]", "[user.session.start, user.mfa.*]",
		1)+"steps: [{id: look, action: get_user, with: {user: ann}}]\n")
	for eventType, want := range map[string]bool{
		"user.session.start": true, "user.mfa.factor.activate": true, "user.mfa": false, "user.session.start.x": false, "": false, "USER.session.start": false,
	} {
		if got, err := p.Match(sdk.RawEvent{Type: eventType}); got != want || err != nil {
			t.Errorf("Match(%q) = %v, %v; want %v", eventType, got, err, want)
		}
	}
}

func TestMatchMalformedEvent(t *testing.T) {
	p := withCondition(t, `event.severity == "WARN"`)
	for _, data := range []string{"", "{", `{"severity": "WARN"} x`, `{"authenticationContext": {"authenticationStep": 1e999}}`, "\xff"} {
		got, err := p.Match(sdk.RawEvent{Type: "a.b", Data: json.RawMessage(data)})
		var e *sdk.Error
		if got || !errors.As(err, &e) || e.Code != sdk.InvalidInput {
			t.Errorf("Match(%q) = %v, %v; want invalid_input", data, got, err)
		}
	}
	for _, data := range []string{"null", "7", "[]", `"text"`, `{"severity": {"x": 1}}`, `{"severity": 3, "target": {}, "actor": []}`} {
		if got, err := p.Match(sdk.RawEvent{Type: "a.b", Data: json.RawMessage(data)}); got || err != nil {
			t.Errorf("Match(%q) = %v, %v; want false", data, got, err)
		}
	}
}

func TestSteps(t *testing.T) {
	source, err := os.ReadFile("testdata/good/contain_compromised_user.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, string(source))
	want := []Step{
		{ID: "lookup", Title: "Look the user up", Action: "get_user", Retry: Retry{4, 1e9, 30e9}, Timeout: 180e9, OnError: Stop},
		{ID: "suspend", Action: "suspend_user", Retry: Retry{1, 1e9, 30e9}, Timeout: 30e9, OnError: Continue},
		{ID: "quarantine", Action: "add_user_to_group", Retry: Retry{4, 60e9, 60e9}, Timeout: 180e9, OnError: Ignore},
	}
	for i, s := range p.Steps {
		got := Step{ID: s.ID, Title: s.Title, Action: s.Action, Retry: s.Retry, Timeout: s.Timeout, OnError: s.OnError}
		if got != want[i] {
			t.Errorf("step %d = %+v, want %+v", i, got, want[i])
		}
	}
	if diff := cmp.Diff(`{"event_types":["user.account.report_suspicious_activity_by_enduser","user.mfa.*"],"look_back":"10m"}`, string(p.Params)); diff != "" {
		t.Errorf("Params (-want +got):\n%s", diff)
	}
	if ok, err := p.Match(realEvent(t)); !ok || err != nil {
		t.Fatalf("Match = %v, %v", ok, err)
	}

	scope := Scope{Event: realEvent(t).Data}
	user := `{"user":"00u1fw9bmSVvq2ZGH5d7"}`
	wantInput(t, p, 0, scope, user)
	wantApplies(t, p, 1, scope, false) // lookup has not run
	scope.Steps = map[string]StepResult{"lookup": {Status: "succeeded", Output: json.RawMessage(`{"id":"00u1","status":"ACTIVE","factors":2}`)}}
	wantApplies(t, p, 1, scope, true)
	wantInput(t, p, 1, scope, user)
	scope.Steps["suspend"] = StepResult{Status: "failed", Error: &sdk.ErrorBody{Code: sdk.Unavailable, Message: "down"}}
	wantApplies(t, p, 2, scope, true)
	wantInput(t, p, 2, scope, `{"group":"Quarantine","user":"00u1"}`)
	scope.Steps["suspend"] = StepResult{Status: "skipped"}
	wantApplies(t, p, 2, scope, false)

	// The lookup failed: its output is null, and so is no user.
	scope.Steps["lookup"] = StepResult{Status: "failed", Error: &sdk.ErrorBody{Code: sdk.NotFound}}
	_, err = p.Input(p.Steps[2], scope)
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != sdk.InvalidInput || !strings.Contains(e.Message, `"quarantine"`) || len(e.Violations) != 1 ||
		e.Violations[0].Pointer != "/user" {
		t.Errorf("Input = %v; want invalid_input at /user", err)
	}
	scope.Steps["lookup"] = StepResult{Status: "succeeded", Output: json.RawMessage(`{"id": `)}
	if _, err = p.Input(p.Steps[2], scope); !errors.As(err, &e) || e.Code != sdk.InvalidInput {
		t.Errorf("Input with a broken output = %v; want invalid_input", err)
	}
}

func wantInput(t *testing.T, p *Playbook, step int, scope Scope, want string) {
	t.Helper()
	got, err := p.Input(p.Steps[step], scope)
	if err != nil || string(got) != want {
		t.Errorf("Input of %s = %s, %v; want %s", p.Steps[step].ID, got, err, want)
	}
}

func wantApplies(t *testing.T, p *Playbook, step int, scope Scope, want bool) {
	t.Helper()
	if got, err := p.Applies(p.Steps[step], scope); err != nil || got != want {
		t.Errorf("Applies of %s = %v, %v; want %v", p.Steps[step].ID, got, err, want)
	}
}

// TestEveryForm checks the value of each way of writing an input.
func TestEveryForm(t *testing.T) {
	source, err := os.ReadFile("testdata/good/every_form.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, strings.Replace(string(source), "{US: ann, DE: bob}", "{US: ann, France: bob}", 1))
	scope := Scope{
		Event: json.RawMessage(`{"uuid": "u1", "severity": "WARN", "eventType": "a.b", "actor": {"id": "00u1", "displayName": "<Ann>",
			"alternateId": "ann@example.com", "detailEntry": null, "new": [1, 2.0, 2.5]},
			"client": {"ipAddress": "198.51.100.23", "geographicalContext": {"country": "France"}}, "target": [{"alternateId": "x"}, {"alternateId": "y"}],
			"debugContext": {"debugData": {"n": null, "k": 1}}}`),
		Steps: map[string]StepResult{},
	}
	got, err := p.Input(p.Steps[0], scope)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/every_form.json", got)
	if !strings.Contains(string(got), "<Ann>") {
		t.Error("the input is escaped for HTML")
	}

	scope.Steps["ticket"] = StepResult{Status: "succeeded", Output: json.RawMessage(`{"outcome":"changed","before":"","after":"open","number":7}`)}
	wantApplies(t, p, 1, scope, true)
	wantInput(t, p, 1, scope, `{"count":7,"details":{"code":null,"status":"succeeded"},"labels":["x","y"],"summary":"open"}`)
}

func golden(t *testing.T, file string, raw []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestRejectedInputs checks that one error names every mistake of an input.
func TestRejectedInputs(t *testing.T) {
	const with = "steps:\n  - id: ticket\n    action: open_ticket\n    with:\n"
	for name, tt := range map[string]struct {
		with, event string
		want        map[string]string // pointer → part of the message
	}{
		"enum, range and null": {
			"      summary: ${{ event.outcome.reason }}\n      severity: ${{ event.severity }}\n      score: ${{ event.authenticationContext.authenticationStep }}\n",
			`{"severity": "WARN", "authenticationContext": {"authenticationStep": 11}}`,
			map[string]string{"/summary": "null", "/severity": "one of", "/score": "maximum"},
		},
		"cannot be evaluated": {
			"      summary: x ${{ event.outcome.reason }}\n      labels: ['${{ event.target[0].id }}', ok]\n      details: {a/b: {c~d: \"${{ raw.nope }}\"}}\n",
			`{}`,
			map[string]string{"/summary": "null"},
		},
		"absent item": {
			"      summary: x\n      labels: ['${{ event.target[0].id }}', ok]\n", `{}`, map[string]string{"/labels/0": "null"},
		},
		"dynamic": {
			"      summary: ${{ raw.list }}\n      count: ${{ raw.half }}\n      labels: ${{ raw.list }}\n      urgent: ${{ raw.half }}\n",
			`{"list": ["a", 1], "half": 0.5}`,
			map[string]string{"/summary": "array", "/count": "integer", "/labels/1": "number", "/urgent": "boolean"},
		},
		"no JSON": {
			"      summary: x\n      details: {a: \"${{ raw.a / raw.b }}\", b: \"${{ {1: 2} }}\", c: \"${{ [raw.?zz] }}\", d: \"${{ [timestamp(raw.t)] }}\"}\n",
			`{"a": 1.5, "b": 0.0, "t": "2026-03-01T12:00:00Z"}`,
			map[string]string{"/details/a": "overload", "/details/c": "absent", "/details/d": "timestamp", "/details/b": "string"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "no JSON" {
				// A map with keys that are not strings is a constant, and rejected at once.
				tt.with = strings.Replace(tt.with, "{1: 2}", "{size(event.target): 2}", 1)
			}
			p := load(t, header+with+tt.with)
			_, err := p.Input(p.Steps[0], Scope{Event: json.RawMessage(tt.event)})
			var e *sdk.Error
			if !errors.As(err, &e) || e.Code != sdk.InvalidInput || !strings.Contains(e.Message, `"ticket"`) {
				t.Fatalf("Input = %v; want invalid_input that names the step", err)
			}
			for _, v := range e.Violations {
				if want, ok := tt.want[v.Pointer]; !ok || !strings.Contains(v.Message, want) {
					t.Errorf("violation %s; want %q there", v, want)
				}
				delete(tt.want, v.Pointer)
			}
			for pointer := range tt.want {
				t.Errorf("no violation at %s: %v", pointer, err)
			}
		})
	}
}

// TestConcurrent evaluates one playbook on many events at once, for the race detector.
func TestConcurrent(t *testing.T) {
	source, err := os.ReadFile("testdata/good/every_form.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, strings.Replace(string(source), "${{ vars.owners[event.client.geographicalContext.country] }}", "Ann", 1))
	event := realEvent(t)
	scope := Scope{Event: event.Data, Steps: map[string]StepResult{"ticket": {Status: "succeeded", Output: json.RawMessage(`{"number":7,"after":"x"}`)}}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if ok, err := p.Match(event); ok || err != nil {
					t.Errorf("Match = %v, %v", ok, err)
				}
				for _, s := range p.Steps {
					if ok, err := p.Applies(s, scope); !ok || err != nil {
						t.Errorf("Applies = %v, %v", ok, err)
					}
					if _, err := p.Input(s, scope); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkMatch(b *testing.B) {
	p := withCondition(b, `event.outcome.result == "SUCCESS" && event.target.exists(t, t.type == "User") && event.client.ipAddress in vars.bad`)
	e := realEvent(b)
	b.SetBytes(int64(len(e.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Match(e); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	source, err := os.ReadFile("testdata/good/contain_compromised_user.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		load(b, string(source))
	}
}
