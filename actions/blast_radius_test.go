package actions_test

import (
	"encoding/json"
	"testing"

	"soar.example/okta/internal/oktasim"
)

func TestBlastRadius(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: target})
	b.AddGroup(oktasim.NewGroup{Name: "Admins", Members: []string{target}})
	b.AddRole(oktasim.NewRole{Group: "Admins", Type: "APP_ADMIN"})
	b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
	b.AddDevice(oktasim.NewDevice{Name: "Laptop", Users: []string{target}})
	app := b.AddApp(oktasim.NewApp{Label: "Mail"})
	b.AssignApp(oktasim.NewAssignment{App: app.ID, User: target})
	from := func(ip any, country string) oktasim.Event {
		return oktasim.Event{
			"actor":  map[string]any{"id": u.ID},
			"client": map[string]any{"ipAddress": ip, "geographicalContext": map[string]any{"country": country, "postalCode": 1234}},
		}
	}
	b.Append(from("203.0.113.7", "Norway"), from("203.0.113.7", "Norway"), from("198.51.100.1", "Chile"), from(nil, ""), from("null", ""))
	b.Append(oktasim.Event{"client": map[string]any{"ipAddress": "192.0.2.1"}}) // somebody else's
	type radius struct {
		Status       string
		Groups       []json.RawMessage
		Admin        *bool
		Roles        []struct{ Through string }
		Factors      []json.RawMessage
		Devices      []struct{ ID, Status string }
		Applications []struct{ ID, Through string }
		Activity     *struct {
			Events    int
			Addresses []struct {
				Address, Country string
				Events           int
			}
			Countries []string
		}
		Unavailable []struct{ Part, Code string }
	}
	got := do[radius](b, "get_user_blast_radius", `{"user":%q}`, target)
	if len(got.Groups) != 2 || got.Admin == nil || !*got.Admin || len(got.Roles) != 1 || got.Roles[0].Through != "group" || len(got.Factors) != 1 ||
		len(got.Devices) != 1 || got.Devices[0].Status != "ACTIVE" || len(got.Applications) != 1 || got.Applications[0].ID != app.ID || len(got.Unavailable) != 0 {
		t.Errorf("got %+v", got)
	}
	if act := got.Activity; act == nil || act.Events != 5 || len(act.Addresses) != 2 || len(act.Countries) != 2 {
		t.Errorf("got %+v", got.Activity)
	}
	if n := len(b.Requests()); n != 7 {
		t.Errorf("it took %d requests", n)
	}
	// A part that may not be read is unavailable, not empty.
	scope := map[string]string{"WWW-Authenticate": `Bearer error="insufficient_scope"`}
	b.Fault(oktasim.Fault{Path: "/api/v1/users/*/roles", Kind: oktasim.KindEmpty, Status: 403, Headers: scope})
	b.Fault(oktasim.Fault{Path: "/api/v1/users/*/devices", ErrorCode: "E0000015", Status: 401})
	b.Fault(oktasim.Fault{Path: "/api/v1/logs", ErrorCode: "E0000047", Status: 429})
	got = do[radius](b, "get_user_blast_radius", `{"user":%q}`, target)
	if got.Admin != nil || got.Roles != nil || got.Devices != nil || got.Activity != nil || len(got.Groups) != 2 || len(got.Unavailable) != 3 {
		t.Errorf("got %+v", got)
	}
	for i, want := range []string{"roles forbidden", "devices forbidden", "activity rate_limited"} {
		if i < len(got.Unavailable) && got.Unavailable[i].Part+" "+got.Unavailable[i].Code != want {
			t.Errorf("got %+v, want %s", got.Unavailable[i], want)
		}
	}
}
