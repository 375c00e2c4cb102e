package okta

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// A host is a store that performs actions on a session, as soar does.
type host struct {
	undoBench
	session  sdk.Session
	store    *embedded.Store
	manifest *sdk.Manifest
	caller   embedded.Caller
}

func newHost(t *testing.T, more map[string]any) *host {
	t.Helper()
	_, m := compiled(t)
	s := newService(t)
	s.AddGroup(oktasim.NewGroup{Name: "Vault"})
	store, err := embedded.OpenStore(t.Context(), filepath.Join(t.TempDir(), "soar.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	h := &host{undoBench: undoBench{s, t}, session: opened(t, s.Server, more), store: store, manifest: m}
	h.caller = embedded.Caller{Org: s.URL, Manifest: m}
	return h
}

// do performs an action, and returns the ID of its operation.
func (h *host) do(action, input string) (w written, operation string) {
	h.t.Helper()
	result, err := h.store.Perform(quiet(h.t), h.session, h.manifest.Action(action), json.RawMessage(input), h.caller)
	if err != nil {
		h.t.Fatalf("%s: %v", action, err)
	}
	if err := json.Unmarshal(result.Output, &w); err != nil {
		h.t.Fatal(err)
	}
	return w, result.Operation
}

func (h *host) undo(operation string) (embedded.UndoResult, error) {
	return h.store.UndoOperation(quiet(h.t), h.session, h.manifest, operation, embedded.UndoOptions{Caller: h.caller})
}

// TestUndoOfChainedOperations undoes the last or the first of several operations on one
// user. The state before the first is restored.
func TestUndoOfChainedOperations(t *testing.T) {
	contain := func(more string) [2]string {
		return [2]string{"contain_user", `{"users":["` + victim + `"]` + more + `}`}
	}
	user := func(action string) [2]string { return [2]string{action, `{"user":"` + victim + `"}`} }
	update := func(profile string) [2]string {
		return [2]string{"update_user", `{"user":"` + victim + `","profile":` + profile + `}`}
	}
	for name, calls := range map[string][][2]string{
		"a containment":                 {contain(`,"quarantine":"Quarantine"`)},
		"two containments":              {contain(``), contain(`,"quarantine":"Quarantine","remove_groups":["Finance"]`)},
		"a containment twice":           {contain(`,"quarantine":"Quarantine"`), contain(`,"quarantine":"Quarantine"`)},
		"a suspension twice":            {user("suspend_user"), user("suspend_user")},
		"a suspension, and a new one":   {user("suspend_user"), user("unsuspend_user"), user("suspend_user")},
		"two changes of an attribute":   {update(`{"department":"A"}`), update(`{"department":"B"}`)},
		"a containment with factors":    {contain(`,"reset_factors":true,"remove_groups":["Finance"]`)},
		"a containment, and open roles": {contain(`,"revoke_roles":true`)},
	} {
		for _, last := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				h := newHost(t, nil)
				h.AddRole(oktasim.NewRole{User: victim, Type: "READ_ONLY_ADMIN"})
				first := orgState(h.service)
				var operations []string
				for _, call := range calls {
					if out, id := h.do(call[0], call[1]); len(out.Undo) > 0 {
						operations = append(operations, id)
					}
				}
				operations = slices.DeleteFunc(operations, func(id string) bool { // of the new suspension, only one is open
					op, err := h.store.Operation(t.Context(), id)
					return err != nil || !op.Open()
				})
				id := operations[0]
				if last {
					id = operations[len(operations)-1]
				}
				if result, err := h.undo(id); err != nil || len(result.Steps) == 0 {
					t.Fatalf("%v %+v", err, result)
				}
				if now := orgState(h.service); now != first {
					t.Errorf("the state is\n%s\nand was\n%s", now, first)
				}
				requests := h.Requests()
				if result, err := h.undo(id); err != nil || result.UndoneBy == "" || h.Requests() != requests {
					t.Errorf("the second undo is %+v, %v", result, err)
				}
			})
		}
	}
}

// TestUndoOfIncompleteContainment undoes a containment that is not complete.
func TestUndoOfIncompleteContainment(t *testing.T) {
	h := newHost(t, nil)
	first := orgState(h.service)
	h.Fault(oktasim.Fault{Method: "PUT", Path: "/api/v1/groups/*/users/*", ErrorCode: "E0000006", Status: 403})
	out, id := h.do("contain_user", `{"users":["`+victim+`"],"quarantine":"Quarantine"}`)
	if out.Outcome != sdk.NotApplicable || len(out.Undo) != 1 {
		t.Fatalf("got %+v", out)
	}
	if _, err := h.undo(id); err != nil || orgState(h.service) != first {
		t.Errorf("%v: %s", err, orgState(h.service))
	}
}

// TestConflictNamesTheForeignChange checks the errors of undos after another client
// changed the user. Texts of events are quoted, and an unreadable log is omitted.
func TestConflictNamesTheForeignChange(t *testing.T) {
	hostile := "evil\x1b[31m\u202e\n" + strings.Repeat("x", 1000)
	for name, test := range map[string]struct {
		action, input, undo string
		event               oktasim.Event
		fault               *oktasim.Fault
		want, not           string
	}{
		"of expected_before": {
			action: "suspend_user", input: `{"user":"` + victim + `"}`, undo: "unsuspend_user", want: `"user.lifecycle.unsuspend" by "okta.admin@corp.example" at `,
		},
		"of a restore record": {
			action: "contain_user", input: `{"users":["` + victim + `"]}`, undo: "unsuspend_user", want: `"user.lifecycle.`,
		},
		"hostile": {
			action: "suspend_user", input: `{"user":"` + victim + `"}`, undo: "unsuspend_user",
			event: oktasim.Event{"eventType": "user.account.update_profile", "actor": map[string]any{"id": "x", "type": "User", "alternateId": hostile}},
			want:  `by "evil [31m\u202e xxx`, not: "\u202e\x1b\n",
		},
		"unreadable": {
			action: "suspend_user", input: `{"user":"` + victim + `"}`, undo: "unsuspend_user",
			fault: &oktasim.Fault{Path: "/api/v1/logs", ErrorCode: "E0000006", Status: 403}, want: "status", not: "!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, nil)
			_, id := h.do(test.action, test.input)
			other := opened(t, h.Server, nil)
			for _, action := range []string{test.undo, "suspend_user"} {
				h.run(other, action, json.RawMessage(`{"user":"`+victim+`"}`))
				if test.action == "suspend_user" {
					break
				}
			}
			if test.event != nil {
				test.event["target"] = []any{map[string]any{"id": h.victim, "type": "User", "alternateId": victim, "displayName": hostile}}
				h.Append(test.event)
			}
			if test.fault != nil {
				h.Fault(*test.fault)
			}
			h.ForgetRequests()
			_, err := h.undo(id)
			e := sdk.AsError(err)
			if e == nil || e.Code != sdk.Conflict || !strings.Contains(e.Message, test.want) || strings.ContainsAny(e.Message, test.not) || len(e.Message) > 800 {
				t.Errorf("got %v", err)
			}
			if logs := strings.Count(paths(h.Server), "/api/v1/logs"); logs != 1 || h.Writes() != 0 {
				t.Errorf("there are %d writes, and %d requests to the log", h.Writes(), logs)
			}
		})
	}
}

func paths(s *oktasim.Server) string {
	var all []string
	for _, r := range s.Org.Requests() {
		all = append(all, r.Method+" "+r.Path)
	}
	return strings.Join(all, "\n")
}

// TestRequestsOfOperation counts the requests of a containment of one user with its dry
// run, on a connection that contained another user before.
func TestRequestsOfOperation(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]any
		group    string
		login    bool
		most     int
	}{
		"by ID":                                {most: 6},
		"by login":                             {login: true, most: 6},
		"with a quarantine group":              {group: "Quarantine", most: 6},
		"by login, with a quarantine group":    {group: "Quarantine", login: true, most: 6},
		"with protected groups":                {settings: map[string]any{"protected_groups": []string{"Vault"}}, most: 7},
		"with protected groups and quarantine": {settings: map[string]any{"protected_groups": []string{"Vault"}}, group: "Quarantine", login: true, most: 7},
		"with protected logins":                {settings: map[string]any{"protected_users": []string{bystander}}, login: true, most: 6},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, test.settings)
			more := ""
			if test.group != "" {
				more = `,"quarantine":"` + test.group + `"`
			}
			h.AddUser(oktasim.NewUser{Login: "other@corp.example"})
			if _, err := h.session.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.do("contain_user", `{"users":["other@corp.example"]`+more+`}`)
			user := h.victim
			if test.login {
				user = victim
			}
			h.ForgetRequests()
			if out, _ := h.do("contain_user", `{"users":["`+user+`"]`+more+`}`); out.Outcome != sdk.Changed {
				t.Fatalf("got %s: %s", out.Outcome, out.Reason)
			}
			if n := h.Requests(); n > test.most {
				t.Errorf("%d requests, more than %d:\n%s", n, test.most, paths(h.Server))
			}
		})
	}
}
