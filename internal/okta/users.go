package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

// A User is an Okta user. The profile is kept as Okta sent it, with nulls and unexpected
// types.
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

	Login  string    `json:"-"` // profile.login
	Email  string    `json:"-"` // profile.email
	ReadAt time.Time `json:"-"` // Okta's time of the response, zero if Okta does not say
}

// A Profile is a user's profile as Okta sent it: its attributes are the org's own.
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
	return u.readAt(r), nil
}

// readAt completes a user from a response. It reads each attribute leniently: a manager
// that is an object, or a number as a zip code, is the org's own choice.
func (u *User) readAt(r *rest.Response) *User {
	var names struct{ Login, Email any }
	_ = json.Unmarshal(u.Profile.JSON(), &names)
	u.Login, _ = names.Login.(string)
	u.Email, _ = names.Email.(string)
	u.ReadAt = r.ReadAt()
	return u
}

// User reads the user with the given ID or login. It does not use the SDK, whose model
// fails on profile attributes of unexpected types.
func (c *Client) User(ctx context.Context, id string) (*User, error) {
	p, err := rest.Path("users", id)
	if err != nil {
		return nil, err
	}
	r, err := c.get(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	return decodeUser(r)
}

// FindUser returns the one user that ref names: by ID, by whole login, or by email
// address, in that order. pointer locates ref in the input. If several users share an
// address, the error lists them.
func (c *Client) FindUser(ctx context.Context, pointer, ref string) (*User, error) {
	u, err := c.findUser(ctx, pointer, ref)
	if err == nil {
		c.guard.RememberNames(u.ID, u.Login, u.Email)
	}
	return u, err
}

func (c *Client) findUser(ctx context.Context, pointer, ref string) (*User, error) {
	if err := rest.CheckReference(pointer, ref); err != nil {
		return nil, err
	}
	// Okta reads "me" as the token's owner.
	if !strings.EqualFold(ref, "me") && rest.CheckSegment(ref) == nil {
		u, err := c.User(ctx, ref)
		if err == nil && (u.ID == ref || strings.EqualFold(u.Login, ref)) {
			return u, nil
		}
		// Okta also finds a user by the part of the login before the @, but the next user
		// to be created may take that name.
		if err == nil && !strings.EqualFold(u.Email, ref) {
			if u.Login == "" {
				return nil, sdk.Errorf(sdk.Unavailable, "GET /api/v1/users/%s: the response is a user without a login, so it did not come from Okta. "+
					"Check the org URL and the network", rest.Printable(ref, 100))
			}
			return nil, c.noUser(pointer, ref, `; Okta knows that short name as "`+rest.Printable(u.Login, 100)+`": write the whole login`)
		}
		if err != nil && sdk.AsError(err).Code != sdk.NotFound {
			return nil, err
		}
		if rest.IsUserID(ref) {
			missing := sdk.AsError(err)
			if missing == nil {
				return nil, c.noUser(pointer, ref, "")
			}
			e := c.noUser(pointer, ref, " ("+missing.Message+")")
			e.Upstream = missing.Upstream
			return nil, e
		}
	}
	found, err := c.searchUsers(ctx, equals("profile.login", ref)+" or "+equals("profile.email", ref))
	if err != nil {
		return nil, err
	}
	if u := withLogin(found, ref); u != nil {
		return u, nil
	}
	found = withEmail(found, ref)
	if len(found) == 0 {
		return nil, c.noUser(pointer, ref, "")
	}
	return sole(pointer, found)
}

// UserByEmail returns the one user with the email address, see FindUser.
func (c *Client) UserByEmail(ctx context.Context, pointer, email string) (*User, error) {
	if err := rest.CheckReference(pointer, email); err != nil {
		return nil, err
	}
	found, err := c.searchUsers(ctx, equals("profile.email", email))
	if err != nil {
		return nil, err
	}
	if found = withEmail(found, email); len(found) > 0 {
		return sole(pointer, found)
	}
	// The search lags behind changes by a moment. The login usually is the address and
	// can be read directly.
	u, err := c.UserByLogin(ctx, email)
	if err != nil {
		return nil, err
	}
	if u == nil || !strings.EqualFold(u.Email, email) {
		e := sdk.Errorf(sdk.NotFound, "no user of %s has the email address %q", c.origin.Host, rest.Printable(email, 100))
		e.Violations = sdk.InvalidField(pointer, "names no user").Violations
		return nil, e
	}
	return u, nil
}

// UserByLogin returns the user with this login, whatever its case, nil if there is none.
func (c *Client) UserByLogin(ctx context.Context, login string) (*User, error) {
	var found []*User
	var err error
	if strings.EqualFold(login, "me") || rest.CheckSegment(login) != nil {
		found, err = c.searchUsers(ctx, equals("profile.login", login))
	} else {
		var u *User
		if u, err = c.User(ctx, login); err == nil {
			found = []*User{u}
		} else if sdk.AsError(err).Code == sdk.NotFound {
			err = nil
		}
	}
	// Okta also finds a user by the part of the login before the @.
	return withLogin(found, login), err
}

func withLogin(users []*User, login string) *User {
	for _, u := range users {
		if strings.EqualFold(u.Login, login) {
			return u
		}
	}
	return nil
}

func withEmail(users []*User, email string) []*User {
	return slices.DeleteFunc(users, func(u *User) bool { return !strings.EqualFold(u.Email, email) })
}

// sole returns the user if there is only one.
func sole(pointer string, users []*User) (*User, error) {
	if len(users) == 1 {
		return users[0], nil
	}
	var names []string
	for _, u := range users {
		names = append(names, u.ID+" ("+rest.Printable(u.Login, 100)+", "+u.Status+")")
	}
	return nil, sdk.InvalidField(pointer, "is the email address of %d users: %s; name one by id or login", len(users), candidates(names))
}

func (c *Client) noUser(pointer, ref, more string) *sdk.Error {
	e := sdk.Errorf(sdk.NotFound, "no user of %s has the id, login or email %q%s", c.origin.Host, rest.Printable(ref, 100), more)
	e.Violations = sdk.InvalidField(pointer, "names no user").Violations
	return e
}

func (c *Client) searchUsers(ctx context.Context, search string) ([]*User, error) {
	r, err := c.get(ctx, "/api/v1/users", url.Values{"search": {search}, "limit": {"20"}})
	if err != nil {
		return nil, err
	}
	users, err := decodeList(r, func(u *User) string { return u.ID })
	for _, u := range users {
		u.readAt(r)
	}
	return users, err
}

// A NewUser is a user to be created.
type NewUser struct {
	Profile  map[string]json.RawMessage
	Password sdk.Secret // none: the user sets one by the link that Okta mails
	Activate bool       // otherwise the user is STAGED
	// ChangePassword makes an activated user choose a new password at the first sign-in.
	ChangePassword bool
}

// CreateUser creates a user. A login that is taken, an attribute that the org does not
// define, and a password against the policy get 400 E0000001.
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

// UpdateProfile changes the given attributes of a user's profile, clears those given as
// null, and keeps the others. (A PUT would delete them.)
func (c *Client) UpdateProfile(ctx context.Context, id string, attributes map[string]json.RawMessage) error {
	_, err := c.write(ctx, object, request{method: http.MethodPost, body: map[string]any{"profile": attributes}}, "users", id)
	return err
}

// DeleteUser takes the next of Okta's two steps: it deletes a DEPROVISIONED user for
// good, and deactivates any other, with the same response.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	return c.sdkWrite(ctx, noContent, http.MethodDelete, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.UserAPI.DeleteUser(ctx, id).Execute()
	}, id)
}

// SuspendUser suspends an ACTIVE user; Okta rejects any other status with 400 E0000001.
func (c *Client) SuspendUser(ctx context.Context, id string) error {
	return c.sdkWrite(ctx, emptyOK, http.MethodPost, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.UserAPI.SuspendUser(ctx, id).Execute()
	}, id)
}

// UnsuspendUser makes a SUSPENDED user ACTIVE; Okta rejects any other status with 400
// E0000001.
func (c *Client) UnsuspendUser(ctx context.Context, id string) error {
	return c.sdkWrite(ctx, emptyOK, http.MethodPost, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.UserAPI.UnsuspendUser(ctx, id).Execute()
	}, id)
}

// UnlockUser makes a LOCKED_OUT user ACTIVE. Okta rejects any other status, and a user
// with a password in a directory, with 403 E0000032.
func (c *Client) UnlockUser(ctx context.Context, id string) error {
	return c.sdkWrite(ctx, emptyOK, http.MethodPost, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.UserAPI.UnlockUser(ctx, id).Execute()
	}, id)
}

// DeactivateUser deactivates a user of any status but DEPROVISIONED, which gets 404
// E0000007. With sendEmail, Okta notifies the administrators.
func (c *Client) DeactivateUser(ctx context.Context, id string, sendEmail bool) error {
	return c.sdkWrite(ctx, emptyOK, http.MethodPost, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.UserAPI.DeactivateUser(ctx, id).SendEmail(sendEmail).Execute()
	}, id)
}

// An Activation is the link with which a user signs in for the first time.
type Activation struct{ URL, Token string }

// ActivateUser activates a STAGED or DEPROVISIONED user. Okta mails the user the link to
// sign in, or returns it. A user who is active already gets 403 E0000016.
func (c *Client) ActivateUser(ctx context.Context, id string, sendEmail bool) (Activation, error) {
	want := emptyOK
	if !sendEmail {
		want.member = "activationToken"
	}
	t, err := sdkCall(ctx, c, want, http.MethodPost, func(ctx context.Context) (*sdkv4.UserActivationToken, *sdkv4.APIResponse, error) {
		return c.api.UserAPI.ActivateUser(ctx, id).SendEmail(sendEmail).Execute()
	}, id)
	if err != nil {
		return Activation{}, err
	}
	return Activation{URL: value(t.ActivationUrl), Token: value(t.ActivationToken)}, nil
}

// ResetPassword removes a user's password: the user becomes RECOVERY and sets a new one
// with a link that works once, which Okta mails or returns. Each call makes a new link.
// With revokeSessions it ends the user's sessions as well.
func (c *Client) ResetPassword(ctx context.Context, id string, sendEmail, revokeSessions bool) (link string, err error) {
	want := emptyOK
	if !sendEmail {
		want.member = "resetPasswordUrl"
	}
	t, err := sdkCall(ctx, c, want, http.MethodPost, func(ctx context.Context) (*sdkv4.ResetPasswordToken, *sdkv4.APIResponse, error) {
		return c.api.UserAPI.GenerateResetPasswordToken(ctx, id).SendEmail(sendEmail).RevokeSessions(revokeSessions).Execute()
	}, id)
	if err != nil {
		return "", err
	}
	return value(t.ResetPasswordUrl), nil
}

// ExpirePassword makes the user choose a new password at the next sign-in, after proof of
// the old one. The user becomes PASSWORD_EXPIRED.
func (c *Client) ExpirePassword(ctx context.Context, id string) error {
	_, err := c.write(ctx, object, request{method: http.MethodPost}, "users", id, "lifecycle", "expire_password")
	return err
}

// ExpirePasswordWithTemporary is ExpirePassword with a temporary password in place of the
// old one. It returns the temporary password, which Okta shows once. With revokeSessions
// it ends the user's sessions as well.
func (c *Client) ExpirePasswordWithTemporary(ctx context.Context, id string, revokeSessions bool) (string, error) {
	want := success{statuses: []int{http.StatusOK}, member: "tempPassword"}
	t, err := sdkCall(ctx, c, want, http.MethodPost, func(ctx context.Context) (*sdkv4.TempPassword, *sdkv4.APIResponse, error) {
		return c.api.UserAPI.ExpirePasswordAndGetTemporaryPassword(ctx, id).RevokeSessions(revokeSessions).Execute()
	}, id)
	if err != nil {
		return "", err
	}
	return value(t.TempPassword), nil
}
