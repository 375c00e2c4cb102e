package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

// A User is an Okta user. The profile is kept unchanged, with nulls and unexpected types.
type User struct {
	ID              string     `json:"id"`
	Status          string     `json:"status"`
	Transitioning   string     `json:"transitioningToStatus"`
	Created         *time.Time `json:"created"`
	Activated       *time.Time `json:"activated"`
	StatusChanged   *time.Time `json:"statusChanged"`
	LastLogin       *time.Time `json:"lastLogin"`
	LastUpdated     *time.Time `json:"lastUpdated"`
	PasswordChanged *time.Time `json:"passwordChanged"`
	Profile         Profile    `json:"profile"`

	// The following members are parsed leniently.
	RawRealm       json.RawMessage `json:"realmId"`
	RawType        json.RawMessage `json:"type"`
	RawCredentials json.RawMessage `json:"credentials"`

	RealmID  string   `json:"-"`
	TypeID   string   `json:"-"` // from type.id
	Provider Provider `json:"-"` // from credentials.provider

	Login  string    `json:"-"` // from profile.login
	Email  string    `json:"-"` // from profile.email
	ReadAt time.Time `json:"-"` // time of the response by Okta's clock, zero if unknown
	// Raw is the document of the user, if the user was read alone.
	Raw json.RawMessage `json:"-"`
}

// A Provider is the source that manages a user and verifies the password: OKTA, ACTIVE_DIRECTORY, LDAP, FEDERATION,
// SOCIAL or IMPORT.
type Provider struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// A Profile is a user's profile, unchanged. Each org defines its own attributes.
type Profile json.RawMessage

// UnmarshalJSON keeps a copy of b.
func (p *Profile) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(p).UnmarshalJSON(b) }

// JSON returns the profile, an empty object if there is none.
func (p Profile) JSON() json.RawMessage {
	if len(p) == 0 || string(p) == "null" {
		return json.RawMessage("{}")
	}
	return json.RawMessage(p)
}

// The statuses of a user
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/).
const (
	StatusStaged          = "STAGED"
	StatusProvisioned     = "PROVISIONED"
	StatusActive          = "ACTIVE"
	StatusRecovery        = "RECOVERY"
	StatusLockedOut       = "LOCKED_OUT"
	StatusPasswordExpired = "PASSWORD_EXPIRED"
	StatusSuspended       = "SUSPENDED"
	StatusDeprovisioned   = "DEPROVISIONED"
)

func decodeUser(r *rest.Response) (*User, error) {
	u := new(User)
	if err := r.Decode(u); err != nil {
		return nil, err
	}
	if u.ID == "" {
		return nil, r.Broken("a user without an id")
	}
	u.Raw = r.Body
	return u.readAt(r), nil
}

// readAt completes a user from a response. It parses each attribute leniently, because an org may define a manager as
// an object, or a zip code as a number.
func (u *User) readAt(r *rest.Response) *User {
	var names struct{ Login, Email any }
	_ = json.Unmarshal(u.Profile.JSON(), &names)
	u.Login, _ = names.Login.(string)
	u.Email, _ = names.Email.(string)
	var kind struct{ ID string }
	var credentials struct{ Provider Provider }
	_, _, _ = json.Unmarshal(u.RawRealm, &u.RealmID), json.Unmarshal(u.RawType, &kind), json.Unmarshal(u.RawCredentials, &credentials)
	u.TypeID, u.Provider = kind.ID, credentials.Provider
	u.ReadAt = r.ReadAt()
	return u
}

// User reads the user with the given ID or login. It does not use the model of the SDK, which fails on profile
// attributes of unexpected types.
func (c *Client) User(ctx context.Context, id string) (*User, error) {
	r, err := c.getAt(ctx, nil, "users", id)
	if err != nil {
		return nil, err
	}
	return decodeUser(r)
}

// A NewUser is a user to be created.
type NewUser struct {
	Profile  map[string]json.RawMessage
	Password sdk.Secret // empty: the user sets a password through the link that Okta mails
	Activate bool       // if false, the user is STAGED
	// ChangePassword requires a new password at the first sign-in of an activated user.
	ChangePassword bool
}

// CreateUser creates a user. Okta returns 400 E0000001 for a login in use, an unknown attribute, or a password
// that violates the policy.
func (c *Client) CreateUser(ctx context.Context, u NewUser) error {
	body := map[string]any{"profile": u.Profile}
	if !u.Password.IsZero() {
		body["credentials"] = map[string]any{"password": map[string]any{"value": u.Password.Reveal()}}
	}
	query := url.Values{"activate": {boolean(u.Activate)}}
	if u.ChangePassword {
		query.Set("nextLogin", "changePassword")
	}
	_, err := c.write(ctx, object, request{method: http.MethodPost, query: query, body: body}, "users")
	return err
}

// UpdateProfile changes the given attributes of a user's profile, and clears attributes given as null. It keeps all
// other attributes, which a PUT would delete.
func (c *Client) UpdateProfile(ctx context.Context, id string, attributes map[string]json.RawMessage) error {
	_, err := c.write(ctx, object, request{method: http.MethodPost, body: map[string]any{"profile": attributes}}, "users", id)
	return err
}

// DeleteUser runs the next of Okta's two steps. The first deactivates the user. The second permanently deletes a
// DEPROVISIONED user. Okta's response to both is the same.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, noContent, withID(c.api.UserAPI.DeleteUser, id))
}

// SuspendUser suspends an ACTIVE user. Okta rejects any other status with 400 E0000001.
func (c *Client) SuspendUser(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, emptyOK, withID(c.api.UserAPI.SuspendUser, id))
}

// UnsuspendUser makes a SUSPENDED user ACTIVE. Okta rejects any other status with 400 E0000001.
func (c *Client) UnsuspendUser(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, emptyOK, withID(c.api.UserAPI.UnsuspendUser, id))
}

// UnlockUser makes a LOCKED_OUT user ACTIVE. Okta rejects any other status with 403 E0000032, and also users whose
// password is in a directory.
func (c *Client) UnlockUser(ctx context.Context, id string) error {
	return sdkWrite(ctx, c, emptyOK, withID(c.api.UserAPI.UnlockUser, id))
}

// DeactivateUser deactivates a user of any status except DEPROVISIONED, for which Okta returns 404 E0000007. With
// sendEmail, Okta notifies the administrators.
func (c *Client) DeactivateUser(ctx context.Context, id string, sendEmail bool) error {
	return sdkWrite(ctx, c, emptyOK, withID(func(ctx context.Context, id string) sdkv4.ApiDeactivateUserRequest {
		return c.api.UserAPI.DeactivateUser(ctx, id).SendEmail(sendEmail)
	}, id))
}

// An Activation is the link with which a user signs in for the first time.
type Activation struct{ URL, Token string }

// ActivateUser activates a STAGED or DEPROVISIONED user. Okta mails the activation link to the user, or returns it.
// For an active user, Okta returns 403 E0000016.
func (c *Client) ActivateUser(ctx context.Context, id string, sendEmail bool) (Activation, error) {
	want := emptyOK
	if !sendEmail {
		want.member = "activationToken"
	}
	t, err := sdkRead(ctx, c, want, withID(func(ctx context.Context, id string) sdkv4.ApiActivateUserRequest {
		return c.api.UserAPI.ActivateUser(ctx, id).SendEmail(sendEmail)
	}, id))
	if err != nil {
		return Activation{}, err
	}
	return Activation{URL: value(t.ActivationUrl), Token: value(t.ActivationToken)}, nil
}

// ResetPassword removes a user's password, and the user becomes RECOVERY. The user sets a new password with a link
// that works once. Okta mails or returns the link. Each call creates a new link. With revokeSessions it also ends the
// user's sessions.
func (c *Client) ResetPassword(ctx context.Context, id string, sendEmail, revokeSessions bool) (link string, err error) {
	want := emptyOK
	if !sendEmail {
		want.member = "resetPasswordUrl"
	}
	t, err := sdkRead(ctx, c, want, withID(func(ctx context.Context, id string) sdkv4.ApiGenerateResetPasswordTokenRequest {
		return c.api.UserAPI.GenerateResetPasswordToken(ctx, id).SendEmail(sendEmail).RevokeSessions(revokeSessions)
	}, id))
	if err != nil {
		return "", err
	}
	return value(t.ResetPasswordUrl), nil
}

// ExpirePassword requires a new password at the next sign-in, after the old one was entered. The user becomes
// PASSWORD_EXPIRED.
func (c *Client) ExpirePassword(ctx context.Context, id string) error {
	_, err := c.write(ctx, object, request{method: http.MethodPost}, "users", id, "lifecycle", "expire_password")
	return err
}

// ExpirePasswordWithTemporary is ExpirePassword with a temporary password, which replaces the old one. It returns the
// temporary password, which Okta shows once. With revokeSessions it also ends the user's sessions.
func (c *Client) ExpirePasswordWithTemporary(ctx context.Context, id string, revokeSessions bool) (string, error) {
	want := success{statuses: []int{http.StatusOK}, member: "tempPassword"}
	t, err := sdkRead(ctx, c, want, withID(func(ctx context.Context, id string) sdkv4.ApiExpirePasswordAndGetTemporaryPasswordRequest {
		return c.api.UserAPI.ExpirePasswordAndGetTemporaryPassword(ctx, id).RevokeSessions(revokeSessions)
	}, id))
	if err != nil {
		return "", err
	}
	return value(t.TempPassword), nil
}
