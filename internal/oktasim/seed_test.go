package oktasim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func demo(t testing.TB) *caller {
	t.Helper()
	return call(t, oktasim.Start(t, oktasim.Options{Now: newClock().Now, Seed: oktasim.Demo}))
}

func TestDemo(t *testing.T) {
	c := demo(t)
	state := c.org.State()
	count := map[string]int{}
	emails := map[string]int{}
	for _, u := range state.Users {
		count[u.Status]++
		emails[u.Email]++
		if len(u.ID) != 20 || u.ID[:3] != "00u" {
			t.Errorf("id %s", u.ID)
		}
	}
	for _, s := range []string{"STAGED", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED", "PASSWORD_EXPIRED"} {
		if count[s] != 1 {
			t.Errorf("%d users are %s", count[s], s)
		}
	}
	if emails["frontdesk@corp.example"] != 2 || len(state.Users) != 14 {
		t.Errorf("%d users, emails %v", len(state.Users), emails)
	}
	alice, _ := state.User("alice.moreau@corp.example")
	if len(alice.Sessions) != 3 || alice.OAuthTokens != 2 || alice.RememberedDevices == 0 || alice.Status != "ACTIVE" {
		t.Errorf("alice %+v", alice)
	}
	if len(alice.Factors) != 2 || len(alice.Devices) != 1 || len(alice.Apps) != 3 || len(alice.Roles) != 0 || alice.Risk != "NONE" {
		t.Errorf("the objects of alice: %+v", alice)
	}
	supers := 0
	for _, u := range state.Users {
		for _, r := range u.Roles {
			if r.Type == "SUPER_ADMIN" {
				supers++
			}
		}
	}
	if supers != 2 {
		t.Errorf("%d super administrators", supers)
	}
	apps := map[string]int{}
	for _, g := range state.Groups {
		if g.Type == oktasim.TypeApp {
			apps[g.Name]++
		}
	}
	if apps["Contractors"] != 2 {
		t.Errorf("groups of apps: %v", apps)
	}
	hour := c.want("GET", logs("since", at(-time.Hour)), "", 200, "").list(t)
	if len(hour) < 10 || len(hour) != state.Events {
		t.Errorf("%d of %d events in the last hour", len(hour), state.Events)
	}
	if !slices.IsSorted(column(hour, "published")) {
		t.Error("the history is out of order")
	}
	c.want("GET", "/api/v1/users/irina.petrova@corp.example", "", 200, "")
}

func TestDemoIsDeterministic(t *testing.T) {
	a, b := demo(t), demo(t)
	if d := cmp.Diff(a.org.State(), b.org.State()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(a.get("/api/v1/logs").body, b.get("/api/v1/logs").body); d != "" {
		t.Error(d)
	}
	later := oktasim.New(oktasim.Options{Seed: oktasim.Demo})
	if later.State().Users[3].ID != a.org.State().Users[3].ID {
		t.Error("ids of users depend on the time")
	}
	if later.Append(oktasim.Event{})[0] == a.org.Append(oktasim.Event{})[0] {
		t.Error("orgs of different times share uuids of events")
	}
}
