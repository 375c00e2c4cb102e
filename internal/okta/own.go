package okta

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog"
)

// own knows by what the events are marked that the client's login causes. It is
// safe for concurrent use.
type own struct {
	clientID string // of a service app; "" for an API token

	mu      sync.Mutex
	token   string          // id of the API token, once an event has told it
	sent    map[string]bool // request ids of writes, the latest ones
	inOrder []string        // the same, oldest first
}

// mostSent is how many request ids are kept until an event of one comes by.
const mostSent = 1000

// wrote notes the id that Okta gave a write: an event that bears it tells the id of
// the API token, which no call of Okta's does.
func (o *own) wrote(requestID string) {
	if o.clientID != "" || requestID == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token != "" || o.sent[requestID] {
		return
	}
	if o.sent == nil {
		o.sent = map[string]bool{}
	}
	if len(o.inOrder) == mostSent {
		delete(o.sent, o.inOrder[0])
		o.inOrder = o.inOrder[1:]
	}
	o.sent[requestID] = true
	o.inOrder = append(o.inOrder, requestID)
}

// tells reports whether the cause is the login, as far as its marks tell; sure is
// false where the user decides.
func (o *own) tells(c systemlog.Cause) (own, sure bool) {
	if o.clientID != "" {
		return c.ActorID == o.clientID || c.ClientID == o.clientID, true
	}
	if c.TokenID == "" {
		return false, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token == "" && o.sent[c.RequestID] {
		o.token, o.sent, o.inOrder = c.TokenID, nil, nil
	}
	if o.token != "" {
		return c.TokenID == o.token, true
	}
	return false, !strings.HasPrefix(c.Agent, agentName)
}

// MayHaveCaused reports whether it can be that the client's login caused an event,
// by a look at its bytes: most events can be told apart so.
func (c *Client) MayHaveCaused(raw []byte) bool {
	if c.own.clientID != "" {
		return bytes.Contains(raw, []byte(c.own.clientID))
	}
	return bytes.Contains(raw, []byte(`"requestApiTokenId"`))
}

// Caused reports whether the client's login caused an event.
//
// A service app's events bear its client ID. An API token's bear the token's id,
// which no call of Okta's tells its owner: an event of a write that this client sent
// tells it, by the id of the request. Until such an event came by, those are the
// login's own that were caused with an API token, by its user, by this connector;
// for that, Okta is asked once who the user is.
func (c *Client) Caused(ctx context.Context, cause systemlog.Cause) (bool, error) {
	own, sure := c.own.tells(cause)
	if sure {
		return own, nil
	}
	self, err := c.guard.own(ctx)
	return self != "" && cause.ActorID == self, err
}
