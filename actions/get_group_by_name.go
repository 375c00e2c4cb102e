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
	Summary: "Finds the one group with exactly this name.",
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
