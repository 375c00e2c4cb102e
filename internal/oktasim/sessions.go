package oktasim

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

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

// AddSession signs in a user, by ID or login, and returns the session's ID.
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

// signIn creates a session as the sign-in page does.
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

// clearSessions also succeeds without sessions. It removes remembered devices unless forgetDevices=false.
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

// universalLogout ends every session of a user and revokes all tokens of the user. The subject is an ID, or this org
// as the issuer with an ID or a login.
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

// risk is the risk of a user that an administrator set.
type risk struct{ level, reason string }

var (
	riskLevels = []string{"HIGH", "MEDIUM", "LOW"}
	riskReason = regexp.MustCompile(`^[a-zA-Z0-9\s\-,.]*$`)
)

// SetRisk sets the risk of a user, by ID or login. The level is HIGH, MEDIUM or LOW.
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
	u.risk = &risk{level, cmp.Or(reason, "Admin override risk")}
}

// riskDoc returns the document of a user's risk. Without a risk, the level is NONE and there is no reason.
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

// setRisk responds with 201 to the first call for a user and with 200 to later ones.
func (o *Org) setRisk(c *call, u *user) (any, error) {
	var body struct {
		Level  string `json:"riskLevel"`
		Reason string `json:"riskReason"`
	}
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	if err := failed(
		notOneOf("riskLevel", body.Level, riskLevels...), tooLong("riskReason", body.Reason, 500),
		cause(!riskReason.MatchString(body.Reason), "riskReason: Does not match required pattern"),
	); err != nil {
		return nil, err
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

// NewGrant describes a user's consent to an OAuth client. User, an ID or login, and Client are required.
type NewGrant struct {
	ID     string `json:"id,omitempty"`
	User   string `json:"user"`
	Client string `json:"client"`
	// Scopes are the scopes with consent, one grant each. It may be empty for a client that only has tokens.
	Scopes []string `json:"scopes,omitempty"`
	// Tokens is the number of refresh tokens of the client. They are part of the user's OAuth tokens.
	Tokens int `json:"tokens,omitempty"`
}

// GrantState is one consent of a user.
type GrantState struct {
	ID     string `json:"id"`
	Client string `json:"client"`
	Scope  string `json:"scope"`
}

// grant is a user's consent to one scope of a client. It outlives the tokens issued for it.
type grant struct {
	object
	user   *user
	client string
	scope  string
}

// clientKey identifies the tokens of one client for one user.
type clientKey struct {
	user   *user
	client string
}

// grantStore contains the consents, and the number of a user's tokens of each known client. After a revocation the
// number is zero.
type grantStore struct {
	all    []*grant
	tokens map[clientKey]int
}

// AddGrant adds the consent of a user to an OAuth client. A given ID requires exactly one scope.
func (o *Org) AddGrant(n NewGrant) []GrantState {
	return add(o, n, (*Org).insertGrant)["grants"].([]GrantState)
}

func (o *Org) insertGrant(n NewGrant, now time.Time) (doc, error) {
	u, err := o.findUser(n.User)
	if err := invalid("grant",
		err, missing("client", n.Client), wrong(n.Tokens < 0, "tokens cannot be negative"), taken(o.grants.all, n.ID),
		wrong(n.ID != "" && len(n.Scopes) != 1, "an ID needs exactly one scope"),
	); err != nil {
		return nil, err
	}
	states := []GrantState{}
	for _, scope := range n.Scopes {
		g := &grant{o.newObject(n.ID, "oag", "", now), u, n.Client, scope}
		o.grants.all = append(o.grants.all, g)
		states = append(states, g.state())
	}
	u.oauthTokens += n.Tokens
	o.grants.tokens[clientKey{u, n.Client}] += n.Tokens
	return doc{"grants": states}, nil
}

func (g *grant) state() GrantState { return GrantState{ID: g.id, Client: g.client, Scope: g.scope} }

func (o *Org) grantsOf(u *user) []*grant {
	return where(o.grants.all, func(g *grant) bool { return g.user == u })
}

// clientsOf returns the clients with a consent or a token of the user, sorted.
func (o *Org) clientsOf(u *user) []string {
	out := each(o.grantsOf(u), func(g *grant) string { return g.client })
	for k, n := range o.grants.tokens {
		if k.user == u && n > 0 {
			out = append(out, k.client)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// knows reports whether any user has a consent or a token for the client.
func (s *grantStore) knows(client string) bool {
	for k := range s.tokens {
		if k.client == client {
			return true
		}
	}
	return slices.ContainsFunc(s.all, func(g *grant) bool { return g.client == client })
}

// revokeConsents removes the consents of a user and reports whether there were any.
func (o *Org) revokeConsents(u *user) bool {
	before := len(o.grants.all)
	o.grants.all = slices.DeleteFunc(o.grants.all, func(g *grant) bool { return g.user == u })
	return len(o.grants.all) < before
}

// revokeTokens removes all tokens of a user. Their clients remain known.
func (o *Org) revokeTokens(u *user) {
	u.oauthTokens = 0
	for k := range o.grants.tokens {
		if k.user == u {
			o.grants.tokens[k] = 0
		}
	}
}

// clientLabel returns the label of the client's application, or the client's ID.
func (o *Org) clientLabel(client string) string {
	if a := o.appNamed(client); a != nil {
		return a.Label
	}
	return client
}

func (o *Org) listGrants(c *call, u *user) (any, error) {
	found := where(o.grantsOf(u), func(g *grant) bool {
		scope := c.Query.Get("scopeId")
		return scope == "" || scope == g.scope
	})
	return list(o, c, found, listing[*grant]{size: upTo(20, 200), write: func(_ *call, g *grant) doc {
		d := c.shape("grant", &g.object, doc{
			"client": g.client, "user": u.id, "scope": g.scope, "label": o.clientLabel(g.client), "name": u.name(),
		})
		if c.Query.Get("expand") == "scope" {
			d["_embedded"] = doc{"scope": doc{"id": g.scope}}
		}
		return d
	}})
}

// revokeGrants also succeeds without consents. It keeps the tokens, because another endpoint revokes them.
func (o *Org) revokeGrants(c *call, u *user) {
	if o.revokeConsents(u) {
		o.logEvent(c, "app.oauth2.as.consent.revoke.user", u.target())
	}
}

func (o *Org) listClients(c *call, u *user) (any, error) {
	return each(o.clientsOf(u), func(id string) doc {
		return c.shape("client", &u.object, doc{"client": id, "label": o.clientLabel(id)})
	}), nil
}

// revokeClientTokens revokes the tokens of one client for a user. It also succeeds without tokens, but fails for an
// unknown client.
func (o *Org) revokeClientTokens(c *call, u *user) (any, error) {
	client := c.Params[1]
	if _, err := find(o.apps, client, ""); err != nil && !o.grants.knows(client) {
		return nil, wire.NotFound(client, "PublicClientApp")
	}
	key := clientKey{u, client}
	if n := o.grants.tokens[key]; n > 0 {
		u.oauthTokens = max(0, u.oauthTokens-n)
		o.grants.tokens[key] = 0
		o.logEvent(c, "app.oauth2.token.revoke", u.target(), target(client, "PublicClientApp", client, client))
	}
	return nil, nil
}
