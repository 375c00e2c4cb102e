package actions

import (
	"soar.example/okta/internal/okta"
)

// GroupItem is a group in a list.
type GroupItem struct {
	ID          string `json:"id"`                    // Id of the group.
	Name        string `json:"name"`                  // Name of the group.
	Description string `json:"description,omitempty"` // What the group is for, as Okta keeps it.
	Type        string `json:"type"`                  // OKTA_GROUP, APP_GROUP or BUILT_IN.
	Raw         Object `json:"raw"`                   // The group as Okta sent it.
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

var exampleGroupItem = GroupItem{
	ID: exampleGroup.ID, Name: exampleGroup.Name, Description: "Denied every sign-in", Type: exampleGroup.Type,
	Raw: Object(`{"id":"00g9z8y7x6w5v4u3t2s1","type":"OKTA_GROUP","profile":{"name":"Quarantine","description":"Denied every sign-in"}}`),
}
