package okta

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

// grants are which of the scopes that the connection wants the app has. Okta
// refuses a request for several as a whole if one of them is not granted, and does
// not say which.
type grants struct {
	wanted []string
	found  map[string]bool // what asking for one alone told
	whole  bool            // found has all of wanted
	stale  time.Time       // when found is to be forgotten
	given  []string        // what the latest token says it is for; nil if it does not
}

const (
	// keepGrants is for how long a scope that is not granted is not asked for again:
	// each time shows in the org's log as a failed login.
	keepGrants = 12 * time.Hour
	// keepNoGrants is for an app that has none yet: somebody is about to grant them.
	keepNoGrants = time.Minute
)

// open are the scopes that are not known to be missing.
func (g *grants) open(now time.Time) []string {
	if now.After(g.stale) {
		g.found, g.whole = nil, false
	}
	return slices.DeleteFunc(slices.Clone(g.wanted), func(s string) bool {
		granted, known := g.found[s]
		return known && !granted
	})
}

func (g *grants) said(scopes []string) { g.given = scopes }

func (g *grants) missing() []string {
	return slices.DeleteFunc(slices.Clone(g.wanted), func(s string) bool {
		if granted, known := g.found[s]; known {
			return granted
		}
		return len(g.given) == 0 || slices.Contains(g.given, s)
	})
}

// Scopes returns the OAuth scopes that the login has, and those that the connection
// wanted besides and the app is not granted. Known is false for an API token, which
// has none, and until a service app has logged in for the first time.
func (c *Client) Scopes() (granted, missing []string, known bool) {
	o, ok := c.login.(*oauth)
	if !ok {
		return nil, nil, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	missing = o.grants.missing()
	granted = slices.DeleteFunc(slices.Clone(o.grants.wanted), func(s string) bool { return slices.Contains(missing, s) })
	return granted, missing, o.current != nil
}

// fetch gets a token for as many of the wanted scopes as the app has.
func (o *oauth) fetch(ctx context.Context) (*accessToken, error) {
	o.mu.Lock()
	scopes := o.grants.open(o.now())
	probed := o.grants.whole
	o.mu.Unlock()
	if len(scopes) > 0 {
		t, err := o.ask(ctx, scopes)
		if !lacksScope(err) {
			return t, err
		}
		if probed {
			// What was found out is not true any more.
			o.forgetGrants()
		}
	}
	scopes, err := o.probe(ctx)
	if err != nil {
		return nil, err
	}
	return o.ask(ctx, scopes)
}

// probe asks for each wanted scope alone, once, and returns those that are granted.
// What it has found is kept if it is cut short.
func (o *oauth) probe(ctx context.Context) ([]string, error) {
	o.mu.Lock()
	wanted := o.grants.wanted
	o.mu.Unlock()
	var granted []string
	var refusal error
	for _, scope := range wanted {
		has, known := o.grant(scope)
		if !known {
			_, err := o.ask(ctx, []string{scope})
			if err != nil && !lacksScope(err) {
				return nil, err
			}
			has = err == nil
			o.noteGrant(scope, has)
			if err != nil {
				refusal = err
			}
		}
		if has {
			granted = append(granted, scope)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return slices.Contains(granted, s) })
	hclog.FromContext(ctx).Warn("the app is not granted all scopes", "client_id", o.clientID, "missing", missing)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.grants.whole = true
	if len(granted) > 0 {
		return granted, nil
	}
	o.grants.stale = o.now().Add(keepNoGrants)
	if refusal == nil {
		refusal = &sdk.Error{Code: sdk.Unauthenticated, Message: "cannot log in: " + byOAuthCode[invalidScope].message}
	}
	return nil, refusal
}

func (o *oauth) grant(scope string) (has, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	has, known = o.grants.found[scope]
	return has, known
}

func (o *oauth) noteGrant(scope string, has bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.grants.found == nil {
		o.grants.found, o.grants.stale = map[string]bool{}, o.now().Add(keepGrants)
	}
	o.grants.found[scope] = has
}

func (o *oauth) forgetGrants() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.grants.found, o.grants.whole = nil, false
}

// lacksScope reports whether err is Okta's refusal of a scope.
func lacksScope(err error) bool {
	e := sdk.AsError(err)
	return e != nil && e.Upstream != nil && e.Upstream.Code == invalidScope
}
