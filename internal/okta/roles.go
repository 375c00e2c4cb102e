package okta

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
)

// A Role is the assignment of an admin role to a user.
type Role struct {
	ID             string `json:"id"` // ID of the assignment
	Type           string `json:"type"`
	Label          string `json:"label"`
	Status         string `json:"status"`
	AssignmentType string `json:"assignmentType"`
	RoleID         string `json:"role"`         // ID of the custom role, if it is one
	ResourceSet    string `json:"resource-set"` // resource set of the custom role, if it is one
	Links          struct {
		Assignee struct {
			Href string `json:"href"`
		} `json:"assignee"`
	} `json:"_links"`
}

// RoleCustom is the type of every custom role of an org.
const RoleCustom = "CUSTOM"

// Direct reports whether the role is assigned to the user, and not to a group.
func (r Role) Direct() bool { return r.AssignmentType != "GROUP" }

// Group returns the ID of the group that has the role. It returns "" if the role is assigned to the user, or if
// Okta does not return the group.
func (r Role) Group() string {
	u, err := url.Parse(r.Links.Assignee.Href)
	if err != nil || r.Direct() {
		return ""
	}
	_, id, _ := strings.Cut(u.Path, "/groups/")
	return id
}

// RolesOf lists the admin roles of a user, including those of the user's groups.
func (c *Client) RolesOf(ctx context.Context, userID string) ([]Role, error) {
	return listAll(ctx, c, nil, func(r Role) string { return r.ID }, "users", userID, "roles")
}

// A CustomRole is an admin role that an org defines.
type CustomRole struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Description string `json:"description"`
}

// CustomRoles lists the org's custom admin roles.
func (c *Client) CustomRoles(ctx context.Context) ([]CustomRole, error) {
	var all []CustomRole
	err := c.iamPages(ctx, "/api/v1/iam/roles", url.Values{}, func(r *rest.Response) error {
		var page struct {
			Roles []CustomRole `json:"roles"`
		}
		err := r.Decode(&page)
		for _, role := range page.Roles {
			if err == nil && role.ID == "" {
				err = r.Broken("a role without an id")
			}
		}
		all = append(all, page.Roles...)
		return err
	})
	return all, err
}

// AssignRole assigns a role to a user: a standard role by its type, or with resourceSet a custom role by its ID.
// Okta rejects a repetition with 409 E0000090.
func (c *Client) AssignRole(ctx context.Context, userID, role, resourceSet string) error {
	body := sdkv4.AssignRoleRequest{Type: &role}
	if resourceSet != "" {
		custom := RoleCustom
		body.Type, body.AdditionalProperties = &custom, map[string]any{"role": role, "resource-set": resourceSet}
	}
	want := success{statuses: []int{http.StatusOK, http.StatusCreated}, member: "id"}
	_, err := sdkRead(ctx, c, want, withID(func(ctx context.Context, userID string) sdkv4.ApiAssignRoleToUserRequest {
		return c.api.RoleAssignmentAPI.AssignRoleToUser(ctx, userID).AssignRoleRequest(body)
	}, userID))
	return err
}

// UnassignRole removes a role assignment from a user. Okta responds to a repetition with
// 404.
func (c *Client) UnassignRole(ctx context.Context, userID, assignmentID string) error {
	return sdkWrite(ctx, c, noContent, withIDs(c.api.RoleAssignmentAPI.UnassignRoleFromUser, userID, assignmentID))
}

// RoleTargets lists the names of the groups or apps to which a directly assigned role is limited. It is empty for a
// role without limits. A custom role is limited by its resource set instead. Okta limits only some types of role
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleBTargetAdmin/).
func (c *Client) RoleTargets(ctx context.Context, userID string, r Role) ([]string, error) {
	var kind []string
	switch r.Type {
	case "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN":
		kind = []string{"groups"}
	case "APP_ADMIN":
		kind = []string{"catalog", "apps"}
	default:
		return nil, nil
	}
	type target struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Display string `json:"displayName"`
		Profile struct {
			Name string `json:"name"`
		} `json:"profile"`
	}
	name := func(t target) string { return cmp.Or(t.Profile.Name, t.Display, t.Name, t.ID) }
	targets, err := listAll(ctx, c, nil, name, append([]string{"users", userID, "roles", r.ID, "targets"}, kind...)...)
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = name(t)
	}
	return names, err
}
