package okta

import (
	"cmp"
	"context"
	"net/url"
)

// An App is an application of the org. It does not use the model of the SDK, which fails on an unknown sign-on mode,
// and on every list with such an application.
type App struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // kind of application, such as "salesforce"
	Label       string `json:"label"`
	Status      string `json:"status"`
	SignOnMode  string `json:"signOnMode"`
	Credentials struct {
		OAuthClient struct {
			ClientID string `json:"client_id"`
		} `json:"oauthClient"`
	} `json:"credentials"`
	// Embedded contains the assignment of the user, in a list of the user's applications.
	Embedded struct {
		User AppUser `json:"user"`
	} `json:"_embedded"`
}

// AppInactive is the status of a deactivated application. The other status is ACTIVE, as for users.
const AppInactive = "INACTIVE"

// OAuthClientID returns the ID of the application's OAuth client.
func (a *App) OAuthClientID() string {
	return cmp.Or(a.Credentials.OAuthClient.ClientID, a.ID)
}

// App reads the application with the given ID.
func (c *Client) App(ctx context.Context, id string) (*App, error) {
	return read(ctx, c, func(a *App) string { return a.ID }, "apps", id)
}

// DeactivateApp deactivates an application. Nobody can then sign in to it through Okta. Okta accepts a
// repetition.
func (c *Client) DeactivateApp(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, emptyOK, withID(c.api.ApplicationAPI.DeactivateApplication, id))
}

// appsLike lists the applications with a label that begins with the text. Okta lists inactive applications only on
// request.
func (c *Client) appsLike(ctx context.Context, label string) ([]*App, error) {
	query := url.Values{"q": {label}, "includeNonDeleted": {"true"}}
	objects, _, err := c.List(ctx, []string{"apps"}, query, Span{Page: 200, Most: maxList, All: true})
	var found []*App
	for _, o := range objects {
		a := new(App)
		if o.Read(a); a.ID != "" {
			found = append(found, a)
		}
	}
	return found, err
}

// An AppUser is the assignment of an application to a user.
type AppUser struct {
	ID          string `json:"id"` // ID of the user
	Scope       string `json:"scope"`
	Status      string `json:"status"`
	Credentials struct {
		UserName string `json:"userName"`
	} `json:"credentials"`
}

// ScopeGroup is the scope of an assignment through a group. The other scope is USER.
const ScopeGroup = "GROUP"

// AppsOf lists the applications of a user, including those of the user's groups, each with the assignment.
func (c *Client) AppsOf(ctx context.Context, userID string) ([]App, error) {
	return listAll(ctx, c, AppsOfQuery(userID), func(a App) string { return a.ID }, "apps")
}

// AppsOfQuery selects the applications of a user, each with the assignment.
func AppsOfQuery(userID string) url.Values {
	return url.Values{"filter": {equals("user.id", userID)}, "expand": {"user/" + userID}, "limit": {"200"}}
}

// AppUser reads a user's assignment to an application. The error is not_found if there is none.
func (c *Client) AppUser(ctx context.Context, appID, userID string) (*AppUser, error) {
	u, err := sdkRead(ctx, c, object, withIDs(c.api.ApplicationUsersAPI.GetApplicationUser, appID, userID))
	if err != nil {
		return nil, err
	}
	out := &AppUser{ID: value(u.Id), Scope: u.Scope, Status: u.Status}
	out.Credentials.UserName = value(value(u.Credentials).UserName)
	return out, nil
}

// UnassignApp removes an application from a user, with the profile of the assignment.
// Okta responds to a repetition with 404.
func (c *Client) UnassignApp(ctx context.Context, appID, userID string) error {
	return sdkWrite(ctx, c, noContent, withIDs(c.api.ApplicationUsersAPI.UnassignUserFromApplication, appID, userID))
}
