package okta

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// A Role is the assignment of an admin role to a user.
type Role struct {
	ID             string `json:"id"` // of the assignment
	Type           string `json:"type"`
	Label          string `json:"label"`
	Status         string `json:"status"`
	AssignmentType string `json:"assignmentType"`
	RoleID         string `json:"role"`         // of a custom role
	ResourceSet    string `json:"resource-set"` // likewise
	Links          struct {
		Assignee struct {
			Href string `json:"href"`
		} `json:"assignee"`
	} `json:"_links"`
}

// RoleCustom is the type of every role that is the org's own.
const RoleCustom = "CUSTOM"

// Direct reports whether the role is the user's own, and not a group's.
func (r Role) Direct() bool { return r.AssignmentType != "GROUP" }

// Group is the id of the group by which the user has the role, "" if it is the
// user's own or Okta does not say.
func (r Role) Group() string {
	u, err := url.Parse(r.Links.Assignee.Href)
	if err != nil || r.Direct() {
		return ""
	}
	_, id, _ := strings.Cut(u.Path, "/groups/")
	return id
}

// RolesOf lists the admin roles of a user, those by a group included.
func (c *Client) RolesOf(ctx context.Context, userID string) ([]Role, error) {
	return every(ctx, c, nil, func(r Role) string { return r.ID }, "users", userID, "roles")
}

// A CustomRole is an admin role of the org's own.
type CustomRole struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Description string `json:"description"`
}

// CustomRoles lists the org's own admin roles.
func (c *Client) CustomRoles(ctx context.Context) ([]CustomRole, error) {
	var all []CustomRole
	err := c.iamPages(ctx, "/api/v1/iam/roles", url.Values{}, func(r *reply) error {
		var page struct {
			Roles []CustomRole `json:"roles"`
		}
		err := r.decode(&page)
		for _, role := range page.Roles {
			if err == nil && role.ID == "" {
				err = r.broken("a role without an id")
			}
		}
		all = append(all, page.Roles...)
		return err
	})
	return all, err
}

// AssignRole gives a user a standard role (roleType), or with resourceSet a custom
// one by its id. Okta answers a second time with 409 E0000090.
func (c *Client) AssignRole(ctx context.Context, userID, role, resourceSet string) error {
	p, err := path("users", userID, "roles")
	if err != nil {
		return err
	}
	body := map[string]string{"type": role}
	if resourceSet != "" {
		body = map[string]string{"type": RoleCustom, "role": role, "resource-set": resourceSet}
	}
	return c.tell(ctx, http.MethodPost, p, body)
}

// UnassignRole takes a role assignment from a user. Okta answers a second time with
// 404.
func (c *Client) UnassignRole(ctx context.Context, userID, assignmentID string) error {
	p, err := path("users", userID, "roles", assignmentID)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, nil, nil)
	return err
}
