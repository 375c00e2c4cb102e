package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"soar.example/okta/sdk"
)

// UpdateProfile changes the attributes of a user's profile that are given, and
// clears those given as null; the others stay. (PUT, which is not used, would
// delete them.)
func (c *Client) UpdateProfile(ctx context.Context, id string, attributes map[string]json.RawMessage) error {
	p, err := path("users", id)
	if err != nil {
		return err
	}
	_, err = c.sendJSON(ctx, http.MethodPost, p, nil, map[string]any{"profile": attributes})
	return err
}

// A NewUser is a user to be created.
type NewUser struct {
	Profile  map[string]json.RawMessage
	Password sdk.Secret // none: the user sets one by the link that Okta mails
	Activate bool       // otherwise the user is STAGED
	// ChangePassword makes an activated user choose a new password at the first
	// sign-in.
	ChangePassword bool
}

// CreateUser creates a user. A login that is taken, an attribute that the org does
// not define, and a password against its policy get 400 E0000001.
func (c *Client) CreateUser(ctx context.Context, u NewUser) error {
	body := map[string]any{"profile": u.Profile}
	if !u.Password.IsZero() {
		body["credentials"] = map[string]any{"password": map[string]any{"value": u.Password.Reveal()}}
	}
	query := url.Values{"activate": {strconv.FormatBool(u.Activate)}}
	if u.ChangePassword {
		query.Set("nextLogin", "changePassword")
	}
	_, err := c.sendJSON(ctx, http.MethodPost, "/api/v1/users", query, body)
	return err
}

// CreateGroup creates a group and returns it. A name that is taken gets 400
// E0000001.
func (c *Client) CreateGroup(ctx context.Context, name, description string) (*Group, error) {
	profile := map[string]any{"name": name}
	if description != "" {
		profile["description"] = description
	}
	r, err := c.sendJSON(ctx, http.MethodPost, "/api/v1/groups", nil, map[string]any{"profile": profile})
	if err != nil {
		return nil, err
	}
	g := new(Group)
	if err := r.decode(g); err != nil {
		return nil, err
	}
	if g.ID == "" {
		return nil, r.broken("a group without an id")
	}
	return g, nil
}

// Group reads the group with the given id.
func (c *Client) Group(ctx context.Context, id string) (*Group, error) {
	if err := plain(id); err != nil {
		return nil, err
	}
	return c.group(ctx, id)
}

// sendJSON sends a request with a body; path is as for send.
func (c *Client) sendJSON(ctx context.Context, method, path string, query url.Values, body any) (*reply, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, method, path, query, bytes.NewReader(b))
}
