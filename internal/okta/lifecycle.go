package okta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// An Activation is what a user needs to sign in for the first time, if Okta does
// not mail it.
type Activation struct {
	URL   string `json:"activationUrl"`
	Token string `json:"activationToken"`
}

// ActivateUser activates a STAGED or DEPROVISIONED user. Okta mails the user the
// link to sign in, or returns it. A user who is active already gets 403 E0000016.
func (c *Client) ActivateUser(ctx context.Context, id string, sendEmail bool) (Activation, error) {
	r, err := c.lifecycle(ctx, id, "activate", url.Values{"sendEmail": {strconv.FormatBool(sendEmail)}})
	if err != nil || sendEmail {
		return Activation{}, err
	}
	var a Activation
	return a, r.decode(&a)
}

// DeactivateUser deactivates a user of any other status; one who is DEPROVISIONED
// already gets 404 E0000007. With sendEmail, Okta tells the administrators.
func (c *Client) DeactivateUser(ctx context.Context, id string, sendEmail bool) error {
	_, err := c.lifecycle(ctx, id, "deactivate", url.Values{"sendEmail": {strconv.FormatBool(sendEmail)}})
	return err
}

// ResetPassword takes a user's password away: the user becomes RECOVERY and sets a
// new one by a link that is good for one use, which Okta mails or returns. Each
// call makes a new link. With revokeSessions it ends the user's sessions as well.
func (c *Client) ResetPassword(ctx context.Context, id string, sendEmail, revokeSessions bool) (link string, err error) {
	r, err := c.lifecycle(ctx, id, "reset_password", url.Values{
		"sendEmail":      {strconv.FormatBool(sendEmail)},
		"revokeSessions": {strconv.FormatBool(revokeSessions)},
	})
	if err != nil || sendEmail {
		return "", err
	}
	var answer struct {
		URL string `json:"resetPasswordUrl"`
	}
	err = r.decode(&answer)
	return answer.URL, err
}

func (c *Client) lifecycle(ctx context.Context, id, call string, query url.Values) (*reply, error) {
	p, err := path("users", id, "lifecycle", call)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, http.MethodPost, p, query, nil)
}

// DeleteUser takes the step that is due of Okta's two: it deletes a DEPROVISIONED
// user for good, and deactivates any other, with the same answer.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	p, err := path("users", id)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, nil, nil)
	return err
}
