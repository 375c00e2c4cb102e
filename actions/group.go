package actions

import (
	"cmp"
	"context"
	"net/url"
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

// memberInput is the input of an action on one user and one group.
type memberInput interface {
	name() string
	group() string
}

// membershipAction declares an action that adds users to groups, or removes them.
func membershipAction[In memberInput](name, summary, operation, undo string, member bool, example In) action[In, MembershipChange] {
	return action[In, MembershipChange]{
		Name: name, Summary: summary, Docs: apiDocs("Group", operation), Effect: sdk.Writes, Undo: undo,
		Scopes: []string{"okta.users.read", "okta.groups.manage"},
		Example: sdk.Example[In, MembershipChange]{Input: example, Output: MembershipChange{
			User: ExampleUser, Group: ExampleGroup, Change: reconcile.Changed(Membership{Member: !member}, Membership{Member: member}),
		}},
		Run: func(ctx context.Context, c *okta.Client, in In) (MembershipChange, error) {
			return changeMembership(ctx, c, in.name(), in.group(), member, undo)
		},
	}
}

// changeMembership adds a user to a group, or removes the user.
func changeMembership(ctx context.Context, c *okta.Client, user, group string, member bool, undo string) (MembershipChange, error) {
	u, err := c.FindUser(ctx, "/user", user)
	if err != nil {
		return MembershipChange{}, err
	}
	g, err := c.FindGroup(ctx, "/group", group)
	if err != nil {
		return MembershipChange{}, err
	}
	act, goal := c.RemoveMember, "user is out of the group (a group rule may have added the user again)"
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
				return "an app manages the members of this group, and Okta cannot change them"
			case okta.GroupBuiltIn:
				return "the members of a built-in group cannot be changed"
			}
			return ""
		},
	}.Run(ctx)
	err = Explained(ctx, c, err, g.ID)
	change.About(subjectOf(u), sdk.Subject{Type: "group", ID: g.ID, Name: g.Profile.Name})
	change.UndoneBy(undo, g.ID+" "+u.ID, map[string]string{"user": u.ID, "group": g.ID})
	return MembershipChange{User: UserRefOf(u), Group: GroupRefOf(g), Change: change}, err
}

var (
	// ExampleGroup is the group of the examples.
	ExampleGroup     = GroupRef{ID: "00g9z8y7x6w5v4u3t2s1", Name: "Quarantine", Type: okta.GroupOkta}
	exampleGroupItem = groupItem(okta.Object(
		`{"id":"00g9z8y7x6w5v4u3t2s1","type":"OKTA_GROUP","profile":{"name":"Quarantine","description":"Denied every sign-in"}}`))
)

// AddUserToGroup adds a user to a group.
var AddUserToGroup = membershipAction("add_user_to_group", "Adds a user to a group, such as a group whose policy denies every sign-in.",
	"assignUserToGroup", "remove_user_from_group", true, AddUserToGroupInput{OneUser: exampleTarget, Group: ExampleGroup.Name})

// AddUserToGroupInput is the input of add_user_to_group.
type AddUserToGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	reconcile.Write
}

func (in AddUserToGroupInput) group() string { return in.Group }

// RemoveUserFromGroup removes a user from a group.
var RemoveUserFromGroup = membershipAction("remove_user_from_group", "Removes a user from a group.",
	"unassignUserFromGroup", "add_user_to_group", false, RemoveUserFromGroupInput{OneUser: exampleTarget, Group: ExampleGroup.ID})

// RemoveUserFromGroupInput is the input of remove_user_from_group.
type RemoveUserFromGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_user_groups user=$user"`
	reconcile.Write
}

func (in RemoveUserFromGroupInput) group() string { return in.Group }

// GetGroupByName reads the group with a name.
var GetGroupByName = action[GetGroupByNameInput, GetGroupByNameOutput]{
	Name:    "get_group_by_name",
	Title:   "Get Group By Display Name",
	Summary: "Finds the one group with exactly this name.",
	Docs:    apiDocs("Group", "listGroups"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[GetGroupByNameInput, GetGroupByNameOutput]{
		Input: GetGroupByNameInput{Name: ExampleGroup.Name},
		Output: GetGroupByNameOutput{
			ID: ExampleGroup.ID, Name: ExampleGroup.Name, Description: exampleGroupItem.Description, Type: ExampleGroup.Type,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastMembershipUpdated: exampleTime("2026-03-14T02:41:10Z"),
		},
	},
	Run: func(ctx context.Context, c *okta.Client, in GetGroupByNameInput) (GetGroupByNameOutput, error) {
		g, err := c.GroupByName(ctx, "/name", in.Name)
		if err != nil {
			return GetGroupByNameOutput{}, err
		}
		return GetGroupByNameOutput{
			ID: g.ID, Name: g.Profile.Name, Description: g.Profile.Description, Type: g.Type,
			Created: g.Created, LastUpdated: g.LastUpdated, LastMembershipUpdated: g.LastMembershipUpdated,
		}, nil
	},
}

// GetGroupByNameInput is the input of get_group_by_name.
type GetGroupByNameInput struct {
	// Exact name of the group, case-sensitive. A name that several groups share is rejected; the error lists the
	// matches.
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

// ListGroups lists groups.
var ListGroups = action[ListGroupsInput, ListGroupsOutput]{
	Name:    "list_groups",
	Summary: "Lists the groups of the Okta org, optionally by a search, a filter or a name.",
	Docs:    apiDocs("Group", "listGroups"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupsInput, ListGroupsOutput]{
		Input:  ListGroupsInput{Q: "Quar", Paging: firstPage},
		Output: ListGroupsOutput{Groups: []GroupItem{exampleGroupItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true, Search: "q"}),
	Run: func(ctx context.Context, c *okta.Client, in ListGroupsInput) (ListGroupsOutput, error) {
		groups, n, err := list(ctx, c, []string{"groups"}, url.Values{"search": {in.Search}, "filter": {in.Filter}, "q": {in.Q}}, pages(in.Paging), groupItem)
		return ListGroupsOutput{Groups: groups, Paged: n}, err
	},
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

// Validate rejects parameters that Okta does not combine.
func (in ListGroupsInput) Validate() error { return oneOf(in.Search, in.Filter, in.Q) }

// ListGroupsOutput is the output of list_groups.
type ListGroupsOutput struct {
	Groups []GroupItem `json:"groups"` // The groups.
	reconcile.Paged
}

// ListGroupMembers lists the users in a group.
var ListGroupMembers = action[ListGroupMembersInput, ListGroupMembersOutput]{
	Name:    "list_group_members",
	Summary: "Lists the users in a group.",
	Docs:    apiDocs("Group", "listGroupUsers"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupMembersInput, ListGroupMembersOutput]{
		Input:  ListGroupMembersInput{Group: ExampleGroup.Name, Paging: allPages},
		Output: ListGroupMembersOutput{Group: ExampleGroup, Users: []UserItem{exampleUserItem}, Paged: onePage},
	},
	Run: func(ctx context.Context, c *okta.Client, in ListGroupMembersInput) (ListGroupMembersOutput, error) {
		g, err := c.FindGroup(ctx, "/group", in.Group)
		if err != nil {
			return ListGroupMembersOutput{}, err
		}
		users, n, err := list(ctx, c, []string{"groups", g.ID, "users"}, nil, pages(in.Paging), userItem)
		return ListGroupMembersOutput{Group: GroupRefOf(g), Users: users, Paged: n}, err
	},
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

// ListUserGroups lists the groups that a user is in.
var ListUserGroups = action[UserList, ListUserGroupsOutput]{
	Name:    "list_user_groups",
	Summary: "Lists the groups of a user.",
	Docs:    apiDocs("UserResources", "listUserGroups"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserGroupsOutput]{
		Input:  UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserGroupsOutput{User: ExampleUser, Groups: []GroupItem{exampleGroupItem}, Counted: oneItem},
	},
	Options: &sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserGroupsOutput, error) {
		groups, n, err := list(ctx, c, []string{"users", u.ID, "groups"}, nil, whole(in.Bounded), groupItem)
		return ListUserGroupsOutput{User: UserRefOf(u), Groups: groups, Counted: n.Counted}, err
	}),
}

// ListUserGroupsOutput is the output of list_user_groups.
type ListUserGroupsOutput struct {
	User   UserRef     `json:"user"`   // The user.
	Groups []GroupItem `json:"groups"` // The groups, including Everyone.
	reconcile.Counted
}

// CreateGroup creates a group. It ignores groups of apps, which may have the same name.
var CreateGroup = action[CreateGroupInput, CreateGroupOutput]{
	Name:    "create_group",
	Summary: "Creates an empty group, unless a group of this name exists.",
	Docs:    apiDocs("Group", "addGroup"),
	Effect:  sdk.Writes,
	Scopes:  []string{"okta.groups.manage"},
	Example: sdk.Example[CreateGroupInput, CreateGroupOutput]{
		Input: CreateGroupInput{Name: ExampleGroup.Name, Description: exampleGroupItem.Description},
		Output: CreateGroupOutput{Group: &ExampleGroup, Change: reconcile.Changed(
			GroupState{},
			GroupState{Exists: true, ID: ExampleGroup.ID, Name: ExampleGroup.Name, Description: exampleGroupItem.Description},
		)},
	},
	Run: createGroup,
}

// CreateGroupInput is the input of create_group.
type CreateGroupInput struct {
	// Name of the group.
	Name string `json:"name" jsonschema:"example=Quarantine,minLength=1,maxLength=255"`
	// Purpose of the group. A text of more than 1,024 characters is cut.
	Description string `json:"description,omitempty" jsonschema:"example=Denied every sign-in" jsonschema_extras:"x-truncate=1024"`
	reconcile.Write
}

// CreateGroupOutput is the output of create_group.
type CreateGroupOutput struct {
	Group *GroupRef `json:"group,omitempty"` // The group; absent if there is none, as in a dry run.
	reconcile.Change[GroupState]
}

// GroupState is the state of the group with the requested name.
type GroupState struct {
	Exists      bool   `json:"exists"`                // Whether a group of this name exists.
	ID          string `json:"id,omitempty"`          // ID of the group.
	Name        string `json:"name,omitempty"`        // Name of the group, which may differ from the requested name in case.
	Description string `json:"description,omitempty"` // Description of the group.

	kind string
}

func createGroup(ctx context.Context, c *okta.Client, in CreateGroupInput) (CreateGroupOutput, error) {
	if err := okta.CheckName("/name", in.Name); err != nil {
		return CreateGroupOutput{}, err
	}
	before, err := groupLike(ctx, c, in.Name)
	if err != nil {
		return CreateGroupOutput{}, err
	}
	made := ""
	change, err := reconcile.Goal[GroupState]{
		Name: "group exists",
		Done: func(s GroupState) bool {
			return s.Exists && s.Name == in.Name && (in.Description == "" || s.Description == in.Description)
		},
		Act: func(ctx context.Context) error {
			g, err := c.CreateGroup(ctx, in.Name, in.Description)
			if err == nil {
				made = g.ID
			}
			return err
		},
		Read: func(ctx context.Context) (GroupState, error) {
			if made == "" {
				return groupLike(ctx, c, in.Name)
			}
			// The search lags behind changes; a read by ID does not.
			g, err := c.Group(ctx, made)
			if err != nil {
				return GroupState{}, err
			}
			return groupStateOf(g), nil
		},
		Precondition: func(s GroupState) string {
			switch {
			case !s.Exists:
				return ""
			case s.Name != in.Name:
				return "a group named " + s.Name + " exists, and Okta rejects names that differ only in case"
			}
			return "a group with this name and another description exists"
		},
	}.From(ctx, before)
	out := CreateGroupOutput{Change: change}
	out.About(sdk.Subject{Type: "group", ID: cmp.Or(change.After.ID, in.Name), Name: in.Name})
	if s := change.After; err == nil && s.Exists {
		out.Group = &GroupRef{ID: s.ID, Name: s.Name, Type: s.kind}
	}
	return out, err
}

// groupLike reads the group whose name is equal to name for Okta, except groups of apps.
func groupLike(ctx context.Context, c *okta.Client, name string) (GroupState, error) {
	groups, err := c.GroupsLike(ctx, name)
	if err != nil {
		return GroupState{}, err
	}
	var like GroupState
	for _, g := range groups {
		if g.Type != okta.GroupApp && (g.Profile.Name == name || !like.Exists) {
			like = groupStateOf(g)
		}
	}
	return like, nil
}

func groupStateOf(g *okta.Group) GroupState {
	return GroupState{Exists: true, ID: g.ID, Name: g.Profile.Name, Description: g.Profile.Description, kind: g.Type}
}
