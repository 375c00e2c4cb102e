package actions

import (
	"context"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// GroupRef identifies the group of an output.
type GroupRef struct {
	ID   string `json:"id"`   // ID of the group.
	Name string `json:"name"` // Name of the group.
	Type string `json:"type"` // OKTA_GROUP, APP_GROUP or BUILT_IN.
}

// GroupItem is a group in a list.
type GroupItem struct {
	ID          string `json:"id"`                    // ID of the group.
	Name        string `json:"name"`                  // Name of the group.
	Description string `json:"description,omitempty"` // Description of the group.
	Type        string `json:"type"`                  // OKTA_GROUP, APP_GROUP or BUILT_IN.
	Raw         Object `json:"raw"`                   // The group as Okta sent it.
}

// Membership is the state of a user in a group.
type Membership struct {
	Member bool `json:"member"` // Whether the user is in the group.
}

// MembershipChange is the output of a change of a membership.
type MembershipChange struct {
	User  UserRef  `json:"user"`  // The user.
	Group GroupRef `json:"group"` // The group.
	reconcile.Change[Membership]
}

// GroupRefOf returns the reference to a group.
func GroupRefOf(g *okta.Group) GroupRef {
	return GroupRef{ID: g.ID, Name: g.Profile.Name, Type: g.Type}
}

func groupItem(o okta.Object) GroupItem {
	var g struct {
		ID      string
		Type    string
		Profile struct{ Name, Description string }
	}
	o.Read(&g)
	return GroupItem{ID: g.ID, Name: g.Profile.Name, Description: g.Profile.Description, Type: g.Type, Raw: raw(o)}
}

// isMember reports whether a group of this ID is among the groups of a user.
func isMember(groups []*okta.Group, id string) bool {
	return slices.ContainsFunc(groups, func(g *okta.Group) bool { return g.ID == id })
}

// changeMembership adds a user to a group, or removes the user.
func changeMembership(ctx context.Context, c *okta.Client, user, group string, member bool) (MembershipChange, error) {
	u, err := c.FindUser(ctx, "/user", user)
	if err != nil {
		return MembershipChange{}, err
	}
	g, err := c.FindGroup(ctx, "/group", group)
	if err != nil {
		return MembershipChange{}, err
	}
	act, goal := c.RemoveMember, "user is out of the group (a group rule may have put the user back)"
	if member {
		act, goal = c.AddMember, "user is in the group"
	}
	change, err := reconcile.Goal[Membership]{
		Name: goal,
		Done: func(m Membership) bool { return m.Member == member },
		Act:  func(ctx context.Context) error { return act(ctx, g.ID, u.ID) },
		Read: func(ctx context.Context) (Membership, error) {
			groups, err := c.UserGroups(ctx, u.ID)
			return Membership{Member: isMember(groups, g.ID)}, err
		},
		Precondition: func(Membership) string {
			switch g.Type {
			case okta.GroupApp:
				return "the members of this group are kept in an app, and Okta does not change them"
			case okta.GroupBuiltIn:
				return "the members of a built-in group cannot be changed"
			}
			return ""
		},
	}.Run(ctx)
	err = Explained(ctx, c, err, g.ID)
	change.About(subjectOf(u), sdk.Subject{Type: "group", ID: g.ID, Name: g.Profile.Name})
	undo := "add_user_to_group"
	if member {
		undo = "remove_user_from_group"
	}
	change.UndoneBy(undo, g.ID+" "+u.ID, map[string]string{"user": u.ID, "group": g.ID})
	return MembershipChange{User: UserRefOf(u), Group: GroupRefOf(g), Change: change}, err
}

var (
	// ExampleGroup is the group of the examples.
	ExampleGroup     = GroupRef{ID: "00g9z8y7x6w5v4u3t2s1", Name: "Quarantine", Type: okta.GroupOkta}
	exampleGroupItem = GroupItem{
		ID: ExampleGroup.ID, Name: ExampleGroup.Name, Description: "Denied every sign-in", Type: ExampleGroup.Type,
		Raw: Object(`{"id":"00g9z8y7x6w5v4u3t2s1","type":"OKTA_GROUP","profile":{"name":"Quarantine","description":"Denied every sign-in"}}`),
	}
)

// AddUserToGroup adds a user to a group.
var AddUserToGroup = action[AddUserToGroupInput, MembershipChange]{
	Name:    "add_user_to_group",
	Summary: "Adds a user to a group, such as a group whose policy denies every sign-in.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/assignUserToGroup",
	Effect:  sdk.Writes,
	Undo:    "remove_user_from_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[AddUserToGroupInput, MembershipChange]{
		Input: AddUserToGroupInput{OneUser: exampleTarget, Group: ExampleGroup.Name},
		Output: MembershipChange{
			User: ExampleUser, Group: ExampleGroup, Change: reconcile.Changed(Membership{Member: false}, Membership{Member: true}),
		},
	},
	Run: func(ctx context.Context, c *okta.Client, in AddUserToGroupInput) (MembershipChange, error) {
		return changeMembership(ctx, c, in.User, in.Group, true)
	},
}

// AddUserToGroupInput is the input of add_user_to_group.
type AddUserToGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	reconcile.Write
}

// RemoveUserFromGroup takes a user out of a group.
var RemoveUserFromGroup = action[RemoveUserFromGroupInput, MembershipChange]{
	Name:    "remove_user_from_group",
	Summary: "Removes a user from a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/unassignUserFromGroup",
	Effect:  sdk.Writes,
	Undo:    "add_user_to_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[RemoveUserFromGroupInput, MembershipChange]{
		Input: RemoveUserFromGroupInput{OneUser: exampleTarget, Group: ExampleGroup.ID},
		Output: MembershipChange{
			User: ExampleUser, Group: ExampleGroup, Change: reconcile.Changed(Membership{Member: true}, Membership{Member: false}),
		},
	},
	Run: func(ctx context.Context, c *okta.Client, in RemoveUserFromGroupInput) (MembershipChange, error) {
		return changeMembership(ctx, c, in.User, in.Group, false)
	},
}

// RemoveUserFromGroupInput is the input of remove_user_from_group.
type RemoveUserFromGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_user_groups user=$user"`
	reconcile.Write
}

// GetGroupByName reads the one group of a name.
var GetGroupByName = action[GetGroupByNameInput, GetGroupByNameOutput]{
	Name:    "get_group_by_name",
	Title:   "Get Group By Display Name",
	Summary: "Finds the one group with exactly this name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[GetGroupByNameInput, GetGroupByNameOutput]{
		Input: GetGroupByNameInput{Name: ExampleGroup.Name},
		Output: GetGroupByNameOutput{
			ID: ExampleGroup.ID, Name: ExampleGroup.Name, Description: exampleGroupItem.Description, Type: ExampleGroup.Type,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastMembershipUpdated: exampleTime("2026-03-14T02:41:10Z"),
		},
	},
	Run: getGroupByName,
}

// GetGroupByNameInput is the input of get_group_by_name.
type GetGroupByNameInput struct {
	// Exact name of the group, case-sensitive. A name that several groups have, as groups of apps may, is rejected;
	// the error lists the matches.
	Name string `json:"name" jsonschema:"example=Quarantine,minLength=1,maxLength=500"`
}

// GetGroupByNameOutput is the output of get_group_by_name.
type GetGroupByNameOutput struct {
	ID                    string     `json:"id"`                                // ID of the group.
	Name                  string     `json:"name"`                              // Name of the group.
	Description           string     `json:"description,omitempty"`             // Description of the group.
	Type                  string     `json:"type"`                              // OKTA_GROUP, APP_GROUP or BUILT_IN.
	Created               *time.Time `json:"created,omitempty"`                 // Time when the group was created.
	LastUpdated           *time.Time `json:"last_updated,omitempty"`            // Time of the last change of its profile.
	LastMembershipUpdated *time.Time `json:"last_membership_updated,omitempty"` // Time of the last change of its members.
}

func getGroupByName(ctx context.Context, c *okta.Client, in GetGroupByNameInput) (GetGroupByNameOutput, error) {
	g, err := c.GroupByName(ctx, "/name", in.Name)
	if err != nil {
		return GetGroupByNameOutput{}, err
	}
	return GetGroupByNameOutput{
		ID: g.ID, Name: g.Profile.Name, Description: g.Profile.Description, Type: g.Type,
		Created: g.Created, LastUpdated: g.LastUpdated, LastMembershipUpdated: g.LastMembershipUpdated,
	}, nil
}

// ListGroups lists groups.
var ListGroups = action[ListGroupsInput, ListGroupsOutput]{
	Name:    "list_groups",
	Summary: "Lists the groups of the Okta org, optionally by a search, a filter or a name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupsInput, ListGroupsOutput]{
		Input:  ListGroupsInput{Q: "Quar", Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListGroupsOutput{Groups: []GroupItem{exampleGroupItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true, Search: "q"}),
	Run:     listGroups,
}

// ListGroupsInput is the input of list_groups.
type ListGroupsInput struct {
	// Expression of Okta's search over any attribute. The search lags behind changes by a moment.
	Search string `json:"search,omitempty" jsonschema:"example=profile.name sw \"Quar\",maxLength=6000" jsonschema_extras:"x-language=scim_filter"`
	// Beginning of the name. Okta returns only one page for it.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=Quar,maxLength=200"`
	// Expression of Okta's filter over id, type, lastUpdated and lastMembershipUpdated.
	Filter string `json:"filter,omitempty" jsonschema:"example=type eq \"OKTA_GROUP\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	reconcile.Paging
}

// Validate refuses what Okta does not combine.
func (in ListGroupsInput) Validate() error { return oneOf(in.Search, in.Filter, in.Q) }

// ListGroupsOutput is the output of list_groups.
type ListGroupsOutput struct {
	Groups []GroupItem `json:"groups"` // The groups.
	reconcile.Paged
}

func listGroups(ctx context.Context, c *okta.Client, in ListGroupsInput) (ListGroupsOutput, error) {
	groups, n, err := list(ctx, c, []string{"groups"}, map[string]string{"search": in.Search, "filter": in.Filter, "q": in.Q}, in.Paging, groupItem)
	return ListGroupsOutput{Groups: groups, Paged: n}, err
}

// ListGroupMembers lists the users in a group.
var ListGroupMembers = action[ListGroupMembersInput, ListGroupMembersOutput]{
	Name:    "list_group_members",
	Summary: "Lists the users in a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroupUsers",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupMembersInput, ListGroupMembersOutput]{
		Input:  ListGroupMembersInput{Group: ExampleGroup.Name, Paging: reconcile.Paging{ReturnAll: true, Limit: 200, Bounded: defaultMax}},
		Output: ListGroupMembersOutput{Group: ExampleGroup, Users: []UserItem{exampleUserItem}, Paged: onePage},
	},
	Run: listGroupMembers,
}

// ListGroupMembersInput is the input of list_group_members.
type ListGroupMembersInput struct {
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	reconcile.Paging
}

// ListGroupMembersOutput is the output of list_group_members.
type ListGroupMembersOutput struct {
	Group GroupRef   `json:"group"` // The group.
	Users []UserItem `json:"users"` // Members of the group, including deactivated users.
	reconcile.Paged
}

func listGroupMembers(ctx context.Context, c *okta.Client, in ListGroupMembersInput) (ListGroupMembersOutput, error) {
	g, err := c.FindGroup(ctx, "/group", in.Group)
	if err != nil {
		return ListGroupMembersOutput{}, err
	}
	users, n, err := list(ctx, c, []string{"groups", g.ID, "users"}, nil, in.Paging, userItem)
	return ListGroupMembersOutput{Group: GroupRefOf(g), Users: users, Paged: n}, err
}

// ListUserGroups lists the groups that a user is in.
var ListUserGroups = action[UserList, ListUserGroupsOutput]{
	Name:    "list_user_groups",
	Summary: "Lists the groups of a user.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserGroupsOutput]{
		Input:  UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserGroupsOutput{User: ExampleUser, Groups: []GroupItem{exampleGroupItem}, Counted: reconcile.Counted{Count: 1}},
	},
	Options: &sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true},
	Run:     onUser(listUserGroups),
}

// ListUserGroupsOutput is the output of list_user_groups.
type ListUserGroupsOutput struct {
	User   UserRef     `json:"user"`   // The user.
	Groups []GroupItem `json:"groups"` // The groups, including Everyone.
	reconcile.Counted
}

func listUserGroups(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserGroupsOutput, error) {
	groups, n, err := listOfUser(ctx, c, u.ID, in.MaxItems, groupItem, below("groups"))
	return ListUserGroupsOutput{User: UserRefOf(u), Groups: groups, Counted: n}, err
}
