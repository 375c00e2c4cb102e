package okta

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestWritesToMissingObject checks that a write to a missing object is sent, and that Okta rejects it. The guard has
// no user to protect.
func TestWritesToMissingObject(t *testing.T) {
	const nobody = "00uNOBODY00000000001"
	c, s := guarded(t, guard.Rules{ProtectedUsers: []string{"glass@corp.example"}, ProtectedGroups: []string{"Break Glass"}})
	s.AddUser(oktasim.NewUser{Login: "glass@corp.example"})
	s.AddGroup(oktasim.NewGroup{Name: "Break Glass"})
	for request, write := range map[string]func(context.Context) error{
		"POST /api/v1/users/" + nobody + "/lifecycle/suspend": func(ctx context.Context) error { return c.SuspendUser(ctx, nobody) },
		"POST /api/v1/users/nobody/lifecycle/suspend": func(ctx context.Context) error {
			_, err := c.send(ctx, http.MethodPost, "/api/v1/users/nobody/lifecycle/suspend", nil, nil)
			return err
		},
		"POST /api/v1/users/nobody@corp.example/lifecycle/suspend": func(ctx context.Context) error {
			_, err := c.send(ctx, http.MethodPost, "/api/v1/users/nobody@corp.example/lifecycle/suspend", nil, nil)
			return err
		},
		"DELETE /api/v1/sessions/102abcdefghijkl":                     func(ctx context.Context) error { return c.EndSession(ctx, "102abcdefghijkl") },
		"POST /api/v1/devices/guo00000000000000001/lifecycle/suspend": func(ctx context.Context) error { return c.SuspendDevice(ctx, "guo00000000000000001") },
	} {
		e := wantCode(t, write(t.Context()), sdk.NotFound)
		if want := request + ": the object does not exist in Okta"; e.Message != want {
			t.Errorf("error %q, want %q", e.Message, want)
		}
		sent := slices.ContainsFunc(s.Requests(), func(r oktasim.Request) bool { return r.Method+" "+r.Path == request })
		if !sent {
			t.Errorf("%s was not sent", request)
		}
	}
}

// TestNamesThatLookLikeIDs checks names in the form of an ID.
func TestNamesThatLookLikeIDs(t *testing.T) {
	c, s := org(t)
	app := s.AddApp(oktasim.NewApp{Label: "0oa00000000000000001"})
	zone := s.AddZone(oktasim.NewZone{Name: "nzo00000000000000001", Usage: "BLOCKLIST"})
	group := s.AddGroup(oktasim.NewGroup{Name: "00g00000000000000001"})
	if a, err := c.FindApp(t.Context(), "/app", app.Label); err != nil || a.ID != app.ID {
		t.Errorf("got %+v, %v", a, err)
	}
	if z, err := c.FindZone(t.Context(), "/zone", zone.Name); err != nil || z.ID != zone.ID {
		t.Errorf("got %+v, %v", z, err)
	}
	if g, err := c.FindGroup(t.Context(), "/group", group.Name); err != nil || g.ID != group.ID {
		t.Errorf("got %+v, %v", g, err)
	}
	if u, err := c.UserByLogin(t.Context(), "nobody@corp.example"); err != nil || u != nil {
		t.Errorf("got %+v, %v", u, err)
	}
}

// TestUnreadableOwnAddress checks that a principal that may not read the log has no known address. The response of a
// proxy is an error.
func TestUnreadableOwnAddress(t *testing.T) {
	for name, test := range map[string]struct {
		fault oktasim.Fault
		want  sdk.Code
	}{
		"no right":      {oktasim.Fault{Status: 403, ErrorCode: "E0000006"}, ""},
		"missing":       {oktasim.Fault{Status: 404, ErrorCode: "E0000007"}, ""},
		"no endpoint":   {oktasim.Fault{Status: 404, ErrorCode: "E0000008"}, ""},
		"a proxy's 403": {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 403}, sdk.Unavailable},
		"a proxy's 404": {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"failure":       {oktasim.Fault{Status: 500}, sdk.Unavailable},
	} {
		c, s := org(t)
		test.fault.Path = LogPath
		s.Fault(test.fault)
		address, err := c.OwnAddress(t.Context())
		if e := sdk.AsError(err); address.IsValid() || (e == nil) != (test.want == "") || e != nil && e.Code != test.want {
			t.Errorf("%s: got %v, %v", name, address, err)
		}
	}
}

// TestCheckOfAServiceAppBehindAProxy checks that a service app has no user in Okta, and that the response of a proxy
// has another meaning.
func TestCheckOfAServiceAppBehindAProxy(t *testing.T) {
	for name, test := range map[string]struct {
		fault oktasim.Fault
		want  sdk.Code
	}{
		"no user":       {oktasim.Fault{Status: 404, ErrorCode: "E0000007"}, ""},
		"no right":      {oktasim.Fault{Status: 403, ErrorCode: "E0000006"}, ""},
		"a proxy's 404": {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"a proxy's 403": {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 403}, sdk.Unavailable},
		"a proxy's 401": {oktasim.Fault{Kind: oktasim.KindHTML, Status: 401}, sdk.Unavailable},
	} {
		o := asApp{}.open(t)
		test.fault.Path = "/api/v1/users/me"
		o.org.Fault(test.fault)
		health, err := Check(t.Context(), o.Client)
		if e := sdk.AsError(err); (e == nil) != (test.want == "") || e != nil && e.Code != test.want || e == nil && health.Account != o.app.ClientID {
			t.Errorf("%s: got %+v, %v", name, health, err)
		}
	}
}
