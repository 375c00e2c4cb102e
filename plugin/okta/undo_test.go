package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// An undoCase is a call of an action with an undo.
type undoCase struct {
	action string
	input  inputOf
	// state is the undo's Subject: ID means an ID of 20 characters. "" means that the call has no undo.
	state string
	// left is the status that the user of the call has after the undo, if it is not the first.
	left string
}

func undoCases() []undoCase {
	all := allCases()
	of := func(action, state string) undoCase {
		return undoCase{action: action, input: all[action].Input, state: state}
	}
	const custom = `"role":"cr0Yq6IJxGIr0ouum0g3","resource_set":"iamoJDFKaJxGIr0oamd9"`
	role := func(input string, roles ...oktasim.NewRole) inputOf {
		return scene(`{"user":"`+victim+`",`+input+`}`, func(s service) string {
			for _, r := range roles {
				r.User = victim
				s.AddRole(r)
			}
			return ""
		})
	}
	assigned := oktasim.NewRole{Type: "CUSTOM", Role: "cr0Yq6IJxGIr0ouum0g3", ResourceSet: "iamoJDFKaJxGIr0oamd9"}
	other := assigned
	other.ResourceSet = "iamOther000000000000"
	risk := func(level string) inputOf {
		return scene(`{"user":"`+victim+`","risk_level":"HIGH"}`, func(s service) string {
			s.SetRisk(s.victim, level, "Seen near an incident")
			return ""
		})
	}
	return []undoCase{
		of("contain_user", "ID"),
		{action: "contain_user", input: always(`{"users":["suspended@corp.example"]}`)},
		{action: "contain_user", input: always(`{"users":["` + victim + `"],"remove_groups":["Finance"],"suspend":false,"revoke_sessions":false}`), state: "ID"},
		of("restore_user", "ID"),
		of("suspend_user", "ID"),
		{action: "suspend_user", input: always(`{"user":"suspended@corp.example"}`)},
		{action: "suspend_user", input: someone(oktasim.StatusLockedOut, `{"user":"%"}`)},
		of("unsuspend_user", "ID"),
		of("add_user_to_group", "ID ID"),
		of("remove_user_from_group", "ID ID"),
		{action: "add_user_to_group", input: always(`{"user":"` + victim + `","group":"Finance"}`)},
		of("activate_user", ""), // nothing makes a user STAGED again
		{action: "activate_user", input: someone(oktasim.StatusDeprovisioned, `{"user":"%","send_email":false}`), state: "ID"},
		of("update_user", "ID department"), // mobilePhone is null before
		{action: "update_user", input: always(`{"user":"` + victim + `","profile":{"mobilePhone":null}}`)},
		{action: "update_user", input: always(`{"user":"` + victim + `","profile":{"department":"A","mobilePhone":null}}`), state: "ID department"},
		{action: "update_user", input: always(`{"user":"` + victim + `","profile":{"firstName":"A","lastName":"B"}}`), state: "ID firstName lastName"},
		{action: "create_user", input: all["create_user"].Input, state: "ID", left: oktasim.StatusDeprovisioned},
		of("suspend_device", "ID"),
		of("unsuspend_device", "ID"),
		of("assign_role", "ID HELP_DESK_ADMIN"),
		of("revoke_role", "ID HELP_DESK_ADMIN"),
		{action: "revoke_role", input: role(`"role":"HELP_DESK_ADMIN"`, oktasim.NewRole{Type: "HELP_DESK_ADMIN", Targets: []string{"Finance"}})}, // no limits
		{action: "assign_role", input: role(custom), state: "ID ID ID"},
		{action: "revoke_role", input: role(custom, assigned), state: "ID ID ID"},
		{action: "revoke_role", input: role(`"role":"cr0Yq6IJxGIr0ouum0g3"`, assigned), state: "ID ID ID"},
		{action: "revoke_role", input: role(`"role":"cr0Yq6IJxGIr0ouum0g3"`, assigned, other)}, // one call assigns one role
		{action: "set_user_risk", input: all["set_user_risk"].Input},                           // Okta does not set the level NONE
		{action: "set_user_risk", input: risk("LOW"), state: "ID"},
		{action: "set_user_risk", input: risk("HIGH")},
		of("block_ip", "ID 203.0.113.7/32"),
		of("unblock_ip", "ID 203.0.113.7/32"),
	}
}

var anID = regexp.MustCompile(`[0-9A-Za-z]{20}`)

// TestUndoRestoresTheFirstState makes each call, and reverts it with the undo of its
// output. The dry run lists the same subjects and the same undo.
func TestUndoRestoresTheFirstState(t *testing.T) {
	_, m := compiled(t)
	covered := map[string]bool{}
	for _, c := range undoCases() {
		covered[c.action] = true
		t.Run(c.action, func(t *testing.T) {
			s, session := newUndoBench(t)
			input := c.input(s.service)
			first := orgState(s.service)
			dry := s.run(session, c.action, with(t, input, "dry_run", `true`))
			if orgState(s.service) != first {
				t.Fatal("the dry run changed the org")
			}
			out := s.run(session, c.action, input)
			c.compare(t, dry, out)
			if len(out.Undo) == 0 {
				if c.state != "" {
					t.Errorf("there is no undo: %s", out.Outcome)
				}
				return
			}
			u := out.Undo[0]
			if len(out.Undo) != 1 || u.Action != m.Action(c.action).Undo || anID.ReplaceAllString(u.Subject, "ID") != c.state {
				t.Fatalf("the undo is %s of %q", u.Action, u.Subject)
			}
			for _, subject := range out.Subjects {
				if !strings.Contains(u.Subject, subject.ID) || subject.Type == "" || subject.Name == "" {
					t.Errorf("the undo of %q has the subject %+v", u.Subject, subject)
				}
			}
			undone := s.run(session, u.Action, expecting(t, m, c.action, out, json.RawMessage(u.Input)))
			if undone.Outcome != sdk.Changed {
				t.Errorf("the undo is %s: %s", undone.Outcome, undone.Reason)
			}
			after := orgState(s.service)
			if c.left != "" {
				user, _ := s.State().User(u.Subject)
				if user.Status != c.left {
					t.Errorf("the user is %s", user.Status)
				}
			} else if after != first {
				t.Errorf("the state is\n%s\nand was\n%s", after, first)
			}
		})
	}
	for _, a := range m.Actions {
		if a.Undo != "" && !covered[a.Name] {
			t.Errorf("%s has an undo, and no case", a.Name)
		}
	}
}

// TestUndoAfterAForeignChange checks that an undo with the state that the call left
// writes nothing if another client changed the state.
func TestUndoAfterAForeignChange(t *testing.T) {
	_, m := compiled(t)
	for _, c := range undoCases() {
		if c.state == "" || !sameForm(t, m, c.action) {
			continue
		}
		t.Run(c.action, func(t *testing.T) {
			s, session := newUndoBench(t)
			input := c.input(s.service)
			out := s.run(session, c.action, input)
			u := out.Undo[0]
			s.run(session, u.Action, json.RawMessage(u.Input)) // the foreign change
			changed, writes := orgState(s.service), s.Writes()
			_, err := session.Run(quiet(t), u.Action, expecting(t, m, c.action, out, json.RawMessage(u.Input)))
			e := sdk.AsError(err)
			if e == nil || e.Code != sdk.Conflict ||
				!slices.ContainsFunc(e.Violations, func(v schema.Violation) bool { return strings.HasPrefix(v.Pointer, "/expected_before/") }) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(e.Message, `in the System Log is "`) {
				t.Errorf("the error does not say who changed it: %s", e.Message)
			}
			if s.Writes() != writes || orgState(s.service) != changed {
				t.Errorf("there are %d writes", s.Writes()-writes)
			}
		})
	}
}

type undoBench struct {
	service
	t *testing.T
}

func newUndoBench(t *testing.T) (undoBench, sdk.Session) {
	t.Helper()
	backend, _ := compiled(t)
	s := newService(t)
	session, err := backend.Open(t.Context(), s.Settings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return undoBench{s, t}, session
}

// written is the part of an output that hosts read.
type written struct {
	Outcome  sdk.Outcome
	Reason   string
	After    json.RawMessage
	Subjects []sdk.Subject
	Undo     []sdk.Undo
}

func quiet(t *testing.T) context.Context {
	return hclog.WithContext(t.Context(), hclog.NewNullLogger())
}

func (b undoBench) run(session sdk.Session, action string, input json.RawMessage) (w written) {
	b.t.Helper()
	result, err := session.Run(quiet(b.t), action, input)
	if err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	if err := json.Unmarshal(result.Output, &w); err != nil {
		b.t.Fatal(err)
	}
	return w
}

// compare compares the dry run with the call. A dry run has no times of a containment, and
// no ID of an object that does not exist yet.
func (c undoCase) compare(t *testing.T, dry, out written) {
	t.Helper()
	text := func(w written) string {
		raw, err := json.Marshal([]any{w.Subjects, w.Undo})
		if err != nil {
			t.Fatal(err)
		}
		raw = regexp.MustCompile(`,"(signature|not_restorable|status_changed|taken_at|at)":("[^"]*"|\[[^]]*\])`).ReplaceAll(raw, nil)
		if c.action == "create_user" {
			raw = bytes.ReplaceAll(raw, []byte("new@corp.example"), []byte("ID"))
		}
		return anID.ReplaceAllString(string(raw), "ID")
	}
	if len(dry.Subjects) == 0 || text(dry) != text(out) {
		t.Errorf("the dry run has\n%s\nand the call has\n%s", text(dry), text(out))
	}
}

// expecting adds the state that the call left to the input of its undo, if both have a
// state of one form, as hosts do.
func expecting(t *testing.T, m *sdk.Manifest, action string, out written, input json.RawMessage) json.RawMessage {
	t.Helper()
	if !sameForm(t, m, action) {
		return input
	}
	return with(t, input, "expected_before", string(out.After))
}

func sameForm(t *testing.T, m *sdk.Manifest, action string) bool {
	t.Helper()
	form := func(info *sdk.ActionInfo, member string) string {
		var output struct{ Properties map[string]map[string]any }
		if err := json.Unmarshal(info.Output, &output); err != nil {
			t.Fatal(err)
		}
		properties, err := json.Marshal(output.Properties[member]["properties"])
		if err != nil {
			t.Fatal(err)
		}
		return string(properties)
	}
	a := m.Action(action)
	return form(a, "after") == form(m.Action(a.Undo), "before")
}

func with(t *testing.T, input json.RawMessage, name, value string) json.RawMessage {
	t.Helper()
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(input, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = json.RawMessage(value)
	raw, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// orgState returns the state of the org, except for the parts that no call restores: ended
// sessions, revoked tokens, and the IDs of role assignments.
func orgState(s service) string {
	state := s.State()
	state.Events, state.Requests = 0, 0
	for i := range state.Users {
		u := &state.Users[i]
		u.Sessions, u.OAuthTokens, u.RememberedDevices = nil, 0, 0
		for j := range u.Roles {
			u.Roles[j].ID = ""
		}
	}
	for i := range state.Zones {
		slices.Sort(state.Zones[i].Gateways) // their order has no meaning
	}
	raw, _ := json.Marshal(state) // plain values encode
	return string(raw)
}
