package okta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

func boolean(b bool) string { return strconv.FormatBool(b) }

// A Session is a user's Okta session.
type Session struct {
	ID        string
	UserID    string
	Login     string
	Status    string
	CreatedAt *time.Time
	ExpiresAt *time.Time
}

// CheckSessionID rejects a text that cannot be the ID of a session.
func CheckSessionID(pointer, id string) error {
	if !rest.IsSessionID(id) {
		return sdk.InvalidField(pointer, "is not a session id, such as an event's authenticationContext.externalSessionId")
	}
	return nil
}

// Session reads an active session. The error is not_found if the session ended, expired or never existed. Okta does
// not distinguish these cases.
func (c *Client) Session(ctx context.Context, id string) (*Session, error) {
	s, err := sdkRead(ctx, c, object, withID(c.api.SessionAPI.GetSession, id))
	if err != nil {
		return nil, err
	}
	return &Session{
		ID: value(s.Id), UserID: value(s.UserId), Login: value(s.Login), Status: value(s.Status), CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt,
	}, nil
}

// EndSession ends one session.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.SessionAPI.RevokeSession, id))
}

// RevokeSessions ends all Okta sessions of a user. On request it also revokes the user's OAuth tokens, and forgets
// the devices remembered for sign-in. Okta forgets the devices by default, so forgetDevices is always sent. The SDK
// cannot send it.
func (c *Client) RevokeSessions(ctx context.Context, id string, oauthTokens, forgetDevices bool) error {
	query := url.Values{"oauthTokens": {boolean(oauthTokens)}, "forgetDevices": {boolean(forgetDevices)}}
	_, err := c.write(ctx, noContent, request{method: http.MethodDelete, query: query}, "users", id, "sessions")
	return err
}

// UniversalLogout ends a user's Okta sessions and tokens, and requests the same from all apps that support it. It
// needs Identity Threat Protection. A success does not mean that every app has ended its sessions.
func (c *Client) UniversalLogout(ctx context.Context, userID string) error {
	if err := rest.CheckSegment(userID); err != nil {
		return err
	}
	body := map[string]any{"sub_id": map[string]string{"format": "opaque", "id": userID}}
	_, err := c.writeTo(ctx, noContent, request{method: http.MethodPost, body: body}, "/oauth2/v1/global-token-revocation")
	return err
}

// A Grant is a scope that a user has granted to an app.
type Grant struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"`
	ScopeID  string `json:"scopeId"`
	Status   string `json:"status"`
}

// GrantsOf lists the grants of a user.
func (c *Client) GrantsOf(ctx context.Context, userID string) ([]Grant, error) {
	return listAll(ctx, c, limit("200"), func(g Grant) string { return g.ID }, "users", userID, "grants")
}

// RevokeGrants revokes every grant of a user. Tokens issued with a grant remain valid until they expire.
func (c *Client) RevokeGrants(ctx context.Context, userID string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.UserAPI.RevokeUserGrants, userID))
}

// RevokeAppTokens revokes the refresh tokens of an OAuth client for a user.
func (c *Client) RevokeAppTokens(ctx context.Context, userID, clientID string) error {
	return sdkWrite(ctx, c, noContent, withIDs(c.api.UserAPI.RevokeTokensForUserAndClient, userID, clientID))
}

// A Risk is the risk level that Identity Threat Protection assigns to a user.
type Risk struct {
	Level  string `json:"riskLevel"`
	Reason string `json:"reason"`
}

// RiskOf reads the risk of a user: HIGH, MEDIUM, LOW or NONE.
func (c *Client) RiskOf(ctx context.Context, userID string) (Risk, error) {
	risk, err := read(ctx, c, func(r *Risk) string { return r.Level }, "users", userID, "risk")
	return value(risk), err
}

// SetRisk sets the risk of a user to HIGH, MEDIUM or LOW. Okta cannot set it to NONE. why may contain letters,
// digits, spaces, hyphens, commas and full stops.
func (c *Client) SetRisk(ctx context.Context, userID, level, why string) error {
	body := map[string]string{"riskLevel": level}
	if why != "" {
		body["riskReason"] = why
	}
	want := success{statuses: []int{http.StatusOK, http.StatusCreated}, member: "riskLevel"}
	_, err := c.write(ctx, want, request{method: http.MethodPut, body: body}, "users", userID, "risk")
	return err
}
