package actions_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// blink is the list of Okta actions in Blink's documentation, with their titles.
var blink = map[string]string{
	"activate_user": "Activate User", "add_user_to_group": "Add User To Group", "create_group": "Create Group",
	"create_user": "Create User", "deactivate_user": "Deactivate User", "delete_user": "Delete User",
	"end_current_user_sessions": "End Current User Sessions", "get_user_factors": "Get A User's Factors",
	"get_group_by_name": "Get Group By Display Name", "get_logs": "Get Logs", "get_user_by_email": "Get User By Email",
	"list_devices": "List All Devices", "list_application_users": "List Application Users By ID",
	"list_applications": "List Applications", "list_group_members": "List Group Members", "list_groups": "List Groups",
	"list_policies": "List Policies", "list_user_groups": "List User Groups", "list_users": "List Users",
	"custom_request": "Okta Custom Action", "remove_user_from_group": "Remove User From Group",
	"reset_password": "Reset Password", "revoke_all_user_sessions": "Revoke All User Sessions",
	"suspend_user": "Suspend User", "unsuspend_user": "Unsuspend User", "update_user": "Update User",
}

func TestBlinkActionsExist(t *testing.T) {
	t.Parallel()
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, a := range m.Actions {
		title, ok := blink[a.Name]
		if !ok {
			continue
		}
		found++
		if a.Title != title {
			t.Errorf("%s has the title %q, want %q", a.Name, a.Title, title)
		}
	}
	if found != 26 || len(blink) != 26 {
		t.Errorf("%d of %d actions are there, want 26", found, len(blink))
	}
}

// output runs an action and returns its whole output.
func (b *bench) output(action string, input map[string]any) map[string]any {
	b.t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := b.session.Run(hclog.WithContext(b.t.Context(), hclog.NewNullLogger()), action, raw)
	if err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	var out map[string]any
	if err := json.Unmarshal(r.Output, &out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestListPaging(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "Many"})
	for i := range 450 {
		u := b.AddUser(oktasim.NewUser{Login: fmt.Sprintf("many%03d@corp.example", i), FirstName: "Many", LastName: "User"})
		b.AddMember(g.ID, u.ID)
	}
	for name, test := range map[string]struct {
		action    string
		input     map[string]any
		count     int
		truncated bool
		requests  int
	}{
		"first page":              {"list_users", map[string]any{"search": `profile.login sw "many"`, "limit": 10}, 10, true, 1},
		"default":                 {"list_users", map[string]any{"search": `profile.login sw "many"`}, 200, true, 1},
		"all":                     {"list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "limit": 5}, 450, false, 3},
		"cut off":                 {"list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "max_items": 250}, 250, true, 2},
		"cut off at a page's end": {"list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "max_items": 200}, 200, true, 1},
		"cut off on one page":     {"list_users", map[string]any{"search": `profile.login sw "many"`, "max_items": 7}, 7, true, 1},
		"no more than there is":   {"list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "max_items": 450}, 450, false, 3},
		"q, which has one page":   {"list_users", map[string]any{"q": "many", "limit": 50, "return_all": true}, 200, true, 1},
		"q, and all fit":          {"list_users", map[string]any{"q": "many00", "limit": 50}, 10, false, 1},
		"nobody":                  {"list_users", map[string]any{"search": `profile.login eq "nobody"`}, 0, false, 1},
		"members":                 {"list_group_members", map[string]any{"group": g.ID, "return_all": true}, 450, false, 4},
	} {
		t.Run(name, func(t *testing.T) {
			b.ForgetRequests()
			out := b.output(test.action, test.input)
			users, _ := out["users"].([]any)
			if len(users) != test.count || out["count"] != float64(test.count) || out["truncated"] != test.truncated {
				t.Errorf("got %d users, count %v, truncated %v", len(users), out["count"], out["truncated"])
			}
			if n := len(b.Requests()); n != test.requests {
				t.Errorf("took %d requests, want %d", n, test.requests)
			}
			ids := map[string]bool{}
			for _, u := range users {
				ids[u.(map[string]any)["id"].(string)] = true
			}
			if len(ids) != test.count {
				t.Errorf("%d users are twice in it", test.count-len(ids))
			}
		})
	}
	for _, input := range []map[string]any{{"search": "a", "filter": "b"}, {"search": "a", "q": "b"}, {"filter": "a", "q": "b"}} {
		_, err := b.run("list_users", input)
		b.wantCode(err, sdk.InvalidInput)
	}
}

func TestGetUserByEmail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: "one@corp.example", Email: "shared@corp.example"})
	b.AddUser(oktasim.NewUser{Login: "two@corp.example", Email: "shared@corp.example"})
	alias := b.AddUser(oktasim.NewUser{Login: "three@corp.example", Email: "alias@mail.example", Status: oktasim.StatusDeprovisioned})
	if out := b.output("get_user_by_email", map[string]any{"email": "ALIAS@mail.example"}); out["id"] != alias.ID {
		t.Errorf("got %v", out)
	}
	_, err := b.run("get_user_by_email", map[string]any{"email": "shared@corp.example"})
	if e := b.wantCode(err, sdk.InvalidInput); !strings.Contains(e.Error(), "one@corp.example") || !strings.Contains(e.Error(), "two@corp.example") {
		t.Errorf("not all are named: %v", e)
	}
	// A login is not an email address, even if it has the same form.
	for _, email := range []string{"three@corp.example", "nobody@corp.example", "me", `x" or status eq "ACTIVE`} {
		_, err := b.run("get_user_by_email", map[string]any{"email": email})
		b.wantCode(err, sdk.NotFound)
	}
}

func TestActivateUserInEveryStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]sdk.Outcome{
		oktasim.StatusStaged: sdk.Changed, oktasim.StatusDeprovisioned: sdk.Changed, oktasim.StatusActive: sdk.Unchanged,
		oktasim.StatusProvisioned: sdk.Unchanged, oktasim.StatusRecovery: sdk.Unchanged, oktasim.StatusPasswordExpired: sdk.Unchanged,
		oktasim.StatusSuspended: sdk.NotApplicable, oktasim.StatusLockedOut: sdk.NotApplicable,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: status})
			out := b.output("activate_user", map[string]any{"user": u.ID, "send_email": false})
			if out["outcome"] != string(want) || out["after"].(map[string]any)["status"] != b.state(u.ID).Status {
				t.Errorf("got %v", out)
			}
			if link, _ := out["activation_url"].(string); (link != "") != (want == sdk.Changed) {
				t.Errorf("the link is %q", link)
			}
		})
	}
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2})
	first := b.output("reset_password", map[string]any{"user": u.ID, "send_email": false, "revoke_sessions": true})
	second := b.output("reset_password", map[string]any{"user": u.ID, "send_email": false})
	if first["outcome"] != "changed" || second["outcome"] != "accepted" || first["reset_password_url"] == second["reset_password_url"] ||
		first["reset_password_url"] == nil {
		t.Errorf("got %v, then %v", first, second)
	}
	if s := b.state(u.ID); s.Status != oktasim.StatusRecovery || len(s.Sessions) != 0 {
		t.Errorf("the org has %+v", s)
	}
	// The state of a user in RECOVERY does not change, so a lost response leaves the result unknown.
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/reset_password", Kind: oktasim.KindHangup, Times: 1})
	_, err := b.run("reset_password", map[string]any{"user": u.ID})
	b.wantCode(err, sdk.Unavailable)
	suspended := b.AddUser(oktasim.NewUser{Login: "s@corp.example", Status: oktasim.StatusSuspended})
	if out := b.output("reset_password", map[string]any{"user": suspended.ID}); out["outcome"] != "not_applicable" {
		t.Errorf("got %v", out)
	}
}

func TestUpdateUserKeepsOtherAttributes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Profile: map[string]any{
		"department": "Sales", "title": "Buyer", "badge": 7, "tags": []string{"x", "y"},
	}})
	change := map[string]any{"department": "Finance", "title": nil, "badge": 8.0, "tags": []string{"y"}}
	out := b.output("update_user", map[string]any{"user": u.ID, "profile": change})
	before, _ := json.Marshal(out["before"])
	if out["outcome"] != "changed" || string(before) != `{"badge":7,"department":"Sales","tags":["x","y"],"title":"Buyer"}` {
		t.Errorf("got %v", out)
	}
	profile := b.output("get_user", map[string]any{"user": u.ID})["profile"].(map[string]any)
	if profile["department"] != "Finance" || profile["title"] != nil || profile["badge"] != 8.0 || profile["login"] != "a@corp.example" ||
		profile["firstName"] == nil {
		t.Errorf("the profile is now %v", profile)
	}
	if out := b.output("update_user", map[string]any{"user": u.ID, "profile": change}); out["outcome"] != "unchanged" {
		t.Errorf("a second time: %v", out)
	}
	// The state before is the input of the undo.
	if out := b.output("update_user", map[string]any{"user": u.ID, "profile": out["before"]}); out["outcome"] != "changed" {
		t.Errorf("taken back: %v", out)
	}
	for _, r := range b.Requests() {
		if r.Method == "PUT" {
			t.Errorf("sent PUT %s", r.Path)
		}
	}
	// A misspelled name does not count as cleared.
	for _, value := range []any{"x", nil} {
		_, err := b.run("update_user", map[string]any{"user": u.ID, "profile": map[string]any{"noSuch": value}})
		b.wantCode(err, sdk.InvalidInput)
	}
	if out := b.output("update_user", map[string]any{"user": u.ID, "profile": map[string]any{"costCenter": nil}}); out["outcome"] != "unchanged" {
		t.Errorf("cleared what was not set: %v", out)
	}
	_, err := b.run("update_user", map[string]any{"user": u.ID, "profile": map[string]any{}})
	b.wantCode(err, sdk.InvalidInput)
	gone := b.AddUser(oktasim.NewUser{Login: "g@corp.example", Status: oktasim.StatusDeprovisioned})
	if out := b.output("update_user", map[string]any{"user": gone.ID, "profile": change}); out["outcome"] != "not_applicable" {
		t.Errorf("a deactivated user: %v", out)
	}
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	profile := map[string]any{"login": "new@corp.example", "email": "new@corp.example", "firstName": "New", "lastName": "One"}
	out := b.output("create_user", map[string]any{"profile": profile, "password": "a-long-first-password", "change_password": true})
	if after := out["after"].(map[string]any); out["outcome"] != "changed" || after["status"] != oktasim.StatusPasswordExpired {
		t.Errorf("got %v", out)
	}
	if out := b.output("create_user", map[string]any{"profile": profile}); out["outcome"] != "unchanged" {
		t.Errorf("a second time: %v", out)
	}
	profile["lastName"] = "Two"
	out = b.output("create_user", map[string]any{"profile": profile})
	if reason, _ := out["reason"].(string); out["outcome"] != "not_applicable" || !strings.Contains(reason, "lastName") {
		t.Errorf("somebody else: %v", out)
	}
	plan := b.output("create_user", map[string]any{"dry_run": true, "password": "a-long-first-password", "profile": map[string]any{
		"login": "plan@corp.example", "email": "plan@corp.example", "firstName": "P", "lastName": "L",
	}})
	if text := fmt.Sprint(plan); plan["outcome"] != "planned" || plan["user"] != nil || strings.Contains(text, "a-long-first-password") {
		t.Errorf("the plan is %v", plan)
	}
	_, err := b.run("create_user", map[string]any{"change_password": true, "profile": profile})
	b.wantCode(err, sdk.InvalidInput)
}

// TestCreationsWithLostResponses checks that a lost response creates no second user or group.
func TestCreationsWithLostResponses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users", Kind: oktasim.KindHangup, AfterEffect: true, Times: 1})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/groups", Status: 502, Kind: oktasim.KindHTML, AfterEffect: true, Times: 1})
	user := b.output("create_user", map[string]any{"profile": map[string]any{"login": "n@corp.example", "email": "n@corp.example", "firstName": "N",
		"lastName": "O"}})
	group := b.output("create_group", map[string]any{"name": "Watch list"})
	if user["outcome"] != "changed" || group["outcome"] != "changed" || group["group"] == nil {
		t.Errorf("got %v, %v", user, group)
	}
}

func TestCreateGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddGroup(oktasim.NewGroup{Name: "Watch list", Type: oktasim.TypeApp})
	for _, step := range []struct{ name, description, want string }{
		{"Watch list", "Seen near an incident", "changed"},
		{"Watch list", "", "unchanged"},
		{"Watch list", "Seen near an incident", "unchanged"},
		{"Watch list", "Something else", "not_applicable"},
		{"WATCH LIST", "", "not_applicable"},
	} {
		out := b.output("create_group", map[string]any{"name": step.name, "description": step.description})
		if out["outcome"] != step.want || (out["reason"] != nil) != (step.want == "not_applicable") {
			t.Errorf("%s, %s: got %v", step.name, step.description, out)
		}
	}
}

func TestDeleteUserStepByStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for _, step := range []struct{ step, want, took string }{
		{"delete", "not_applicable", "none"},
		{"", "changed", "deactivated"},
		{"", "unchanged", "none"}, // however often a step is tried, it does not go on to delete
		{"deactivate", "unchanged", "none"},
		{"next", "changed", "deleted"},
		{"next", "unchanged", "none"},
		{"delete", "unchanged", "none"},
	} {
		input := map[string]any{"user": u.ID}
		if step.step != "" {
			input["step"] = step.step
		}
		out := b.output("delete_user", input)
		if out["outcome"] != step.want || out["step"] != step.took {
			t.Errorf("%s: got %v", step.step, out)
		}
		_, next := out["next"]
		if exists := out["after"].(map[string]any)["exists"] == true; exists != next {
			t.Errorf("%s: exists %t, next %v", step.step, exists, out["next"])
		}
	}
	_, err := b.run("delete_user", map[string]any{"user": "a@corp.example"})
	b.wantCode(err, sdk.NotFound)
	deletes := 0
	for _, r := range b.Requests() {
		if r.Method == "DELETE" {
			deletes++
		}
	}
	if deletes != 1 {
		t.Errorf("sent %d DELETEs, want the one that deletes", deletes)
	}
}

func TestFindAppByLabel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	payroll := b.AddApp(oktasim.NewApp{Label: "Payroll"})
	b.AddApp(oktasim.NewApp{Label: "Payroll (old)"})
	b.AddApp(oktasim.NewApp{Label: "Twice"})
	b.AddApp(oktasim.NewApp{Label: "Twice"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.AssignApp(oktasim.NewAssignment{App: payroll.ID, User: u.ID})
	for _, ref := range []string{payroll.ID, "Payroll"} {
		out := b.output("list_application_users", map[string]any{"app": ref})
		if users := out["users"].([]any); len(users) != 1 || users[0].(map[string]any)["id"] != u.ID || users[0].(map[string]any)["user_name"] == nil {
			t.Errorf("%s: got %v", ref, out)
		}
	}
	for ref, code := range map[string]sdk.Code{"Twice": sdk.InvalidInput, "Pay": sdk.NotFound, "..": sdk.NotFound, "0oa00000000000000000": sdk.NotFound} {
		_, err := b.run("list_application_users", map[string]any{"app": ref})
		b.wantCode(err, code)
	}
}

// TestUnknownMembersAreKept checks that unknown members and types are kept.
func TestUnknownMembersAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := `[{"id":"00p1","type":"OKTA_SIGN_ON","name":null,"priority":"first","conditions":{"x":[1,null]},"status":"ACTIVE"}]`
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/policies", Status: 200, Body: body})
	out := b.output("list_policies", map[string]any{"type": "OKTA_SIGN_ON"})
	raw, _ := json.Marshal(out["policies"].([]any)[0].(map[string]any)["raw"])
	if want := `{"conditions":{"x":[1,null]},"id":"00p1","name":null,"priority":"first","status":"ACTIVE","type":"OKTA_SIGN_ON"}`; string(raw) != want {
		t.Errorf("got %s", raw)
	}
	b.ClearFaults()
	for _, body := range []string{`{"not":"a list"}`, `[1]`, `[null]`, `["x"]`} {
		b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/policies", Status: 200, Body: body, Times: 1})
		_, err := b.run("list_policies", map[string]any{"type": "OKTA_SIGN_ON"})
		b.wantCode(err, sdk.Unavailable)
	}
}

func TestCustomRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddGroup(oktasim.NewGroup{Name: `Odd "&=% name`})
	out := b.output("custom_request", map[string]any{"path": "/api/v1/groups", "query": map[string]any{"search": `profile.name eq "Odd \"&=% name"`, "limit": 5}})
	headers := out["headers"].(map[string]any)
	if groups, _ := out["body"].([]any); len(groups) != 1 || out["status"] != 200.0 || out["outcome"] != "unchanged" || headers["x-okta-request-id"] == nil {
		t.Errorf("got %v", out)
	}
	for name := range headers {
		if slices.Contains([]string{"set-cookie", "authorization"}, name) {
			t.Errorf("hands out %s", name)
		}
	}
	before := len(b.Requests())
	_, err := b.run("custom_request", map[string]any{"method": "POST", "path": "/api/v1/groups", "body": map[string]any{"profile": map[string]any{"name": "x"}}})
	if e := b.wantCode(err, sdk.Forbidden); !strings.Contains(e.Message, "allow_custom_writes") {
		t.Errorf("got %v", e)
	}
	plan := b.output("custom_request", map[string]any{"method": "DELETE", "path": "/api/v1/groups/00g1", "dry_run": true})
	if text := fmt.Sprint(plan["plan"]); plan["outcome"] != "planned" || !strings.Contains(text, "allow_custom_writes") {
		t.Errorf("the plan is %v", plan)
	}
	if n := len(b.Requests()) - before; n != 0 {
		t.Errorf("refused writes reached Okta in %d requests", n)
	}
	b.Fault(oktasim.Fault{Path: "/api/v1/groups", Status: 200, Body: "-----BEGIN CERTIFICATE-----", Headers: map[string]string{"Content-Type": "text/plain"}})
	if out := b.output("custom_request", map[string]any{"path": "/api/v1/groups"}); out["text"] != "-----BEGIN CERTIFICATE-----" || out["body"] != nil {
		t.Errorf("text: got %v", out)
	}
}
