package actions

import (
	"context"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetGroupByName reads the one group of a name.
var GetGroupByName = action[GetGroupByNameInput, GetGroupByNameOutput]{
	Name:    "get_group_by_name",
	Title:   "Get Group By Display Name",
	Summary: "Finds the one group that bears exactly this name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[GetGroupByNameInput, GetGroupByNameOutput]{
		Input: GetGroupByNameInput{Name: exampleGroup.Name},
		Output: GetGroupByNameOutput{
			ID: exampleGroup.ID, Name: exampleGroup.Name, Description: exampleGroupItem.Description, Type: exampleGroup.Type,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastMembershipUpdated: exampleTime("2026-03-14T02:41:10Z"),
		},
	},
	Run: getGroupByName,
}

// GetGroupByNameInput is what get_group_by_name takes.
type GetGroupByNameInput struct {
	// Exact name of the group, case included. A name that several groups bear, as groups of apps may, is refused with
	// which they are.
	Name string `json:"name" jsonschema:"example=Quarantine,minLength=1,maxLength=500"`
}

// GetGroupByNameOutput is what get_group_by_name answers.
type GetGroupByNameOutput struct {
	ID                    string     `json:"id"`                                // Id of the group.
	Name                  string     `json:"name"`                              // Name of the group.
	Description           string     `json:"description,omitempty"`             // What the group is for, as Okta keeps it.
	Type                  string     `json:"type"`                              // OKTA_GROUP, APP_GROUP or BUILT_IN.
	Created               *time.Time `json:"created,omitempty"`                 // When the group was made.
	LastUpdated           *time.Time `json:"last_updated,omitempty"`            // When the group's profile was changed last.
	LastMembershipUpdated *time.Time `json:"last_membership_updated,omitempty"` // When its members were changed last.
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
