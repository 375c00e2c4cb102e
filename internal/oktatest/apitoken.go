package oktatest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// NewAPIToken describes an API token (SSWS) besides the one that the org is made with. It may do what the admin roles
// of its owner allow.
type NewAPIToken struct {
	// Token is what requests carry.
	Token string `json:"token"`
	// User is the id or login of its owner.
	User string `json:"user"`
}

type apiToken struct {
	id    string
	owner *user
}

// AddAPIToken makes the org accept a token, and returns the id that the log shows. It panics when the token is empty
// or taken, or there is no such user.
func (o *Org) AddAPIToken(n NewAPIToken) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeAPIToken(n, o.clock())).ID
}

func (o *Org) placeAPIToken(n NewAPIToken, _ time.Time) (placedID, error) {
	if n.Token == "" || n.Token == o.token || o.apiTokens[n.Token] != nil {
		return placedID{}, errors.New("api token: is empty or taken")
	}
	u, err := o.findUser(n.User)
	if err != nil {
		return placedID{}, fmt.Errorf("api token: %w", err)
	}
	t := &apiToken{id: o.stable.object("00T"), owner: u}
	o.apiTokens[n.Token] = t
	return placedID{t.id}, nil
}

// ownerOf finds whose API token a call carries; nobody's whose owner may not sign in.
func (o *Org) ownerOf(c *call) (owner *user, tokenID string) {
	text, ok := strings.CutPrefix(c.header.Get("Authorization"), "SSWS ")
	switch t := o.apiTokens[text]; {
	case !ok:
		return nil, ""
	case text == o.token:
		return o.owner, o.tokenID
	case t != nil && t.owner.status == StatusActive:
		return t.owner, t.id
	}
	return nil, ""
}

// permits tells whether admin roles allow what an endpoint does.
func permits(roles []*role, r *route) bool {
	if r == nil || r.scope == "" {
		return true
	}
	for _, held := range roles {
		if held.allows(r) {
			return true
		}
	}
	return false
}
