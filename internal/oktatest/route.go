package oktatest

import (
	"net/http"
	"net/url"
	"strings"
)

// handler answers one call. It runs under the org's lock.
type handler func(*Org, *call) (*reply, error)

type route struct {
	method  string
	pattern string
	handle  handler
}

// routes are all endpoints of the org.
var routes = []route{
	{http.MethodGet, "/api/v1/users", (*Org).listUsers},
	{http.MethodPost, "/api/v1/users", (*Org).createUser},
	{http.MethodGet, "/api/v1/users/{id}", (*Org).getUser},
	{http.MethodPost, "/api/v1/users/{id}", (*Org).updateUser},
	{http.MethodPut, "/api/v1/users/{id}", (*Org).replaceUser},
	{http.MethodDelete, "/api/v1/users/{id}", (*Org).deleteUser},
	{http.MethodGet, "/api/v1/users/{id}/groups", (*Org).listUserGroups},
	{http.MethodDelete, "/api/v1/users/{id}/sessions", (*Org).clearSessions},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/activate", (*Org).activateUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/deactivate", (*Org).deactivateUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/suspend", (*Org).suspendUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/unsuspend", (*Org).unsuspendUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/unlock", (*Org).unlockUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/expire_password", (*Org).expirePassword},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/reset_password", (*Org).resetPassword},
	{http.MethodGet, "/api/v1/sessions/{id}", (*Org).getSession},
	{http.MethodDelete, "/api/v1/sessions/{id}", (*Org).endSession},
	{http.MethodGet, "/api/v1/groups", (*Org).listGroups},
	{http.MethodPost, "/api/v1/groups", (*Org).createGroup},
	{http.MethodGet, "/api/v1/groups/{id}", (*Org).getGroup},
	{http.MethodPut, "/api/v1/groups/{id}", (*Org).replaceGroup},
	{http.MethodDelete, "/api/v1/groups/{id}", (*Org).deleteGroup},
	{http.MethodGet, "/api/v1/groups/{id}/users", (*Org).listGroupUsers},
	{http.MethodPut, "/api/v1/groups/{id}/users/{uid}", (*Org).addGroupUser},
	{http.MethodDelete, "/api/v1/groups/{id}/users/{uid}", (*Org).removeGroupUser},
	{http.MethodGet, "/api/v1/logs", (*Org).listEvents},
}

// findRoute returns the handler for a request and what its variable segments hold. Without a handler, known
// says whether the path exists under another method.
func findRoute(method, path string) (h handler, params []string, known bool) {
	for _, r := range routes {
		got, ok := matchPattern(r.pattern, path)
		if !ok {
			continue
		}
		if r.method == method {
			return r.handle, got, true
		}
		known = true
	}
	return nil, nil, known
}

// matchPattern compares segment by segment. A variable segment matches no empty and no dot segment, in whatever
// way it is escaped, so that a forgotten id can never reach another endpoint.
func matchPattern(pattern, path string) ([]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	var params []string
	for i, w := range want {
		if !strings.HasPrefix(w, "{") {
			if w != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" || value == "." || value == ".." {
			return nil, false
		}
		params = append(params, value)
	}
	return params, true
}
