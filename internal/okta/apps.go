package okta

import (
	"context"
	"net/url"
	"regexp"

	"soar.example/okta/sdk"
)

var appID = regexp.MustCompile(`^0oa[0-9A-Za-z]{17}$`)

// An App is an application of the org, read from raw JSON: the SDK breaks on those
// whose sign-on mode it does not know, and on every list with one among them.
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
	// Embedded holds the assignment to the user in a list of that user's.
	Embedded struct {
		User AppUser `json:"user"`
	} `json:"_embedded"`
}

// OAuthClientID is the id of the OAuth client that the application is.
func (a *App) OAuthClientID() string {
	if id := a.Credentials.OAuthClient.ClientID; id != "" {
		return id
	}
	return a.ID
}

// AppInactive is the status of a deactivated application; the other is ACTIVE,
// which users have too.
const AppInactive = "INACTIVE"

// App reads the application with the given id.
func (c *Client) App(ctx context.Context, id string) (*App, error) {
	p, err := path("apps", id)
	if err != nil {
		return nil, err
	}
	a := new(App)
	r, err := c.object(ctx, p, a)
	if err != nil {
		return nil, err
	}
	if a.ID == "" {
		return nil, r.broken("an application without an id")
	}
	return a, nil
}

// DeactivateApp deactivates an application: nobody signs in to it through Okta.
// Okta takes it a second time without complaint.
func (c *Client) DeactivateApp(ctx context.Context, id string) error {
	return c.post(ctx, "apps", id, "lifecycle", "deactivate")
}

// FindApp returns the one application that ref names, by id or by exact label.
// Pointer is where ref stands in the input. A label that several applications bear
// is refused with which they are.
func (c *Client) FindApp(ctx context.Context, pointer, ref string) (*App, error) {
	if err := checkRef(pointer, ref); err != nil {
		return nil, err
	}
	if appID.MatchString(ref) {
		a, err := c.App(ctx, ref)
		if err == nil || sdk.AsError(err).Code != sdk.NotFound {
			return a, err
		}
	}
	// Okta finds labels by their beginning, and inactive applications only when asked.
	found, _, err := c.List(ctx, []string{"apps"}, url.Values{"q": {ref}, "includeNonDeleted": {"true"}}, Span{Page: 200, Most: maxList, All: true})
	if err != nil {
		return nil, err
	}
	var exact []*App
	var which, others []string
	for _, o := range found {
		a := new(App)
		o.Read(a)
		if a.Label == ref {
			exact, which = append(exact, a), append(which, a.describe())
		} else {
			others = append(others, a.describe())
		}
	}
	switch {
	case len(exact) == 1 && exact[0].ID != "":
		return exact[0], nil
	case len(exact) > 1:
		return nil, sdk.InvalidField(pointer, "is the label of %d applications: %s; give the id", len(exact), candidates(which))
	}
	e := sdk.Errorf(sdk.NotFound, "no application of %s has the id or exact label %q", c.origin.Host, printable(ref, 100))
	if len(others) > 0 {
		e.Message += "; near it are " + candidates(others)
	}
	e.Violations = sdk.InvalidField(pointer, "names no application").Violations
	return nil, e
}

func (a *App) describe() string {
	return a.ID + " (" + printable(a.Label, 100) + ", " + a.Status + ")"
}
