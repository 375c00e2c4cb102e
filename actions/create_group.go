package actions

import (
	"cmp"
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// CreateGroup creates a group. Groups of apps may bear the same name; they are not
// looked at.
var CreateGroup = action[CreateGroupInput, CreateGroupOutput]{
	Name:    "create_group",
	Summary: "Creates an empty group, unless a group of this name exists.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/addGroup",
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

// GroupState is whether there is a group, and which.
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
		Name: "group is there",
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
			// The search lags behind; by its id the group is read directly.
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
				return "there is a group named " + s.Name + ", and Okta takes no two names that differ in case alone"
			}
			return "there is a group of this name with another description"
		},
	}.From(ctx, before)
	out := CreateGroupOutput{Change: change}
	out.About(sdk.Subject{Type: "group", ID: cmp.Or(change.After.ID, in.Name), Name: in.Name})
	if s := change.After; err == nil && s.Exists {
		out.Group = &GroupRef{ID: s.ID, Name: s.Name, Type: s.kind}
	}
	return out, err
}

// groupLike reads the group, other than one of an app, whose name Okta would take
// for this one.
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
