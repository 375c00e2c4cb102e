package actions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/actions/containment"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

func (b *bench) contain(input map[string]any) (containment.ContainUserOutput, sdk.Result, error) {
	b.t.Helper()
	return b.containWithin(b.t.Context(), input)
}

func (b *bench) containWithin(ctx context.Context, input map[string]any) (containment.ContainUserOutput, sdk.Result, error) {
	b.t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.session.Run(hclog.WithContext(ctx, hclog.NewNullLogger()), "contain_user", raw)
	var out containment.ContainUserOutput
	if err == nil {
		if err := json.Unmarshal(result.Output, &out); err != nil {
			b.t.Fatal(err)
		}
	}
	return out, result, err
}

func (b *bench) restore(record containment.RestoreRecord, force bool) (containment.RestoreUserOutput, error) {
	b.t.Helper()
	raw, err := json.Marshal(containment.RestoreUserInput{Record: record, Force: force})
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.session.Run(hclog.WithContext(b.t.Context(), hclog.NewNullLogger()), "restore_user", raw)
	var out containment.RestoreUserOutput
	if err == nil {
		if err := json.Unmarshal(result.Output, &out); err != nil {
			b.t.Fatal(err)
		}
	}
	return out, err
}

func (b *bench) groupsOf(id string) []string {
	var names []string
	for _, g := range b.state(id).Groups {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return names
}

func TestContainAndRestore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	quarantine := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	b.AddGroup(oktasim.NewGroup{Name: "VPN"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2, OAuthTokens: 1, RememberedDevices: 1, Groups: []string{"VPN"}})
	before := b.groupsOf(u.ID)
	input := map[string]any{"users": []string{u.Login}, "quarantine": quarantine.ID, "remove_groups": []string{"VPN"}, "reason": "INC-1"}
	out, _, err := b.contain(input)
	if err != nil {
		t.Fatal(err)
	}
	s := b.state(u.ID)
	if !out.Complete || out.Outcome != sdk.Changed || len(out.Users[0].Open) != 0 {
		t.Errorf("got %+v", out)
	}
	if s.Status != oktasim.StatusSuspended || len(s.Sessions) != 0 || s.OAuthTokens != 0 || s.RememberedDevices != 0 ||
		!slices.Equal(b.groupsOf(u.ID), []string{"Everyone", "Quarantine"}) {
		t.Errorf("the org has %+v", s)
	}
	// The account stays contained after a second call, whose record has no changes of the
	// first call.
	again, _, err := b.contain(input)
	if err != nil || !again.Complete || len(again.Users[0].Restore.GroupsAdded)+len(again.Users[0].Restore.GroupsRemoved) != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	restored, err := b.restore(out.Users[0].Restore, false)
	if err != nil || restored.Outcome != sdk.Changed || len(restored.NotRestorable) == 0 {
		t.Fatalf("restore: %+v, %v", restored, err)
	}
	if got := b.state(u.ID); got.Status != oktasim.StatusActive || !slices.Equal(b.groupsOf(u.ID), before) {
		t.Errorf("restored to %+v, was in %v", got, before)
	}
	if twice, err := b.restore(out.Users[0].Restore, false); err != nil || twice.Outcome != sdk.Unchanged {
		t.Errorf("restored twice: %+v, %v", twice, err)
	}
}

// TestContainInEveryStatus checks that a user that Okta does not suspend is not contained,
// and that the other steps still run.
func TestContainInEveryStatus(t *testing.T) {
	for status, contained := range map[string]bool{
		oktasim.StatusActive: true, oktasim.StatusSuspended: true, oktasim.StatusDeprovisioned: true,
		oktasim.StatusLockedOut: false, oktasim.StatusPasswordExpired: false, oktasim.StatusRecovery: false,
		oktasim.StatusStaged: false, oktasim.StatusProvisioned: false,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: status, OAuthTokens: 1})
			out, _, err := b.contain(map[string]any{"users": []string{u.ID}})
			if err != nil {
				t.Fatal(err)
			}
			if out.Complete != contained || out.Users[0].Complete != contained || (out.Outcome == sdk.NotApplicable) == contained {
				t.Errorf("got %+v", out)
			}
			if open := strings.Join(out.Users[0].Open, "\n"); !contained && !strings.Contains(open, status) {
				t.Errorf("open is %q", open)
			}
			if b.state(u.ID).OAuthTokens != 0 {
				t.Error("the tokens were left alone")
			}
		})
	}
}

// TestContainmentWithFailedStep checks that a failed step is reported and the others still run.
func TestContainmentWithFailedStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	app := b.AddGroup(oktasim.NewGroup{Name: "App", Type: oktasim.TypeApp})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	b.AddMember(app.ID, u.ID)
	b.Fault(oktasim.Fault{Method: "DELETE", Path: "/api/v1/users/*/sessions", Status: 403, ErrorCode: "E0000006"})
	out, _, err := b.contain(map[string]any{"users": []string{u.ID}, "remove_groups": []string{"App"}})
	if err != nil {
		t.Fatal(err)
	}
	open := strings.Join(out.Users[0].Open, "\n")
	if out.Complete || out.Outcome != sdk.NotApplicable || !strings.Contains(open, "sessions were not revoked: ") || !strings.Contains(open, "still in App") {
		t.Errorf("got %+v", out)
	}
	if b.state(u.ID).Status != oktasim.StatusSuspended {
		t.Error("the account is not suspended")
	}
	for _, s := range out.Users[0].Steps {
		if s.Name == "revoke_sessions" && (s.Error == nil || s.Error.Code != sdk.Forbidden || s.Error.Upstream == nil) {
			t.Errorf("the failed step is %+v", s)
		}
	}
}

// TestContainmentRetriesTransientErrors checks that a step is repeated after a transient error.
func TestContainmentRetriesTransientErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Times: 1, Status: 503})
	if out, _, err := b.contain(map[string]any{"users": []string{u.ID}}); err != nil || !out.Complete {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestContainSeveralUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var users []string
	for i := range 10 {
		users = append(users, b.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%d@corp.example", i), Sessions: 1}).Login)
	}
	users[4] = "nobody@corp.example"
	out, _, err := b.contain(map[string]any{"users": users})
	if err != nil {
		t.Fatal(err)
	}
	if out.Complete || len(out.Users) != 10 {
		t.Errorf("got %+v", out)
	}
	for i, u := range out.Users {
		if (i == 4) == u.Complete || (i == 4) != (u.Error != nil) || u.User.Login != users[i] {
			t.Errorf("user %d: %+v", i, u)
		}
	}
	_, _, err = b.contain(map[string]any{"users": append(users, "one.more@corp.example")})
	if e := b.wantCode(err, sdk.InvalidInput); !strings.Contains(e.Error(), "max_users_per_call") {
		t.Errorf("got %v", e)
	}
}

func TestContainmentPlan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	out, _, err := b.contain(map[string]any{"users": []string{u.ID}, "quarantine": g.ID, "dry_run": true})
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	for _, r := range out.Plan {
		plan = append(plan, r.Method+" "+r.Path)
	}
	want := []string{
		"POST /api/v1/users/" + u.ID + "/lifecycle/suspend",
		"DELETE /api/v1/users/" + u.ID + "/sessions?forgetDevices=true&oauthTokens=true",
		"PUT /api/v1/groups/" + g.ID + "/users/" + u.ID,
	}
	if out.Outcome != sdk.Planned || out.Complete || !slices.Equal(plan, want) {
		t.Errorf("planned %v, want %v; outcome %s", plan, want, out.Outcome)
	}
	for _, r := range b.Requests() {
		if r.Method != "GET" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

// TestContainmentPlanNamesRule checks that a dry run names the rule that would reject the call.
func TestContainmentPlanNamesRule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out, _, err := b.contain(map[string]any{"users": []string{"okta.admin@corp.example"}, "dry_run": true})
	if err != nil || out.Outcome != sdk.Planned || strings.Count(out.Reason, "rule own user") != 1 {
		t.Errorf("got %+v, %v", out, err)
	}
}

// TestRestoreAfterForeignChange checks that restore_user keeps the change of another client.
func TestRestoreAfterForeignChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	out, _, err := b.contain(map[string]any{"users": []string{u.ID}})
	if err != nil {
		t.Fatal(err)
	}
	record := out.Users[0].Restore
	record.StatusAfter = oktasim.StatusLockedOut // as if the containment had left another
	if _, err := b.restore(record, false); err == nil {
		t.Error("a state that moved on was overwritten")
	} else {
		b.wantCode(err, sdk.Conflict)
	}
	if b.state(u.ID).Status != oktasim.StatusSuspended {
		t.Error("something was written")
	}
}

// TestRequestsOfContainment counts requests. One user and one group by ID take six requests
// on a new connection, and five on a checked one. A login or a name adds one request; the
// connection then caches the name.
func TestRequestsOfContainment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		checked, login, named, glass bool
		want                         []int
	}{
		"ids":                  {want: []int{6, 6}},
		"login":                {login: true, want: []int{7, 7}},
		"name":                 {named: true, want: []int{7, 6}},
		"login and name":       {login: true, named: true, want: []int{8, 7}},
		"ids, checked":         {checked: true, want: []int{5, 5}},
		"login, checked":       {checked: true, login: true, want: []int{6, 6}},
		"name, checked":        {checked: true, named: true, want: []int{6, 5}},
		"login, name, checked": {checked: true, login: true, named: true, want: []int{7, 6}},
		"ids, protected group": {glass: true, want: []int{7, 6}}, // the name is resolved once, the membership is read once
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if test.glass {
				b.AddGroup(oktasim.NewGroup{Name: "Break Glass"})
				b.open(map[string]any{"protected_groups": []string{"Break Glass"}})
			}
			g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
			if test.checked {
				if _, err := b.session.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			group := g.ID
			if test.named {
				group = g.Name
			}
			for i, want := range test.want {
				u := b.AddUser(oktasim.NewUser{Login: fmt.Sprintf("u%d@corp.example", i), Sessions: 1})
				ref := u.ID
				if test.login {
					ref = u.Login
				}
				out, result, err := b.contain(map[string]any{"users": []string{ref}, "quarantine": group})
				if err != nil || !out.Complete {
					t.Fatalf("got %+v, %v", out, err)
				}
				if n := len(result.Calls); n != want {
					t.Errorf("containment %d took %d requests, want %d: %+v", i, n, want, result.Calls)
				}
			}
		})
	}
}

// TestContainIntoRecreatedGroup checks that a cached group is looked up again after its
// deletion.
func TestContainIntoRecreatedGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	first := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	second := b.AddUser(oktasim.NewUser{Login: "b@corp.example"})
	contain := func(u oktasim.User) {
		out, _, err := b.contain(map[string]any{"users": []string{u.Login}, "quarantine": "Quarantine"})
		if err != nil || !out.Complete {
			t.Fatalf("got %+v, %v", out, err)
		}
	}
	contain(first)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, b.URL+"/api/v1/groups/"+old.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+b.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("got %+v, %v", resp, err)
	}
	_ = resp.Body.Close()
	b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	contain(second)
}
