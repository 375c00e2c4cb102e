package oktaspec

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

// TestCheckFindsDeviations checks that each kind of deviation is found.
func TestCheckFindsDeviations(t *testing.T) {
	const user = "/api/v1/users/00u1"
	zone := func(body string) oktasim.Exchange {
		return oktasim.Exchange{Method: "PUT", Path: "/api/v1/zones/nzo1", Body: []byte(body)}
	}
	answered := func(method, path string, status int, body string) oktasim.Exchange {
		return oktasim.Exchange{Method: method, Path: path, Status: status, Response: []byte(body)}
	}
	cases := []struct {
		oktasim.Exchange
		want string // "" means no problem
	}{
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/devices", Query: "limit=20"}, ""},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/policies", Query: "limit=20"}, "\"type\" in query has an error: value is required"},
		{oktasim.Exchange{Method: "GET", Path: user + "/groups", Query: "limit=20"}, "unknown query parameter: limit"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/devices", Query: "limit=20&limit=30"}, "repeated query parameter"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/devices", Query: "limit=many"}, "\"limit\" in query has an error: value many: an invalid integer"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/devices", Query: "limit=201"}, "limit"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/devices", Query: "limit=%zz"}, "cannot be parsed"},
		{oktasim.Exchange{Method: "DELETE", Path: user + "/sessions", Query: "oauthTokens=yes"}, "value yes: an invalid boolean"},
		{oktasim.Exchange{Method: "PATCH", Path: user}, "no such endpoint"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/user/00u1"}, "no such endpoint"},
		{oktasim.Exchange{Method: "GET", Path: "/api/v1/users/"}, "no such endpoint"},
		{oktasim.Exchange{Method: "POST", Path: user + "/lifecycle/suspend", Body: []byte("{}")}, "must not have a body"},
		{oktasim.Exchange{Method: "POST", Path: "/api/v1/groups"}, "needs a body"},
		{oktasim.Exchange{Method: "POST", Path: "/api/v1/groups", Body: []byte(`{"profile":{"name":"x"}}`), ContentType: "text/plain"}, "not supported: text/plain"},
		{oktasim.Exchange{Method: "POST", Path: "/api/v1/groups", Body: []byte(`{"profile":"x"}`)}, "/profile"},
		{oktasim.Exchange{Method: "POST", Path: "/api/v1/groups", Body: []byte(`{"profil":{"name":"x"}}`)}, "unknown member in the request body: /profil"},
		{oktasim.Exchange{Method: "POST", Path: "/api/v1/groups", Body: []byte(`{"profile":{"name":"x"}}`)}, ""},
		{oktasim.Exchange{Method: "POST", Path: user, Body: []byte(`{"profile":{"favouriteTree":"oak"}}`)}, ""},
		{oktasim.Exchange{Method: "PUT", Path: user + "/risk", Body: []byte(`{"riskLevle":"HIGH"}`)}, "unknown member in the request body: /riskLevle"},
		{oktasim.Exchange{Method: "POST", Path: "/oauth2/v1/token", Body: []byte("grant_type=client_credentials&scope=a"), ContentType: form}, ""},
		{
			oktasim.Exchange{Method: "POST", Path: "/oauth2/v1/token", Body: []byte("grant_type=client_credentials&scop=a"), ContentType: form},
			"unknown member in the request body: /scop",
		},
		{zone(`{"type":"IP","name":"x","gateways":[{"type":"CIDR","value":"192.0.2.1/32"}]}`), ""},
		{zone(`{"type":"IP","name":"x","gateway":[]}`), "unknown member in the request body: /gateway"},
		{zone(`{"type":"IP","name":"x","gateways":["192.0.2.1"]}`), "/gateways/0"},
		{answered("GET", "/api/v1/groups", 200, `[{"id":"00g1","profile":{"name":"x"}}]`), ""},
		{answered("GET", "/api/v1/groups", 200, `[{"id":1}]`), "/0/id"},
		{answered("GET", "/api/v1/groups", 200, `{}`), "the response"},
		{answered("GET", "/api/v1/groups", 200, `<html>`), "not JSON"},
		{answered("GET", "/api/v1/groups", 201, `[]`), "not described"},
		{answered("POST", user+"/lifecycle/suspend", 200, `{"id":"00u1"}`), "where none is described"},
		{answered("GET", user, 404, `{"errorCode":"E0000007","errorSummary":"s","errorLink":"E0000007","errorId":"i","errorCauses":[]}`), ""},
		{answered("GET", user, 404, `{"errorCode":"E0000007","errorSummary":"s"}`), "neither Okta's form nor OAuth's"},
		{answered("GET", user, 500, `<html>`), "not JSON"},
		{answered("GET", user, 404, ``), "not JSON"},
		{answered("GET", user, 403, ``), ""},
		{answered("GET", "/api/v1/zones", 200, `[{"type":"IP","name":"x","gateways":["192.0.2.1"]}]`), "/gateways/0"},
	}
	var paths []string
	for _, c := range cases {
		paths = append(paths, c.Path)
	}
	spec, err := Load(paths)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		e := c.Exchange
		if e.ContentType == "" && len(e.Body) > 0 {
			e.ContentType = "application/json"
		}
		e.Faulty = e.Status == 0
		got := strings.Join(spec.Check(e), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			shown, _ := json.Marshal(string(e.Body) + string(e.Response))
			t.Errorf("%s %s?%s %s: got %q, want %q", e.Method, e.Path, e.Query, shown, got, c.want)
		}
	}
}

type noTests struct{ meanwhile func() }

func (n noTests) Run() int { n.meanwhile(); return 0 }

// TestDeviationFailsThePackage checks that a deviation in any test fails the whole package.
func TestDeviationFailsThePackage(t *testing.T) {
	var asked oktasim.Exchange
	main := func() int {
		return Main{
			M: noTests{func() {
				s := oktasim.Start(t, oktasim.Options{})
				get(t, s.URL+asked.Path+"?"+asked.Query, s.Token)
			}},
			Except: func(e oktasim.Exchange) bool { return e.Query == "limit=except" },
		}.Run()
	}
	if _, err := Load(nil); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	for query, want := range map[string]int{"limit=2": 0, "limits=2": 1, "limit=except": 0} {
		asked = oktasim.Exchange{Path: "/api/v1/groups", Query: query}
		if got := main(); got != want {
			t.Errorf("%s: exit status %d, want %d", query, got, want)
		}
	}
}
