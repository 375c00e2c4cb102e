package oktasim_test

import (
	"errors"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
)

// TestOpenAPI calls every endpoint once and checks the response against Okta's OpenAPI description.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, e := range oktasim.Endpoints() {
		_, pattern, _ := strings.Cut(e, " ")
		paths = append(paths, pattern)
	}
	spec, err := oktaspec.Load(paths)
	if errors.Is(err, oktaspec.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}

	c := demo(t)
	state := c.org.State()
	user := func(login string) string {
		u, ok := state.User(login + "@corp.example")
		if !ok {
			t.Fatalf("no %s", login)
		}
		return u.ID
	}
	alice, _ := state.User("alice.moreau@corp.example")
	group := state.Groups[1].ID
	spare := c.org.AddGroup(oktasim.NewGroup{Name: "Spare"}).ID
	person := `{"profile":{"login":"new@corp.example","email":"new@corp.example","firstName":"New","lastName":"One"},` +
		`"credentials":{"password":{"value":"correct horse"}}}`

	steps := []step{
		{"GET /api/v1/users", "/api/v1/users?limit=200", ""},
		{"GET /api/v1/users", "/api/v1/users?" + escape(`search=status eq "DEPROVISIONED"`), ""},
		{"POST /api/v1/users", "/api/v1/users", person},
		{"GET /api/v1/users/{id}", "/api/v1/users/" + alice.ID, ""},
		{"POST /api/v1/users/{id}", "/api/v1/users/" + alice.ID, `{"profile":{"city":"Lyon"}}`},
		{"PUT /api/v1/users/{id}", "/api/v1/users/new@corp.example", person},
		{"DELETE /api/v1/users/{id}", "/api/v1/users/new@corp.example", ""},
		{"GET /api/v1/users/{id}/groups", "/api/v1/users/" + alice.ID + "/groups", ""},
		{"GET /api/v1/sessions/{id}", "/api/v1/sessions/" + alice.Sessions[0], ""},
		{"DELETE /api/v1/sessions/{id}", "/api/v1/sessions/" + alice.Sessions[0], ""},
		{"DELETE /api/v1/users/{id}/sessions", "/api/v1/users/" + alice.ID + "/sessions", ""},
		{"POST /api/v1/users/{id}/lifecycle/activate", "/api/v1/users/" + user("hugo.silva") + "/lifecycle/activate?sendEmail=false", ""},
		{"POST /api/v1/users/{id}/lifecycle/suspend", "/api/v1/users/" + alice.ID + "/lifecycle/suspend", ""},
		{"POST /api/v1/users/{id}/lifecycle/unsuspend", "/api/v1/users/" + alice.ID + "/lifecycle/unsuspend", ""},
		{"POST /api/v1/users/{id}/lifecycle/unlock", "/api/v1/users/" + user("elena.rossi") + "/lifecycle/unlock", ""},
		{"POST /api/v1/users/{id}/lifecycle/expire_password", "/api/v1/users/" + alice.ID + "/lifecycle/expire_password", ""},
		{"POST /api/v1/users/{id}/lifecycle/reset_password", "/api/v1/users/" + alice.ID + "/lifecycle/reset_password?sendEmail=false", ""},
		{"POST /api/v1/users/{id}/lifecycle/deactivate", "/api/v1/users/" + user("grace.kim") + "/lifecycle/deactivate", ""},
		{"GET /api/v1/groups", "/api/v1/groups", ""},
		{"POST /api/v1/groups", "/api/v1/groups", `{"profile":{"name":"New","description":"d"}}`},
		{"GET /api/v1/groups/{id}", "/api/v1/groups/" + group, ""},
		{"PUT /api/v1/groups/{id}", "/api/v1/groups/" + spare, `{"profile":{"name":"Spare part"}}`},
		{"PUT /api/v1/groups/{id}/users/{uid}", "/api/v1/groups/" + group + "/users/" + alice.ID, ""},
		{"GET /api/v1/groups/{id}/users", "/api/v1/groups/" + group + "/users", ""},
		{"DELETE /api/v1/groups/{id}/users/{uid}", "/api/v1/groups/" + group + "/users/" + alice.ID, ""},
		{"DELETE /api/v1/groups/{id}", "/api/v1/groups/" + spare, ""},
		{"GET /api/v1/logs", "/api/v1/logs?limit=1000", ""},
	}
	asked := map[string]bool{}
	for _, step := range append(accessSteps(t, c), steps...) {
		asked[step.endpoint] = true
		t.Run(step.endpoint, func(t *testing.T) {
			method, _, _ := strings.Cut(step.endpoint, " ")
			a := step.ask(c, method)
			if a.status >= 300 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if a.body == "[]" {
				t.Error("the list is empty and therefore unchecked")
			}
			path, query, _ := strings.Cut(strings.TrimPrefix(step.target, c.org.URL), "?")
			for _, problem := range spec.Check(oktasim.Exchange{
				Method: method, Path: path, Query: query, ContentType: step.mediaType(), Body: []byte(step.body),
				Status: a.status, Response: []byte(a.body),
			}) {
				t.Error(problem)
			}
		})
	}
	for _, e := range oktasim.Endpoints() {
		if !asked[e] {
			t.Errorf("%s was not called", e)
		}
	}
}

// step is one request to an endpoint.
type step struct{ endpoint, target, body string }

func (s step) ask(c *caller, method string) response {
	c.t.Helper()
	r := c.request(method, s.target, s.body)
	if s.target == "/oauth2/v1/token" {
		r.Header.Del("Authorization")
		r.Header.Set("Content-Type", s.mediaType())
	}
	a, err := c.send(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (s step) mediaType() string {
	if s.target == "/oauth2/v1/token" {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}
