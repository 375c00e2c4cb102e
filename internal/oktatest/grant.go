package oktatest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// NewGrant says what a user has allowed an OAuth client. User, an id or login, and Client are required.
type NewGrant struct {
	ID     string `json:"id,omitempty"`
	User   string `json:"user"`
	Client string `json:"client"`
	// Scopes are consented to, one grant each. There may be none where the client only has tokens.
	Scopes []string `json:"scopes,omitempty"`
	// Tokens is how many refresh tokens the client holds; they count among the user's OAuth tokens.
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
	id      string
	order   int
	user    *user
	client  string
	scope   string
	created time.Time
}

// clientKey names the tokens that one client holds of one user.
type clientKey struct {
	user   *user
	client string
}

// grantStore holds the consents, and how many of a user's tokens belong to a client that is known: none, once they
// are revoked.
type grantStore struct {
	all    []*grant
	tokens map[clientKey]int
}

// AddGrant lets a user consent to an OAuth client without a trace in the log. It panics when the user is unknown, the
// client has no name, or an id is given for several scopes.
func (o *Org) AddGrant(n NewGrant) []GrantState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeGrant(n, o.clock()))
}

func (o *Org) placeGrant(n NewGrant, now time.Time) ([]GrantState, error) {
	u, err := o.findUser(n.User)
	switch {
	case err != nil:
		return nil, fmt.Errorf("grant: %w", err)
	case n.Client == "":
		return nil, fmt.Errorf("grant: client is missing")
	case n.Tokens < 0:
		return nil, fmt.Errorf("grant: tokens cannot be negative")
	case n.ID != "" && len(n.Scopes) != 1:
		return nil, fmt.Errorf("grant: an id needs exactly one scope")
	case slices.ContainsFunc(o.grants.all, func(g *grant) bool { return g.id == n.ID }):
		return nil, fmt.Errorf("grant: the id %s is taken", n.ID)
	}
	states := []GrantState{}
	for _, scope := range n.Scopes {
		o.created++
		g := &grant{id: n.ID, order: o.created, user: u, client: n.Client, scope: scope, created: now}
		if g.id == "" {
			g.id = o.stable.object("oag")
		}
		o.grants.all = append(o.grants.all, g)
		states = append(states, g.state())
	}
	u.oauthTokens += n.Tokens
	o.grants.tokens[clientKey{u, n.Client}] += n.Tokens
	return states, nil
}

func (g *grant) state() GrantState { return GrantState{ID: g.id, Client: g.client, Scope: g.scope} }

func (s *grantStore) of(u *user) []*grant {
	var out []*grant
	for _, g := range s.all {
		if g.user == u {
			out = append(out, g)
		}
	}
	return out
}

// clientsOf returns the clients that a user has dealt with, sorted.
func (s *grantStore) clientsOf(u *user) []string {
	var out []string
	for _, g := range s.of(u) {
		out = append(out, g.client)
	}
	for k, n := range s.tokens {
		if k.user == u && n > 0 {
			out = append(out, k.client)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *grantStore) revokeGrants(u *user) int {
	before := len(s.all)
	s.all = slices.DeleteFunc(s.all, func(g *grant) bool { return g.user == u })
	return before - len(s.all)
}

// revokeTokens takes all tokens of a user away. Their clients stay known.
func (o *Org) revokeTokens(u *user) {
	u.oauthTokens = 0
	for k := range o.grants.tokens {
		if k.user == u {
			o.grants.tokens[k] = 0
		}
	}
}

const (
	usualGrants = 20
	maxGrants   = 200
)

func (c *call) grantDoc(o *Org, g *grant) map[string]any {
	owner := c.url("/api/v1/users/" + g.user.id)
	app := c.url("/api/v1/apps/" + g.client)
	label := g.client
	if a := o.appNamed(g.client); a != nil {
		label = a.label
	}
	doc := map[string]any{
		"id": g.id, "status": "ACTIVE", "created": stamp(g.created), "lastUpdated": stamp(g.created), "issuer": c.base,
		"clientId": g.client, "userId": g.user.id, "scopeId": g.scope, "source": "END_USER",
		"createdBy": map[string]any{"id": g.user.id, "type": "User"},
		"_links": map[string]any{
			"self":   hinted(owner+"/grants/"+g.id, "GET", "DELETE"),
			"app":    map[string]any{"href": app, "title": label},
			"client": map[string]any{"href": c.url("/oauth2/v1/clients/" + g.client), "title": label},
			"user":   map[string]any{"href": owner, "title": g.user.name()},
		},
	}
	if c.query.Get("expand") == "scope" {
		doc["_embedded"] = map[string]any{"scope": map[string]any{"id": g.scope}}
	}
	return doc
}

func (o *Org) listGrants(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", usualGrants, 1, maxGrants)
	if err != nil {
		return nil, err
	}
	var found []listed[*grant]
	for _, g := range o.grants.of(u) {
		if scope := c.query.Get("scopeId"); scope == "" || scope == g.scope {
			found = append(found, listed[*grant]{g, "", g.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]any, len(page))
	for i, g := range page {
		docs[i] = c.grantDoc(o, g)
	}
	return listReply(c, docs, next), nil
}

// revokeGrants succeeds also where there are none. The tokens stay: they have an endpoint of their own.
func (o *Org) revokeGrants(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if o.grants.revokeGrants(u) > 0 {
		o.record(c, "app.oauth2.as.consent.revoke.user", userTarget(u))
	}
	return noContent(), nil
}

func (o *Org) listClients(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	docs := []any{}
	for _, id := range o.grants.clientsOf(u) {
		name := id
		if a := o.appNamed(id); a != nil {
			name = a.label
		}
		self := c.url("/api/v1/users/" + u.id + "/clients/" + id)
		docs = append(docs, map[string]any{
			"client_id": id, "client_name": name, "client_uri": nil, "logo_uri": nil,
			"_links": map[string]any{
				"grants": map[string]any{"href": self + "/grants"}, "tokens": map[string]any{"href": self + "/tokens"},
			},
		})
	}
	return jsonReply(http.StatusOK, docs), nil
}

// revokeClientTokens takes from one client the tokens that it holds of a user, and succeeds also where it holds none.
// A client that the org has never heard of is unknown.
func (o *Org) revokeClientTokens(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	client := c.params[1]
	if _, err := o.findApp(client); err != nil && !o.grants.knows(client) {
		return nil, notFound(client, "PublicClientApp")
	}
	key := clientKey{u, client}
	if n := o.grants.tokens[key]; n > 0 {
		u.oauthTokens = max(0, u.oauthTokens-n)
		o.grants.tokens[key] = 0
		o.record(c, "app.oauth2.token.revoke", userTarget(u), map[string]any{
			"id": client, "type": "PublicClientApp", "alternateId": client, "displayName": client, "detailEntry": nil,
		})
	}
	return noContent(), nil
}

func (s *grantStore) knows(client string) bool {
	for k := range s.tokens {
		if k.client == client {
			return true
		}
	}
	return slices.ContainsFunc(s.all, func(g *grant) bool { return g.client == client })
}
