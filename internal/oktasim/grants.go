package oktasim

import (
	"slices"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// NewGrant is a user's consent to an OAuth client. User, an ID or login, and Client are required.
type NewGrant struct {
	ID     string `json:"id,omitempty"`
	User   string `json:"user"`
	Client string `json:"client"`
	// Scopes are the scopes with consent, one grant each. A client that only has tokens needs none.
	Scopes []string `json:"scopes,omitempty"`
	// Tokens is the number of refresh tokens of the client; they count among the user's OAuth tokens.
	Tokens int `json:"tokens,omitempty"`
}

// GrantState is one consent of a user.
type GrantState struct {
	ID     string `json:"id"`
	Client string `json:"client"`
	Scope  string `json:"scope"`
}

// grant is a user's consent to one scope of a client. It outlives the tokens that were issued for it.
type grant struct {
	object
	user   *user
	client string
	scope  string
}

// clientKey names the tokens of one client for one user.
type clientKey struct {
	user   *user
	client string
}

// grantStore holds the consents, and the number of a user's tokens of each known client. Revoked tokens leave a zero.
type grantStore struct {
	all    []*grant
	tokens map[clientKey]int
}

// AddGrant lets a user consent to an OAuth client without a log event. It panics if the user is unknown, the client has
// no name, or an ID is given for several scopes.
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

// revokeTokens removes all tokens of a user. Their clients stay known.
func (o *Org) revokeTokens(u *user) {
	u.oauthTokens = 0
	for k := range o.grants.tokens {
		if k.user == u {
			o.grants.tokens[k] = 0
		}
	}
}

// clientLabel is the label of the client's application, or the client's ID.
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

// revokeGrants succeeds also without consents. The tokens stay: they have an endpoint of their own.
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

// revokeClientTokens revokes the tokens of one client for a user. It succeeds also without tokens, but not for a client
// that the org does not know.
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
