package oktasim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	g := c.org.AddGroup(oktasim.NewGroup{Name: "Admins", Members: []string{u.ID}})
	user, group := "/api/v1/users/"+u.ID+"/roles", "/api/v1/groups/"+g.ID+"/roles"

	made := c.want("POST", user+"?disableNotifications=true", `{"type":"HELP_DESK_ADMIN"}`, 201, "").object(t)
	c.want("POST", user, `{"type":"HELP_DESK_ADMIN"}`, 409, "E0000090")
	c.want("POST", group, `{"type":"HELP_DESK_ADMIN"}`, 201, "")
	c.want("POST", user, `{"type":"EMPEROR"}`, 400, "E0000001")
	c.want("POST", user, `{"type":"CUSTOM"}`, 400, "E0000001")
	c.want("POST", user, `{`, 400, "E0000003")
	c.want("POST", user, `{"type":"CUSTOM","role":"cr1","resource-set":"iam1"}`, 201, "")
	c.want("POST", user, `{"type":"CUSTOM","role":"cr1","resource-set":"iam1"}`, 409, "E0000090")
	c.want("POST", user, `{"type":"CUSTOM","role":"cr1","resource-set":"iam2"}`, 201, "")

	all := c.want("GET", user, "", 200, "").list(t)
	if d := cmp.Diff([]string{"USER", "USER", "USER", "GROUP"}, column(all, "assignmentType")); d != "" {
		t.Error(d)
	}
	if got := c.want("GET", group, "", 200, "").list(t); len(got) != 1 {
		t.Error(got)
	}
	one := user + "/" + made["id"].(string)
	c.want("GET", one, "", 200, "")
	c.want("DELETE", one, "", 204, "")
	// The role of the group has the same ID in the list. It cannot be removed from the user.
	c.want("DELETE", one, "", 404, "E0000007")
	if got := c.user(u.ID).Roles; len(got) != 3 || got[2].Group != g.ID {
		t.Error(got)
	}
	c.want("DELETE", group+"/"+made["id"].(string), "", 204, "")
	if got := c.user(u.ID).Roles; len(got) != 2 {
		t.Error(got)
	}
	want := []string{
		"user.account.privilege.grant", "group.privilege.grant", "user.account.privilege.grant", "user.account.privilege.grant",
		"user.account.privilege.revoke", "group.privilege.revoke",
	}
	if d := cmp.Diff(want, c.logged()); d != "" {
		t.Error(d)
	}
	c.want("GET", "/api/v1/users/none/roles", "", 404, "E0000007")
	c.want("GET", "/api/v1/groups/none/roles", "", 404, "E0000007")
}

func TestLastSuperAdminIsKept(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	owner := c.user("okta.admin@corp.example")
	path := "/api/v1/users/" + owner.ID + "/roles/" + owner.Roles[0].ID
	c.want("DELETE", path, "", 403, "E0000006")

	// A deactivated administrator does not count.
	gone := c.org.AddUser(oktasim.NewUser{Login: "gone@corp.example", Status: "DEPROVISIONED"})
	c.org.AddRole(oktasim.NewRole{User: gone.ID, Type: "SUPER_ADMIN"})
	c.want("DELETE", path, "", 403, "E0000006")

	// A group without members also does not count.
	g := c.org.AddGroup(oktasim.NewGroup{Name: "Admins"})
	c.org.AddRole(oktasim.NewRole{Group: g.ID, Type: "SUPER_ADMIN"})
	c.want("DELETE", path, "", 403, "E0000006")
	c.org.AddMember(g.ID, owner.ID)
	c.want("DELETE", path, "", 204, "")
	c.want("DELETE", path, "", 404, "E0000007")
	role := c.user(owner.ID).Roles[0]
	c.want("DELETE", "/api/v1/groups/"+g.ID+"/roles/"+role.ID, "", 403, "E0000006")
}

func TestAssignees(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	want := []string{c.user("okta.admin@corp.example").ID}
	for _, login := range []string{"a@corp.example", "b@corp.example", "c@corp.example"} {
		u := c.org.AddUser(oktasim.NewUser{Login: login})
		if login != "b@corp.example" {
			c.org.AddRole(oktasim.NewRole{User: u.ID, Type: "APP_ADMIN"})
			want = append(want, u.ID)
		}
	}
	type page struct {
		Value []struct{ ID string }
		Links struct {
			Next struct{ Href string }
		} `json:"_links"`
	}
	var got []string
	for target := "/api/v1/iam/assignees/users?limit=2"; target != ""; {
		p := decode[page](t, c.want("GET", target, "", 200, ""))
		for _, v := range p.Value {
			got = append(got, v.ID)
		}
		target = p.Links.Next.Href
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	c.want("GET", "/api/v1/iam/assignees/users?limit=0", "", 400, "E0000001")
	c.want("GET", "/api/v1/iam/assignees/users?after=x", "", 400, "E0000001")
}
