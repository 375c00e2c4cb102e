package okta

import (
	"context"
	"net/http"
	"net/url"
	"regexp"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
)

var appID = regexp.MustCompile(`^0oa[0-9A-Za-z]{17}$`)

// An App is an application of the org. It does not use the SDK, whose model fails on an
// unknown sign-on mode, and on every list with such an application.
type App struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // key of the application's kind, such as "salesforce"
	Label       string `json:"label"`
	Status      string `json:"status"`
	SignOnMode  string `json:"signOnMode"`
	Credentials struct {
		OAuthClient struct {
			ClientID string `json:"client_id"`
		} `json:"oauthClient"`
	} `json:"credentials"`
	// Embedded holds the assignment of the user in a list of the user's applications.
	Embedded struct {
		User AppUser `json:"user"`
	} `json:"_embedded"`
}

// AppInactive is the status of a deactivated application; the other one is ACTIVE, as
// for users.
const AppInactive = "INACTIVE"

var appKind = kind[*App]{
	noun: "application", name: "label", nameOf: func(a *App) string { return a.Label },
	describe: func(a *App) string { return a.ID + " (" + rest.Printable(a.Label, 100) + ", " + a.Status + ")" },
}

// OAuthClientID returns the ID of the application's OAuth client.
func (a *App) OAuthClientID() string {
	if id := a.Credentials.OAuthClient.ClientID; id != "" {
		return id
	}
	return a.ID
}

// App reads the application with the given ID.
func (c *Client) App(ctx context.Context, id string) (*App, error) {
	a := new(App)
	r, err := c.read(ctx, a, "apps", id)
	if err == nil && a.ID == "" {
		err = r.Broken("an application without an id")
	}
	return a, err
}

// DeactivateApp deactivates an application: nobody signs in to it through Okta. Okta
// accepts a repetition.
func (c *Client) DeactivateApp(ctx context.Context, id string) error {
	return c.sdkWrite(ctx, emptyOK, http.MethodPost, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.ApplicationAPI.DeactivateApplication(ctx, id).Execute()
	}, id)
}

// FindApp returns the one application that ref names, by ID or by exact label. pointer
// locates ref in the input. If several applications have the label, the error lists them.
func (c *Client) FindApp(ctx context.Context, pointer, ref string) (*App, error) {
	if err := rest.CheckReference(pointer, ref); err != nil {
		return nil, err
	}
	if appID.MatchString(ref) {
		if a, found, err := byID(func() (*App, error) { return c.App(ctx, ref) }); found {
			return a, err
		}
	}
	// Okta finds labels by their prefix, and inactive applications only on request.
	query := url.Values{"q": {ref}, "includeNonDeleted": {"true"}}
	objects, _, err := c.List(ctx, []string{"apps"}, query, Span{Page: 200, Most: maxList, All: true})
	if err != nil {
		return nil, err
	}
	var found []*App
	for _, o := range objects {
		a := new(App)
		if o.Read(a); a.ID != "" {
			found = append(found, a)
		}
	}
	return appKind.pick(c, pointer, ref, "id or exact label", found)
}

// An AppUser is the assignment of an application to a user.
type AppUser struct {
	ID          string `json:"id"` // of the user
	Scope       string `json:"scope"`
	Status      string `json:"status"`
	Credentials struct {
		UserName string `json:"userName"`
	} `json:"credentials"`
}

// ScopeGroup is the scope of an assignment by a group; the other one is USER.
const ScopeGroup = "GROUP"

// AppsOf lists the applications of a user, by groups too, each with the assignment.
func (c *Client) AppsOf(ctx context.Context, userID string) ([]App, error) {
	return listAll(ctx, c, AppsOfQuery(userID), func(a App) string { return a.ID }, "apps")
}

// AppsOfQuery selects the applications of a user, each with the assignment.
func AppsOfQuery(userID string) url.Values {
	return url.Values{"filter": {equals("user.id", userID)}, "expand": {"user/" + userID}, "limit": {"200"}}
}

// AppUser reads a user's assignment to an application; without one it is not_found.
func (c *Client) AppUser(ctx context.Context, appID, userID string) (*AppUser, error) {
	u, err := sdkCall(ctx, c, object, http.MethodGet, func(ctx context.Context) (*sdkv4.AppUser, *sdkv4.APIResponse, error) {
		return c.api.ApplicationUsersAPI.GetApplicationUser(ctx, appID, userID).Execute()
	}, appID, userID)
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
	return c.sdkWrite(ctx, noContent, http.MethodDelete, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.ApplicationUsersAPI.UnassignUserFromApplication(ctx, appID, userID).Execute()
	}, appID, userID)
}
