package auth

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// appScopes records which of the requested scopes the app has. If one scope is not granted, Okta rejects the whole
// request without naming the scope.
type appScopes struct {
	wanted   []string
	found    map[string]bool // result of each scope that was requested alone
	complete bool            // found contains all requested scopes
	staleAt  time.Time       // expiry of found
	given    []string        // scopes of the latest token, empty if Okta does not list them
	known    bool            // Okta has issued a token
}

const (
	// missingScopeTTL is the time before a missing scope is requested again. Each request appears in the System Log
	// as a failed token request.
	missingScopeTTL = 12 * time.Hour
	// noScopeTTL is the same for an app without any scope. It is short, because an admin is probably about to grant
	// scopes.
	noScopeTTL = time.Minute
)

// candidates returns the scopes that are not known to be missing.
func (s *appScopes) candidates(now time.Time) []string {
	if now.After(s.staleAt) {
		s.forget()
	}
	return slices.DeleteFunc(slices.Clone(s.wanted), func(scope string) bool {
		granted, known := s.found[scope]
		return known && !granted
	})
}

func (s *appScopes) forget() { s.found, s.complete = nil, false }

// granted records the scopes that Okta listed with a token. A token without a list has all requested scopes.
func (s *appScopes) granted(scopes []string) { s.given, s.known = scopes, true }

func (s *appScopes) missing() []string {
	return slices.DeleteFunc(slices.Clone(s.wanted), func(scope string) bool {
		if granted, known := s.found[scope]; known {
			return granted
		}
		return len(s.given) == 0 || slices.Contains(s.given, scope)
	})
}

// without returns the elements of all that are not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

func (o *oauth) Scopes() (granted, missing []string, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	missing = o.scopes.missing()
	return without(o.scopes.wanted, missing), missing, o.scopes.known
}

// fetchToken requests a token for all requested scopes that the app has.
func (o *oauth) fetchToken(ctx context.Context) (*accessToken, error) {
	o.mu.Lock()
	scopes := o.scopes.candidates(o.now())
	probed := o.scopes.complete
	o.mu.Unlock()
	if len(scopes) > 0 {
		t, err := o.request(ctx, scopes)
		if !lacksScope(err) {
			return t, err
		}
		if probed {
			o.mu.Lock()
			o.scopes.forget()
			o.mu.Unlock()
		}
	}
	scopes, err := o.probe(ctx)
	if err != nil {
		return nil, err
	}
	return o.request(ctx, scopes)
}

// probe requests each scope alone, once, and returns the granted scopes. If it is interrupted, it keeps the results
// so far.
func (o *oauth) probe(ctx context.Context) ([]string, error) {
	o.mu.Lock()
	wanted := o.scopes.wanted
	o.mu.Unlock()
	var granted []string
	var upstream *sdk.Upstream
	for _, scope := range wanted {
		o.mu.Lock()
		has, known := o.scopes.found[scope]
		o.mu.Unlock()
		if !known {
			_, err := o.request(ctx, []string{scope})
			switch has = err == nil; {
			case lacksScope(err):
				upstream = sdk.AsError(err).Upstream
			case err != nil:
				return nil, err
			}
			o.noteScope(scope, has)
		}
		if has {
			granted = append(granted, scope)
		}
	}
	hclog.FromContext(ctx).Warn("the app is not granted all scopes", "client_id", o.clientID, "missing", without(wanted, granted))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.scopes.complete = true
	if len(granted) > 0 {
		return granted, nil
	}
	o.scopes.staleAt = o.now().Add(noScopeTTL)
	return nil, &sdk.Error{
		Code: sdk.Unauthenticated, Upstream: upstream,
		Message: "cannot get an access token: the app is granted none of the scopes " + httpclient.Printable(strings.Join(wanted, ", "), 600),
	}
}

func (o *oauth) noteScope(scope string, has bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.scopes.found == nil {
		o.scopes.found, o.scopes.staleAt = map[string]bool{}, o.now().Add(missingScopeTTL)
	}
	o.scopes.found[scope] = has
}

// lacksScope reports whether err is Okta's rejection of a scope.
func lacksScope(err error) bool {
	e := sdk.AsError(err)
	return e != nil && e.Upstream != nil && e.Upstream.Code == rest.InvalidScope
}
