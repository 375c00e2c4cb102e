package okta

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

// appScopes are which of the scopes that the connection wants the app has. Okta
// refuses a request for several as a whole if one of them is not granted, and does
// not say which.
type appScopes struct {
	wanted []string
	found  map[string]bool // what asking for one alone told
	whole  bool            // found has all of wanted
	stale  time.Time       // when found is to be forgotten
	given  []string        // what the latest token says it is for; empty if it does not
	known  bool            // a token was given
}

const (
	// keepMissing is for how long a scope that is not granted is not asked for again:
	// each time shows in the org's log as a failed login.
	keepMissing = 12 * time.Hour
	// keepNone is for an app that has none yet: somebody is about to grant them.
	keepNone = time.Minute
)

// open are the scopes that are not known to be missing.
func (s *appScopes) open(now time.Time) []string {
	if now.After(s.stale) {
		s.forget()
	}
	return slices.DeleteFunc(slices.Clone(s.wanted), func(scope string) bool {
		granted, known := s.found[scope]
		return known && !granted
	})
}

func (s *appScopes) forget() { s.found, s.whole = nil, false }

// said notes what a token is for by its giver's word; without one it is for all that
// was asked.
func (s *appScopes) said(scopes []string) { s.given, s.known = scopes, true }

func (s *appScopes) missing() []string {
	return slices.DeleteFunc(slices.Clone(s.wanted), func(scope string) bool {
		if granted, known := s.found[scope]; known {
			return granted
		}
		return len(s.given) == 0 || slices.Contains(s.given, scope)
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
	missing = o.scopes.missing()
	granted = slices.DeleteFunc(slices.Clone(o.scopes.wanted), func(s string) bool { return slices.Contains(missing, s) })
	return granted, missing, o.scopes.known
}

// fetch gets a token for as many of the wanted scopes as the app has.
func (o *oauth) fetch(ctx context.Context) (*accessToken, error) {
	o.mu.Lock()
	scopes := o.scopes.open(o.now())
	probed := o.scopes.whole
	o.mu.Unlock()
	if len(scopes) > 0 {
		t, err := o.ask(ctx, scopes)
		if !lacksScope(err) {
			return t, err
		}
		if probed {
			// What was found out is not true any more.
			o.forgetScopes()
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
	wanted := o.scopes.wanted
	o.mu.Unlock()
	var granted []string
	var upstream *sdk.Upstream
	for _, scope := range wanted {
		has, known := o.scope(scope)
		if !known {
			_, err := o.ask(ctx, []string{scope})
			if err != nil && !lacksScope(err) {
				return nil, err
			}
			has = err == nil
			o.noteScope(scope, has)
			if err != nil {
				upstream = sdk.AsError(err).Upstream
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
	o.scopes.whole = true
	if len(granted) > 0 {
		return granted, nil
	}
	o.scopes.stale = o.now().Add(keepNone)
	return nil, &sdk.Error{
		Code: sdk.Unauthenticated, Upstream: upstream,
		Message: "cannot log in: the app is granted none of the scopes " + printable(strings.Join(wanted, ", "), 600),
	}
}

func (o *oauth) scope(scope string) (has, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	has, known = o.scopes.found[scope]
	return has, known
}

func (o *oauth) noteScope(scope string, has bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.scopes.found == nil {
		o.scopes.found, o.scopes.stale = map[string]bool{}, o.now().Add(keepMissing)
	}
	o.scopes.found[scope] = has
}

func (o *oauth) forgetScopes() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.scopes.forget()
}

// lacksScope reports whether err is Okta's refusal of a scope.
func lacksScope(err error) bool {
	e := sdk.AsError(err)
	return e != nil && e.Upstream != nil && e.Upstream.Code == invalidScope
}
