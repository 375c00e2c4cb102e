package oktasim_test

import (
	"encoding/base32"
	"regexp"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

var accessPath = regexp.MustCompile(`^/api/v1/(apps|policies|devices|zones|iam|(?:users|groups)/[^/]+/(?:roles|risk|factors))(?:/|$)`)

// prepareAccess adds the objects for a recorded request, except users, groups and memberships. It reports whether it
// supports the request.
func prepareAccess(t *testing.T, c *caller, r recorded) bool {
	t.Helper()
	m := accessPath.FindStringSubmatch(r.Path)
	if m == nil {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(r.Path, "/api/v1/"), "/")
	body, _ := r.Body.(map[string]any)
	items, _ := r.Body.([]any)
	if body != nil && r.Method != "POST" && r.Status < 300 {
		items = []any{body}
	}
	switch parts[0] {
	case "apps":
		prepareApps(c, r, parts, items)
	case "policies":
		for _, i := range items {
			p := i.(map[string]any)
			c.org.AddPolicy(oktasim.NewPolicy{
				ID: str(p, "id"), Type: str(p, "type"), Name: str(p, "name"), Status: str(p, "status"), System: p["system"] == true, Document: p,
			})
		}
	case "devices":
		status := map[string]string{"activate": "DEACTIVATED", "deactivate": "ACTIVE"}[parts[len(parts)-1]]
		if r.Method == "DELETE" {
			status = "DEACTIVATED"
		}
		n := oktasim.NewDevice{ID: parts[1], Name: "recorded", Status: status}
		if body != nil {
			n.Status, n.Profile = str(body, "status"), body["profile"].(map[string]any)
		}
		c.org.AddDevice(n)
	case "zones":
		prepareZone(c, r, parts, body)
	case "iam":
		u := c.org.AddUser(oktasim.NewUser{Login: "second@corp.example"})
		c.org.AddRole(oktasim.NewRole{User: u.ID, Type: "APP_ADMIN"})
		if len(parts) == 4 && parts[3] == "permissions" && body != nil {
			custom := oktasim.NewRole{User: u.ID, Type: "CUSTOM", Role: parts[2], ResourceSet: "iam1"}
			for _, p := range body["permissions"].([]any) {
				custom.Permissions = append(custom.Permissions, str(p.(map[string]any), "label"))
			}
			c.org.AddRole(custom)
		}
	default:
		ensure(c, parts[1], r)
		prepareHolder(t, c, r, parts, items)
	}
	return true
}

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func prepareApps(c *caller, r recorded, parts []string, items []any) {
	if len(parts) <= 2 {
		for _, i := range items {
			a := i.(map[string]any)
			c.org.AddApp(oktasim.NewApp{
				ID: str(a, "id"), Label: str(a, "label"), Name: str(a, "name"), SignOnMode: str(a, "signOnMode"), Status: str(a, "status"), Document: a,
			})
		}
		return
	}
	status := ""
	if parts[len(parts)-1] == "activate" {
		status = "INACTIVE"
	}
	c.org.AddApp(oktasim.NewApp{ID: parts[1], Label: "recorded", Status: status})
	for _, i := range items {
		au := i.(map[string]any)
		ensure(c, str(au, "id"), r)
		c.org.AssignApp(oktasim.NewAssignment{App: parts[1], User: str(au, "id"), Profile: au["profile"].(map[string]any)})
	}
	if r.Method == "DELETE" {
		ensure(c, parts[3], r)
		c.org.AssignApp(oktasim.NewAssignment{App: parts[1], User: parts[3]})
	}
}

func prepareZone(c *caller, r recorded, parts []string, body map[string]any) {
	if len(parts) == 1 || r.Status == 404 {
		return
	}
	n := oktasim.NewZone{ID: parts[1], Name: parts[1], Status: "INACTIVE"}
	if body != nil {
		n.Type, n.System = str(body, "type"), body["system"] == true
		n.Usage, n.Status, n.ProxyType = str(body, "usage"), str(body, "status"), str(body, "proxyType")
		n.Locations, n.ASNs, n.IPServiceCategories = body["locations"], body["asns"], body["ipServiceCategories"]
		n.Gateways, n.Proxies = addresses(body["gateways"]), addresses(body["proxies"])
	}
	c.org.AddZone(n)
}

func addresses(list any) []string {
	var out []string
	entries, _ := list.([]any)
	for _, e := range entries {
		out = append(out, str(e.(map[string]any), "value"))
	}
	return out
}

// prepareHolder adds the roles, factors or risk of a request to a user or group.
func prepareHolder(t *testing.T, c *caller, r recorded, parts []string, items []any) {
	t.Helper()
	owner := parts[1]
	role := func(id, kind string) {
		n := oktasim.NewRole{ID: id, Type: kind}
		if parts[0] == "groups" {
			n.Group = owner
		} else {
			n.User = owner
		}
		c.org.AddRole(n)
	}
	switch {
	case parts[2] == "risk":
		if r.Status == 200 {
			c.org.SetRisk(owner, "HIGH", "")
		}
	case parts[2] == "factors" && len(parts) > 3:
		c.org.AddFactor(oktasim.NewFactor{ID: parts[3], User: owner, Type: "question"})
	case parts[2] == "roles" && len(parts) > 4:
		kind, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(parts[3])
		if err != nil {
			t.Fatal(err)
		}
		n := oktasim.NewRole{ID: parts[3], Type: string(kind), User: owner}
		for _, i := range items {
			profile := i.(map[string]any)["profile"].(map[string]any)
			c.org.AddGroup(oktasim.NewGroup{Name: str(profile, "name")})
			n.Targets = append(n.Targets, str(profile, "name"))
		}
		c.org.AddRole(n)
	case parts[2] == "roles" && r.Method == "GET":
		for _, i := range items {
			role(str(i.(map[string]any), "id"), str(i.(map[string]any), "type"))
		}
	case parts[2] == "roles" && r.Method == "DELETE" && r.Status == 204:
		kind, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(parts[3])
		if err != nil {
			kind = []byte("SUPER_ADMIN")
		}
		role(parts[3], string(kind))
	}
}
