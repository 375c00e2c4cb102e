package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"soar.example/okta/sdk"
)

// A finding is whether the login may do one thing.
type finding struct {
	can     string
	missing string
	why     string
}

// found is what the answer to a read tells about others of its kind.
func found(err error) finding {
	e := sdk.AsError(err)
	switch {
	case e == nil:
		return finding{can: CanYes}
	case lacks(e), e.Code == sdk.NotFound:
		return finding{can: CanNo, why: "this org does not have the feature"}
	case e.Code == sdk.Forbidden:
		return finding{can: CanNo, missing: "an admin role that may read this", why: e.Message}
	}
	return finding{can: CanUnknown, why: "Okta could not be asked: " + e.Message}
}

// probes are the smallest reads of each family of scopes.
var probes = map[string]struct {
	path  string
	query url.Values
}{
	"okta.users":        {"/api/v1/users", url.Values{"limit": {"1"}}},
	"okta.groups":       {"/api/v1/groups", url.Values{"limit": {"1"}}},
	"okta.apps":         {"/api/v1/apps", url.Values{"limit": {"1"}}},
	"okta.devices":      {"/api/v1/devices", url.Values{"limit": {"1"}}},
	"okta.networkZones": {"/api/v1/zones", url.Values{"limit": {"1"}}},
	"okta.policies":     {"/api/v1/policies", url.Values{"type": {"OKTA_SIGN_ON"}}},
	"okta.logs":         {"/api/v1/logs", url.Values{"limit": {"1"}}},
	"okta.roles":        {"/api/v1/iam/assignees/users", url.Values{"limit": {"1"}}},
}

// probe reads a little of a family, once. Of a family that has nothing to read it
// knows nothing to say against it.
func (s *survey) probe(ctx context.Context, family string) (finding, error) {
	if f, done := s.seen[family]; done {
		return f, nil
	}
	f := finding{can: CanYes}
	path, query := probes[family].path, probes[family].query
	switch family {
	case "okta.userRisk":
		// A risk is somebody's; whose does not matter.
		path, f = s.somebodysRisk()
	case "okta.logs":
		query = url.Values{"limit": {"1"}, "since": {time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}}
	}
	if path != "" {
		r, err := s.client.send(ctx, http.MethodGet, path, query, nil)
		if ctx.Err() != nil {
			return finding{}, ctx.Err()
		}
		f = found(err)
		if family == "okta.users" && err == nil {
			s.anybody(r)
		}
	}
	if f.missing != "" && s.scoped {
		f.missing += ", or the scope " + family + ".read"
	}
	s.seen[family] = f
	return f, nil
}

// anybody remembers the user that a read of users found, for a login that is none.
func (s *survey) anybody(r *reply) {
	var users []struct{ ID string }
	if s.user == "" && r.decode(&users) == nil && len(users) > 0 {
		s.user = users[0].ID
	}
}

func (s *survey) somebodysRisk() (string, finding) {
	p, err := path("users", s.user, "risk")
	if err != nil {
		return "", finding{can: CanUnknown, why: "no user was found whose risk could be read"}
	}
	return p, finding{}
}
