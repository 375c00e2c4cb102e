package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// A User is an Okta user, read leniently: what is null or of an unexpected type in
// the profile is kept there and does no harm.
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
	ReadAt time.Time `json:"-"` // when Okta answered, by its own clock; zero if it does not say
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

func decodeUser(r *reply) (*User, error) {
	u := new(User)
	if err := r.decode(u); err != nil {
		return nil, err
	}
	if u.ID == "" {
		return nil, r.broken("a user without an id")
	}
	u.ReadAt, _ = http.ParseTime(r.header.Get("Date"))
	return u.named(), nil
}

func (u *User) named() *User {
	// Attributes are read one by one: a manager that is an object, or a number for
	// a zip code, is the org's own business.
	var names struct{ Login, Email any }
	_ = json.Unmarshal(u.Profile.JSON(), &names)
	u.Login, _ = names.Login.(string)
	u.Email, _ = names.Email.(string)
	return u
}

// User reads the user with the given id.
func (c *Client) User(ctx context.Context, id string) (*User, error) {
	if err := plain(id); err != nil {
		return nil, err
	}
	r, err := c.exchange(ctx, http.MethodGet, func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.GetUser(ctx, id).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	return decodeUser(r)
}

// FindUser returns the one user that ref names: by id, by whole login, or by
// email address, in that order. Pointer is where ref stands in the input. What
// names nobody is not_found; an address that several users share is refused with
// who they are.
func (c *Client) FindUser(ctx context.Context, pointer, ref string) (*User, error) {
	u, err := c.findUser(ctx, pointer, ref)
	if err == nil {
		c.guard.names.of(u.ID).set(c.guard.now(), namesKept, []string{u.Login, u.Email})
	}
	return u, err
}

func (c *Client) findUser(ctx context.Context, pointer, ref string) (*User, error) {
	if err := checkRef(pointer, ref); err != nil {
		return nil, err
	}
	// Okta reads "me" as the token's owner.
	if !strings.EqualFold(ref, "me") && plain(ref) == nil {
		u, err := c.User(ctx, ref)
		if err == nil && (u.ID == ref || strings.EqualFold(u.Login, ref)) {
			return u, nil
		}
		// Okta also finds a user by the part of the login before the @; which user
		// that is may change with the next one to be created.
		if err == nil && !strings.EqualFold(u.Email, ref) {
			if u.Login == "" {
				return nil, sdk.Errorf(sdk.Unavailable, "GET /api/v1/users/%s: the response is a user without a login, so it did not come from Okta. "+
					"Check the org URL and the network", printable(ref, 100))
			}
			return nil, c.noUser(pointer, ref, `; Okta knows that short name as "`+printable(u.Login, 100)+`": write the whole login`)
		}
		if err != nil && sdk.AsError(err).Code != sdk.NotFound {
			return nil, err
		}
		if userID.MatchString(ref) {
			refusal := sdk.AsError(err)
			if refusal == nil {
				return nil, c.noUser(pointer, ref, "")
			}
			e := c.noUser(pointer, ref, " ("+refusal.Message+")")
			e.Upstream = refusal.Upstream
			return nil, e
		}
	}
	found, err := c.searchUsers(ctx, "profile.login eq "+systemlog.Quote(ref)+" or profile.email eq "+systemlog.Quote(ref))
	if err != nil {
		return nil, err
	}
	var byEmail []*User
	for _, u := range found {
		if strings.EqualFold(u.Login, ref) {
			return u, nil
		}
		if strings.EqualFold(u.Email, ref) {
			byEmail = append(byEmail, u)
		}
	}
	if len(byEmail) == 0 {
		return nil, c.noUser(pointer, ref, "")
	}
	return sole(pointer, byEmail)
}

// UserByEmail returns the one user who has the email address, whatever the login.
// Pointer is where it stands in the input; who cannot be told apart, or is not
// there, is reported as by FindUser.
func (c *Client) UserByEmail(ctx context.Context, pointer, email string) (*User, error) {
	if err := checkRef(pointer, email); err != nil {
		return nil, err
	}
	found, err := c.searchUsers(ctx, "profile.email eq "+systemlog.Quote(email))
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(u *User) bool { return !strings.EqualFold(u.Email, email) })
	if len(found) > 0 {
		return sole(pointer, found)
	}
	// The search lags behind changes by a moment; a login, which most often is the
	// address, is read directly.
	u, err := c.UserByLogin(ctx, email)
	if err != nil {
		return nil, err
	}
	if u == nil || !strings.EqualFold(u.Email, email) {
		e := sdk.Errorf(sdk.NotFound, "no user of %s has the email address %q", c.origin.Host, printable(email, 100))
		e.Violations = sdk.InvalidField(pointer, "names no user").Violations
		return nil, e
	}
	return u, nil
}

// UserByLogin returns the user with exactly this login but for case, nil if there
// is none.
func (c *Client) UserByLogin(ctx context.Context, login string) (*User, error) {
	var found []*User
	var err error
	if strings.EqualFold(login, "me") || plain(login) != nil {
		found, err = c.searchUsers(ctx, "profile.login eq "+systemlog.Quote(login))
	} else {
		var u *User
		if u, err = c.User(ctx, login); err == nil {
			found = []*User{u}
		} else if sdk.AsError(err).Code == sdk.NotFound {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	// Okta also finds a user by the part of the login before the @.
	for _, u := range found {
		if strings.EqualFold(u.Login, login) {
			return u, nil
		}
	}
	return nil, nil
}

// sole returns the user if there is only one to choose from.
func sole(pointer string, users []*User) (*User, error) {
	if len(users) == 1 {
		return users[0], nil
	}
	var who []string
	for _, u := range users {
		who = append(who, u.ID+" ("+printable(u.Login, 100)+", "+u.Status+")")
	}
	return nil, sdk.InvalidField(pointer, "is the email address of %d users: %s; name one by id or login", len(users), candidates(who))
}

func (c *Client) noUser(pointer, ref, more string) *sdk.Error {
	e := sdk.Errorf(sdk.NotFound, "no user of %s has the id, login or email %q%s", c.origin.Host, printable(ref, 100), more)
	e.Violations = append(e.Violations, sdk.InvalidField(pointer, "names no user").Violations...)
	return e
}

func (c *Client) searchUsers(ctx context.Context, search string) ([]*User, error) {
	r, err := c.send(ctx, http.MethodGet, "/api/v1/users", url.Values{"search": {search}, "limit": {"20"}}, nil)
	if err != nil {
		return nil, err
	}
	var users []*User
	if err := r.decode(&users); err != nil {
		return nil, err
	}
	for _, u := range users {
		if u == nil || u.ID == "" {
			return nil, r.broken("a user without an id")
		}
		u.named()
	}
	return users, nil
}

// SuspendUser suspends an ACTIVE user; Okta refuses any other status with 400
// E0000001.
func (c *Client) SuspendUser(ctx context.Context, id string) error {
	return c.write(ctx, http.MethodPost, id, func(ctx context.Context) error {
		_, err := c.api.UserAPI.SuspendUser(ctx, id).Execute()
		return err
	})
}

// UnsuspendUser makes a SUSPENDED user ACTIVE; Okta refuses any other status with
// 400 E0000001.
func (c *Client) UnsuspendUser(ctx context.Context, id string) error {
	return c.write(ctx, http.MethodPost, id, func(ctx context.Context) error {
		_, err := c.api.UserAPI.UnsuspendUser(ctx, id).Execute()
		return err
	})
}

// RevokeSessions ends all of a user's Okta sessions, and on request the OAuth
// tokens issued to the user and the devices remembered for sign-in. The SDK cannot
// send forgetDevices, and Okta forgets them unless told not to: it is always sent.
func (c *Client) RevokeSessions(ctx context.Context, id string, oauthTokens, forgetDevices bool) error {
	p, err := path("users", id, "sessions")
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, url.Values{
		"oauthTokens":   {strconv.FormatBool(oauthTokens)},
		"forgetDevices": {strconv.FormatBool(forgetDevices)},
	}, nil)
	return err
}

// write runs a call of the SDK whose path holds ids and whose answer is empty.
func (c *Client) write(ctx context.Context, method, id string, call func(context.Context) error) error {
	if err := plain(id); err != nil {
		return err
	}
	_, err := c.exchange(ctx, method, call)
	return err
}

// candidates lists at most ten names.
func candidates(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "and "+strconv.Itoa(len(names)-most)+" more")
	}
	return strings.Join(names, ", ")
}
