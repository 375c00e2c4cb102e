package oktasim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/oauth"
	"soar.example/okta/internal/oktasim/wire"
)

// NewAPIToken describes an additional API token (SSWS). It has the permissions of its owner's admin roles.
type NewAPIToken struct {
	// Token is the text of the token in requests.
	Token string `json:"token"`
	// User is the ID or login of the token's owner.
	User string `json:"user"`
}

type apiToken struct {
	id    string
	owner *user
}

// AddAPIToken adds a token and returns its ID in the log.
func (o *Org) AddAPIToken(n NewAPIToken) string {
	return add(o, n, (*Org).insertAPIToken)["id"].(string)
}

// RevokeAPIToken revokes a token of AddAPIToken.
func (o *Org) RevokeAPIToken(token string) {
	defer o.lock()()
	if token != o.token { // events of the org itself need the owner of this token
		delete(o.apiTokens, token)
	}
}

func (o *Org) insertAPIToken(n NewAPIToken, _ time.Time) (doc, error) {
	u, err := o.findUser(n.User)
	if err := invalid("api token", err, missing("token", n.Token), wrong(o.apiTokens[n.Token] != nil, "the token is taken")); err != nil {
		return nil, err
	}
	t := &apiToken{id: o.stable.Object("00T"), owner: u}
	o.apiTokens[n.Token] = t
	return doc{"id": t.id}, nil
}

// NewServiceApp describes an application that calls the API with OAuth 2.0 client credentials.
type NewServiceApp struct {
	// ClientID defaults to a new ID.
	ClientID string `json:"client_id,omitempty"`
	Label    string `json:"label,omitempty"`
	// Keys are the public JSON Web Keys for the app's assertions, at least one: RSA, or EC on P-256, P-384 or P-521.
	// Each of several keys needs a kid.
	Keys []json.RawMessage `json:"keys"`
	// Scopes are the granted scopes.
	Scopes []string `json:"scopes"`
	// DPoP binds tokens to a key of the client (RFC 9449).
	DPoP bool `json:"dpop,omitempty"`
	// Roles are the types of the app's standard admin roles. The default is SUPER_ADMIN.
	Roles []string `json:"roles,omitempty"`
	// TokenLifetime is a Go duration. The default is "1h".
	TokenLifetime string `json:"token_lifetime,omitempty"`
}

// serviceApp is an OAuth client with its application and its roles.
type serviceApp struct {
	*oauth.Client
	app   *app
	roles []*role
}

// PublicJWK encodes a public key as a JSON Web Key for NewServiceApp. The key is an *rsa.PublicKey, or an
// *ecdsa.PublicKey on P-256, P-384 or P-521. The ID may be empty. It panics for any other key.
func PublicJWK(key any, id string) json.RawMessage { return oauth.PublicJWK(key, id) }

// AddServiceApp registers an OAuth client, which is also an application of the org, and returns its client ID.
func (o *Org) AddServiceApp(n NewServiceApp) string {
	return add(o, n, (*Org).insertServiceApp)["client_id"].(string)
}

func (o *Org) insertServiceApp(n NewServiceApp, now time.Time) (doc, error) {
	life, errLife := time.ParseDuration(cmp.Or(n.TokenLifetime, "1h"))
	s := &serviceApp{Client: &oauth.Client{Scopes: slices.Clone(n.Scopes), DPoP: n.DPoP, Life: life}}
	if len(n.Roles) == 0 {
		n.Roles = []string{superAdmin}
	}
	s.roles = each(n.Roles, func(kind string) *role {
		return &role{object: o.newObject("", "ra1", "", now), NewRole: NewRole{Type: kind, Label: roleTypes[kind].Label}}
	})
	faults := append(each(s.roles, (*role).check), s.AddKeys(each(n.Keys, func(k json.RawMessage) []byte { return k })...),
		wrong(errLife != nil || life <= 0, "token_lifetime is not a positive duration"), taken(o.apps, n.ClientID))
	if err := invalid("service app", faults...); err != nil {
		return nil, err
	}
	state := must(o.insertApp(NewApp{
		ID: n.ClientID, Label: cmp.Or(n.Label, "Service app"), SignOnMode: "OPENID_CONNECT", Hidden: true,
	}, now))
	a := must(find(o.apps, state.ID, ""))
	a.Document = fill(shapes["service app"], doc{"id": a.id, "dpop": n.DPoP}).(doc)
	s.app, s.ID = a, a.id
	s.Active = func() bool { return a.status == statusActive }
	for _, r := range s.roles {
		r.app = a
	}
	o.oauth.Add(s.Client)
	o.clientApps[s.Client] = s
	return doc{"client_id": s.ID}, nil
}

// target returns the client as an actor in the log.
func (s *serviceApp) target() doc { return target(s.ID, "PublicClientApp", s.ID, s.app.Label) }

// issueToken is the token endpoint.
func (o *Org) issueToken(c *call) (any, error) {
	client, r, err := o.oauth.Issue(&c.Call)
	if err != nil {
		return nil, err
	}
	c.app = o.clientApps[client]
	o.logEvent(c, "app.oauth2.token.grant.access_token", c.app.target())
	return r, nil
}

// authorize identifies the caller. It returns nil if the caller may call the endpoint, and otherwise the response. An
// API token has the permissions of its owner's roles. An access token needs the scope, and its app needs the
// permission. A public endpoint needs no caller. An unknown endpoint is reported to any caller.
func (o *Org) authorize(c *call, r *route) *wire.Reply {
	if r != nil && r.kind == "" {
		return nil
	}
	var roles []*role
	scheme, text, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	// An additional API token is valid only while its owner can sign in.
	if t := o.apiTokens[text]; scheme == "SSWS" && t != nil && (text == o.token || t.owner.status == StatusActive) {
		c.token = t
		if c.isForMe() {
			if c.Params[0] = c.token.owner.id; r.endpoint == "GET /api/v1/users/{id}" {
				return nil
			}
		}
		roles = o.rolesOf(c.token.owner)
	} else {
		if scheme != "Bearer" && scheme != "DPoP" {
			return wire.Code("E0000011").Reply(o.fresh.ErrorID())
		}
		client, refusal := o.oauth.Check(&c.Call, scheme, text, r.scope())
		if client == nil {
			return refusal
		}
		c.app = o.clientApps[client]
		roles = c.app.roles
	}
	if r == nil || slices.ContainsFunc(roles, func(held *role) bool { return held.allows(r) }) && !o.protectsSuperAdmin(r, c, roles) {
		return nil
	}
	return wire.Code("E0000006").Reply(o.fresh.ErrorID())
}

// allows reports whether the role may call an endpoint. A custom role has its own permissions. For reading role
// assignments, the permission is okta.iam.read
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/permissions/).
func (r *role) allows(to *route) bool {
	granted, scope := roleTypes[r.Type].Permissions, to.scope()
	if r.Type == customRole {
		granted = r.Permissions
		if scope == "okta.roles.read" {
			scope = "okta.iam.read"
		}
	}
	return r.isSuper() || oauth.Includes(granted, scope) || slices.Contains(granted, to.endpoint)
}

// allowedOnSuperAdmins lists the writes to a super administrator that lesser administrators may make. In Okta's
// comparison of the standard roles, these are suspending, activating and clearing sessions
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm). According to an older
// page, they may also deactivate a super administrator
// (https://help.okta.com/en/prod/Content/Topics/Security/administrators-edit-revoke-admins.htm).
var allowedOnSuperAdmins = []string{
	"POST /api/v1/users/{id}/lifecycle/suspend", "POST /api/v1/users/{id}/lifecycle/unsuspend",
	"POST /api/v1/users/{id}/lifecycle/activate", "POST /api/v1/users/{id}/lifecycle/reactivate",
	"DELETE /api/v1/users/{id}/sessions",
}

// protectsSuperAdmin reports whether the call writes to a super administrator, and only another super administrator
// may do so. Okta's comparison does not mention super administrators for groups, devices and applications.
func (o *Org) protectsSuperAdmin(r *route, c *call, caller []*role) bool {
	if r.isRead() || !strings.Contains(r.endpoint, " /api/v1/users/{id}") || slices.Contains(allowedOnSuperAdmins, r.endpoint) ||
		slices.ContainsFunc(caller, (*role).isSuper) {
		return false
	}
	u, err := o.findUser(c.Params[0])
	return err == nil && slices.ContainsFunc(o.rolesOf(u), (*role).isSuper)
}
