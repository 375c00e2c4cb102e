package okta

import (
	"context"
	"net/http"
	"time"

	"soar.example/okta/sdk"
)

// A Session is a user's session with Okta.
type Session struct {
	ID        string     `json:"id"`
	UserID    string     `json:"userId"`
	Login     string     `json:"login"`
	Status    string     `json:"status"`
	CreatedAt *time.Time `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
}

// CheckSessionID refuses what cannot be the id of a session.
func CheckSessionID(pointer, id string) error {
	if !sessionID.MatchString(id) {
		return sdk.InvalidField(pointer, "is not a session id, such as an event's authenticationContext.externalSessionId")
	}
	return nil
}

// Session reads a live session. One that ended, expired or never was is
// not_found: Okta does not tell which.
func (c *Client) Session(ctx context.Context, id string) (*Session, error) {
	r, err := c.exchange(ctx, http.MethodGet, func(ctx context.Context) error {
		_, _, err := c.api.SessionAPI.GetSession(ctx, id).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	s := new(Session)
	if err := r.decode(s); err != nil {
		return nil, err
	}
	return s, nil
}

// EndSession ends one session.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.write(ctx, http.MethodDelete, id, func(ctx context.Context) error {
		_, err := c.api.SessionAPI.RevokeSession(ctx, id).Execute()
		return err
	})
}
