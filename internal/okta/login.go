package okta

import (
	"context"
	"net/http"
	"strings"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A login is what a client shows to Okta. It is safe for concurrent use.
type login interface {
	// visit begins the login's part in one request.
	visit() visit
	// identify returns whose login it is, and what an operator should know of it,
	// given what came of a request for the login's own user.
	identify(me *reply, err error) (account string, notes []string, fault error)
	// mask takes out of a text of Okta's what is secret about the login.
	mask(text string) string
}

// A visit is one request's use of a login: it may be sent more than once, each time
// authorized anew.
type visit interface {
	// authorize puts the login on a request that is about to be sent.
	authorize(ctx context.Context, req *http.Request) error
	// refused is told of every answer. It reports whether Okta refused the login, and
	// with it the request, in a way that authorizing once more may mend. That ends:
	// each cure is tried once.
	refused(r *reply) (again bool)
}

// login makes what the settings describe. It sends nothing.
func (s Settings) login(t *transport, timeout time.Duration) (login, error) {
	if err := s.validateLogin(); err != nil {
		return nil, err
	}
	if s.ClientID == "" {
		return apiToken{s.Token}, nil
	}
	if len(s.Scopes) == 0 {
		return nil, sdk.InvalidField("/scopes", "is empty: Okta gives a service app no access without any scope")
	}
	return newOAuth(s.ServiceApp, t, timeout)
}

// An apiToken is a login of Okta's own kind, SSWS: the same in every request.
type apiToken struct{ secret sdk.Secret }

func (a apiToken) visit() visit { return a }

func (a apiToken) authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("Authorization", "SSWS "+a.secret.Reveal())
	return nil
}

func (apiToken) refused(*reply) bool { return false }

func (apiToken) identify(me *reply, err error) (string, []string, error) {
	if err != nil {
		return "", nil, err
	}
	u, err := decodeUser(me)
	if err != nil {
		return "", nil, err
	}
	var notes []string
	if skew := me.skew(); skew > maxSkew || skew < -maxSkew {
		notes = append(notes, describeSkew(skew))
	}
	return u.Login, notes, nil
}

func (a apiToken) mask(text string) string {
	return strings.ReplaceAll(text, a.secret.Reveal(), schema.Masked)
}

// maxSkew is how far this machine's clock may be off Okta's before it is worth a
// word.
const maxSkew = time.Minute

func describeSkew(skew time.Duration) string {
	return "this machine's clock is off Okta's by " + skew.Round(time.Second).String()
}
