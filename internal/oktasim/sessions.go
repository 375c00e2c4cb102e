package oktasim

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/wire"
)

// sessionLife is the lifetime of an identity provider session.
const sessionLife = 12 * time.Hour

// session is one sign-in of a user at the identity provider.
type session struct {
	object
	user *user
}

func (s *session) expired(now time.Time) bool { return !now.Before(s.created.Add(sessionLife)) }

// AddSession signs a user in without a log event and returns the session's ID. The user is an ID or a login. It panics if
// there is no such user.
func (o *Org) AddSession(userID string) string {
	return add(o, sessionOf{userID}, (*Org).insertSession)["id"].(string)
}

type sessionOf struct {
	User string `json:"user"`
}

func (o *Org) insertSession(n sessionOf, now time.Time) (doc, error) {
	u, err := o.findUser(n.User)
	if err != nil {
		return nil, err
	}
	return doc{"id": o.signIn(u, now).id}, nil
}

// signIn makes a session as the sign-in page would.
func (o *Org) signIn(u *user, now time.Time) *session {
	s := &session{o.newObject("102"+o.fresh.Text("session", 22), "", "", now), u}
	o.sessions = append(o.sessions, s)
	u.lastLogin = now
	return s
}

func (o *Org) endSessionsOf(u *user) {
	o.sessions = slices.DeleteFunc(o.sessions, func(s *session) bool { return s.user == u })
}

func (o *Org) pathSession(c *call) (*session, error) {
	return find(where(o.sessions, func(s *session) bool { return !s.expired(c.Now) }), c.Params[0], "Session")
}

func (c *call) sessionDoc(s *session) doc {
	return c.shape("session", &s.object, doc{
		"user": s.user.id, "login": s.user.login(), "name": s.user.name(), "expires": wire.Stamp(s.created.Add(sessionLife)),
	})
}

func (o *Org) endSession(c *call, s *session) {
	o.sessions = without(o.sessions, s)
	o.logEvent(c, "user.session.end", s.user.target())
}

// clearSessions succeeds also if there is nothing to clear. Remembered devices go unless forgetDevices=false.
func (o *Org) clearSessions(c *call, u *user) {
	o.endSessionsOf(u)
	if c.flags["oauthTokens"] {
		o.revokeTokens(u)
	}
	if c.flags["forgetDevices"] {
		u.devices = 0
	}
	o.logEvent(c, "user.session.clear", u.target())
}

// universalLogout ends every session of a user and revokes all of the user's tokens. The subject is an ID, or this org as
// the issuer with an ID or a login.
func (o *Org) universalLogout(c *call) (any, error) {
	var body struct {
		Subject struct {
			Format  string `json:"format"`
			ID      string `json:"id"`
			Issuer  string `json:"iss"`
			Subject string `json:"sub"`
		} `json:"sub_id"`
	}
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	s := body.Subject
	id := s.ID
	switch s.Format {
	case "opaque":
	case "iss_sub":
		if strings.TrimSuffix(s.Issuer, "/") != c.Base {
			return nil, wire.Invalid("sub_id", "sub_id: The issuer is unknown")
		}
		id = s.Subject
	default:
		return nil, wire.Invalid("sub_id", "sub_id: The format must be opaque or iss_sub")
	}
	u, err := find(o.users, id, "User")
	if err != nil && s.Format == "iss_sub" {
		u = o.userByLogin(id)
	}
	if u == nil {
		return nil, wire.Invalid("sub_id", "sub_id: The subject is unknown")
	}
	o.endSessionsOf(u)
	o.revokeTokens(u)
	o.logEvent(c, "user.authentication.universal_logout", u.target())
	return nil, nil
}

// risk is the risk of a user as an administrator set it.
type risk struct{ level, reason string }

var (
	riskLevels = []string{"HIGH", "MEDIUM", "LOW"}
	riskReason = regexp.MustCompile(`^[a-zA-Z0-9\s\-,.]*$`)
)

// maxRiskReason is the greatest length of a reason, and usualRiskReason the reason that Okta shows without one.
const (
	maxRiskReason   = 500
	usualRiskReason = "Admin override risk"
)

// SetRisk sets the risk of a user without a log event. The user is an ID or a login, and the level HIGH, MEDIUM or LOW. It
// panics if there is no such user or level.
func (o *Org) SetRisk(userID, level, reason string) {
	add(o, newRisk{userID, level, reason}, (*Org).insertRisk)
}

type newRisk struct {
	User   string `json:"user"`
	Level  string `json:"level"`
	Reason string `json:"reason"`
}

func (o *Org) insertRisk(n newRisk, _ time.Time) (doc, error) {
	u, err := o.findUser(n.User)
	if err := invalid("risk", err, unknown("level", n.Level, riskLevels...)); err != nil {
		return nil, err
	}
	u.setRisk(n.Level, n.Reason)
	return doc{}, nil
}

func (u *user) setRisk(level, reason string) {
	reason = cmp.Or(reason, usualRiskReason)
	u.risk = &risk{level, reason}
}

// riskDoc writes the level NONE and no reason for a user without a risk.
func (c *call) riskDoc(u *user) doc {
	d := c.shape("risk", &u.object, doc{"level": u.riskLevel()})
	if u.risk != nil {
		d["reason"] = u.risk.reason
	}
	return d
}

func (u *user) riskLevel() string {
	if u.risk == nil {
		return "NONE"
	}
	return u.risk.level
}

// setRisk responds 201 to the first call for a user and 200 to later ones.
func (o *Org) setRisk(c *call, u *user) (any, error) {
	var body struct {
		Level  string `json:"riskLevel"`
		Reason string `json:"riskReason"`
	}
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(riskLevels, body.Level):
		return nil, wire.Invalid("riskLevel", "riskLevel: The value must be one of HIGH, MEDIUM, LOW")
	case utf8.RuneCountInString(body.Reason) > maxRiskReason:
		return nil, wire.Invalid("riskReason", "riskReason: String is too long")
	case !riskReason.MatchString(body.Reason):
		return nil, wire.Invalid("riskReason", "riskReason: Does not match required pattern")
	}
	status := http.StatusOK
	if u.risk == nil {
		status = http.StatusCreated
	}
	before := u.riskLevel()
	u.setRisk(body.Level, body.Reason)
	o.logDetail(c, "user.risk.change",
		detail{reason: u.risk.reason, debug: doc{"previousRiskLevel": before, "riskLevel": body.Level}}, u.target())
	return wire.JSON(status, c.riskDoc(u)), nil
}
