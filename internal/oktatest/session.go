package oktatest

import (
	"net/http"
	"slices"
	"time"
)

// sessionLife is how long an identity provider session lasts.
const sessionLife = 12 * time.Hour

// session is one sign-in of a user at the identity provider.
type session struct {
	id      string
	user    *user
	created time.Time
}

func (s *session) expired(now time.Time) bool { return !now.Before(s.created.Add(sessionLife)) }

// signIn makes a session as the sign-in page would.
func (o *Org) signIn(u *user, now time.Time) *session {
	s := &session{id: o.fresh.sessionID(), user: u, created: now}
	o.sessions = append(o.sessions, s)
	u.lastLogin = now
	return s
}

// endSessionsOf ends all sessions of a user and reports how many there were.
func (o *Org) endSessionsOf(u *user) int {
	before := len(o.sessions)
	o.sessions = slices.DeleteFunc(o.sessions, func(s *session) bool { return s.user == u })
	return before - len(o.sessions)
}

func (o *Org) findSession(id string, now time.Time) (*session, error) {
	for _, s := range o.sessions {
		if s.id == id && !s.expired(now) {
			return s, nil
		}
	}
	return nil, notFound(id, "Session")
}

func (o *Org) getSession(c *call) (*reply, error) {
	s, err := o.findSession(c.params[0], c.now)
	if err != nil {
		return nil, err
	}
	self := c.url("/api/v1/sessions/" + s.id)
	return jsonReply(http.StatusOK, map[string]any{
		"id":                       s.id,
		"userId":                   s.user.id,
		"login":                    s.user.login(),
		"createdAt":                stamp(s.created),
		"expiresAt":                stamp(s.created.Add(sessionLife)),
		"status":                   "ACTIVE",
		"lastPasswordVerification": stamp(s.created),
		"lastFactorVerification":   nil,
		"amr":                      []string{"pwd"},
		"idp":                      map[string]any{"id": orgID, "type": "OKTA"},
		"mfaActive":                false,
		"_links": map[string]any{
			"self":    map[string]any{"href": self, "hints": map[string]any{"allow": []string{"GET", "DELETE"}}},
			"refresh": map[string]any{"href": self + "/lifecycle/refresh", "hints": map[string]any{"allow": []string{"POST"}}},
			"user":    map[string]any{"name": s.user.name(), "href": c.url("/api/v1/users/" + s.user.id), "hints": map[string]any{"allow": []string{"GET"}}},
		},
	}), nil
}

// orgID is the id of the org itself, which is also its own identity provider.
const orgID = "00o2k9m4x7Qw1Zr8A5d7"

func (o *Org) endSession(c *call) (*reply, error) {
	s, err := o.findSession(c.params[0], c.now)
	if err != nil {
		return nil, err
	}
	o.sessions = slices.DeleteFunc(o.sessions, func(other *session) bool { return other == s })
	o.record(c, "user.session.end", userTarget(s.user))
	return noContent(), nil
}

// clearSessions also succeeds where there is nothing to clear. Remembered devices go unless forgetDevices=false.
func (o *Org) clearSessions(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	oauth, err := c.flag("oauthTokens", false)
	if err != nil {
		return nil, err
	}
	forget, err := c.flag("forgetDevices", true)
	if err != nil {
		return nil, err
	}
	o.endSessionsOf(u)
	if oauth {
		o.revokeTokens(u)
	}
	if forget {
		u.devices = 0
	}
	o.record(c, "user.session.clear", userTarget(u))
	return noContent(), nil
}
