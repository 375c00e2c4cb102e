// Package permission determines the actions that a connection's principal can run. It sends only reads.
package permission

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

// An Action is an action of the connector.
type Action struct {
	Name   string
	Writes bool
	Scopes []string // required OAuth scopes
}

// These are the results of a Permission. The result is unknown, never yes, if reads cannot show whether the principal
// can run an action.
const (
	Yes     = "yes"
	No      = "no"
	Partly  = "partly" // the main part of the action, but not all parts
	Unknown = "unknown"
)

// A Permission states whether the principal can run one action.
type Permission struct {
	Action  string
	Can     string
	Missing []string // missing scopes or admin roles
	Why     string   // the reason, or ""
}

// A Report lists the permissions of a principal.
type Report struct {
	Account    string
	Roles      []string // types of the principal's admin roles, sorted
	RolesKnown bool     // the principal may read its admin roles
	Scopes     []string // granted scopes of a service app
	Notes      []string
	Actions    []Permission
}

// An Org sends the reads of a survey.
type Org interface {
	// Self reads the principal's own user. A service app has none.
	Self(ctx context.Context) (user guard.User, skew time.Duration, err error)
	// Get sends a GET to a path of the org.
	Get(ctx context.Context, path string, query url.Values) (*rest.Response, error)
}

// Survey reports which of the actions the principal can run. It reads the principal, its admin roles, at most ten
// objects (one for each family of scopes), and at most three custom roles. An error means that Okta rejects the
// credentials.
func Survey(ctx context.Context, org Org, credentials auth.Credentials, rules *guard.Guard, actions []Action) (*Report, error) {
	me, skew, meErr := org.Self(ctx)
	p := new(Report)
	var err error
	if p.Account, p.Notes, err = credentials.Describe(me.Login, skew, meErr); err != nil {
		return nil, err
	}
	s := &survey{org: org, guard: rules, clientID: credentials.ClientID(), user: me.ID, seen: map[string]finding{}}
	if s.isApp() {
		p.Scopes, _, _ = credentials.Scopes()
		s.granted = p.Scopes
	}
	if err := s.readRoles(ctx); err != nil {
		return nil, err
	}
	p.Roles, p.RolesKnown = s.roles, s.rolesKnown
	if !p.RolesKnown {
		p.Notes = append(p.Notes, "the credentials may not read their own admin roles, so their write permissions are unknown")
	}
	for _, action := range actions {
		permission, err := s.check(ctx, action)
		if err != nil {
			return nil, err
		}
		p.Actions = append(p.Actions, permission)
	}
	return p, nil
}

// A survey contains the findings about a principal so far.
type survey struct {
	org        Org
	guard      *guard.Guard
	clientID   string // client ID of a service app, "" for a user
	user       string // ID of the principal's user, or of any user; "" if none is known
	granted    []string
	roles      []string
	rolesKnown bool
	customs    int
	labels     []string           // permissions of the custom roles
	unread     bool               // some custom roles could not be read
	seen       map[string]finding // by family of scopes
}

func (s *survey) isApp() bool { return s.clientID != "" }

// readRoles reads the principal's admin roles, if Okta allows it.
func (s *survey) readRoles(ctx context.Context) error {
	p, err := rest.Path("users", s.user, "roles")
	if s.isApp() {
		p, err = "/oauth2/v1/clients/"+s.clientID+"/roles", rest.CheckSegment(s.clientID)
		if !s.grants("okta.roles.read") {
			return nil
		}
	}
	if err != nil {
		return nil
	}
	r, err := s.org.Get(ctx, p, nil)
	s.seen["okta.roles"] = found(err)
	if err != nil {
		return ctx.Err()
	}
	var roles []struct{ Type, Status, Role string }
	if r.Decode(&roles) != nil {
		return nil
	}
	s.rolesKnown, s.roles = true, []string{}
	for _, role := range roles {
		if role.Status == "INACTIVE" {
			continue
		}
		s.roles = append(s.roles, role.Type)
		if role.Type == customRole {
			s.readPermissions(ctx, role.Role)
		}
	}
	slices.Sort(s.roles)
	s.roles = slices.Compact(s.roles)
	return ctx.Err()
}

// maxCustomRoles is the maximum number of custom roles that are read.
const maxCustomRoles = 3

// readPermissions reads the permissions of a custom role.
func (s *survey) readPermissions(ctx context.Context, role string) {
	var body struct{ Permissions []struct{ Label string } }
	s.customs++
	p, err := rest.Path("iam", "roles", role, "permissions")
	if err == nil && s.customs <= maxCustomRoles {
		var r *rest.Response
		if r, err = s.org.Get(ctx, p, nil); err == nil {
			err = r.DecodeObject(&body)
		}
	}
	if err != nil || s.customs > maxCustomRoles {
		s.unread = true
		return
	}
	for _, permission := range body.Permissions {
		s.labels = append(s.labels, permission.Label)
	}
}

// composites are actions whose main part needs only the first scope.
var composites = []string{"contain_user", "restore_user", "get_user_blast_radius", "block_ip"}

const customRequest = "custom_request"

// check determines whether the principal can run an action.
func (s *survey) check(ctx context.Context, action Action) (Permission, error) {
	p := Permission{Action: action.Name, Can: Yes}
	rejection := s.guard.Authorize(action.Name)
	if rejection == nil && action.Writes && s.guard.ReadOnly && action.Name != customRequest {
		rejection = guard.Reject("read_only", "this connection only reads")
	}
	switch e := sdk.AsError(rejection); {
	case e != nil:
		p.Can, p.Why = No, "the settings reject it: "+e.Message
		return p, nil
	case action.Name == customRequest:
		p.Can, p.Why = Unknown, "it depends on the request"
		if s.guard.ReadOnly || !s.guard.AllowCustomWrites {
			p.Why += "; the settings allow it only reads"
		}
		return p, nil
	}
	var reasons []string
	protection, err := s.protections(ctx, action)
	if err != nil {
		return Permission{}, err
	}
	if protection.can != Yes {
		p.Can, p.Missing, reasons = protection.can, add(nil, protection.missing), add(nil, protection.why)
	}
	for i, scope := range action.Scopes {
		f, err := s.scope(ctx, action.Name, scope)
		if err != nil {
			return Permission{}, err
		}
		if f.can == Yes {
			continue
		}
		p.Missing, reasons = add(p.Missing, f.missing), add(reasons, f.why)
		switch {
		case f.can == No && i > 0 && slices.Contains(composites, action.Name):
			if p.Can == Yes {
				p.Can = Partly
			}
		case f.can == No:
			p.Can = No
		case p.Can != No:
			p.Can = Unknown
		}
	}
	if parts := s.rejectedParts(action.Name); len(parts) > 0 && p.Can == Yes {
		p.Can = Partly
		reasons = append(reasons, "allowed_actions lacks "+strings.Join(parts, ", ")+", which some of its steps need")
	}
	if s.rolesHidden() && action.writesToUsers() && !s.guard.AllowUnknownAdmins {
		p.Can = No
		missing := "an admin role that may read admin roles"
		if s.isApp() && !s.grants("okta.roles.read") {
			missing = "okta.roles.read"
		}
		p.Missing = add(p.Missing, missing)
		reasons = append(reasons, "the guards cannot tell whether a user is the last super administrator; allow_unknown_admins lets it write anyway")
	}
	p.Why = strings.Join(reasons, "; ")
	return p, nil
}

// partsOf lists the actions that must be allowed for the parts of a composite action. restore_user needs them only
// for a record that this host did not sign.
var partsOf = map[string][]string{
	"contain_user": {"add_user_to_group"},
	"restore_user": {"add_user_to_group", "assign_role", "remove_user_from_group", "unsuspend_device", "unsuspend_user"},
}

// rejectedParts returns the parts of a composite that the settings do not allow.
func (s *survey) rejectedParts(action string) (rejected []string) {
	for _, part := range partsOf[action] {
		if s.guard.Authorize(part) != nil {
			rejected = append(rejected, part)
		}
	}
	return rejected
}

func add(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// grants reports whether the app has a scope. A manage scope includes the read scope.
func (s *survey) grants(scope string) bool {
	kind, reads := strings.CutSuffix(scope, ".read")
	return slices.Contains(s.granted, scope) || reads && slices.Contains(s.granted, kind+".manage")
}

// scope determines whether the principal may run the part of an action that needs a scope.
func (s *survey) scope(ctx context.Context, action, scope string) (finding, error) {
	if s.isApp() && !s.grants(scope) {
		return finding{can: No, missing: scope, why: "the app is not granted " + scope}, nil
	}
	read, err := s.probe(ctx, scope[:strings.LastIndex(scope, ".")])
	if err != nil || read.can == No || !strings.HasSuffix(scope, ".manage") {
		return read, err
	}
	return s.mayWrite(powerOf(action, scope)), nil
}

// rolesHidden reports whether the principal may not read admin roles, which the guard reads before each write to a
// user.
func (s *survey) rolesHidden() bool {
	return s.isApp() && !s.grants("okta.roles.read") || s.seen["okta.roles"].missing != ""
}

// protections determines whether the guard can look up the protected users and groups before a write.
func (s *survey) protections(ctx context.Context, action Action) (finding, error) {
	if !action.hasTarget() {
		return finding{can: Yes}, nil
	}
	var scopes []string
	if s.guard.Protects() {
		scopes = append(scopes, "okta.users.read")
	}
	if len(s.guard.ProtectedGroups) > 0 {
		scopes = append(scopes, "okta.groups.read")
	}
	for _, scope := range scopes {
		if f, err := s.scope(ctx, action.Name, scope); err != nil || f.can != Yes {
			f.why = "the guards cannot look up the protected users and groups: " + f.why
			return f, err
		}
	}
	return finding{can: Yes}, nil
}

// withoutTarget lists the actions that write to no existing user, group or device.
var withoutTarget = []string{"create_user", "create_group", "block_ip", "unblock_ip", "deactivate_application"}

func (a Action) hasTarget() bool { return a.Writes && !slices.Contains(withoutTarget, a.Name) }

// writesToUsers reports whether the action writes to existing users.
func (a Action) writesToUsers() bool {
	return a.hasTarget() && slices.ContainsFunc(a.Scopes, func(scope string) bool {
		return strings.HasPrefix(scope, "okta.users.") || strings.HasPrefix(scope, "okta.sessions.")
	})
}

// A finding states whether the principal has one permission.
type finding struct {
	can     string
	missing string
	why     string
}

// found converts the result of one read to the finding for a family of scopes.
func found(err error) finding {
	e := sdk.AsError(err)
	switch {
	case e == nil:
		return finding{can: Yes}
	case rest.Lacks(e), e.Code == sdk.NotFound:
		return finding{can: No, why: "this org does not have the feature"}
	case e.Code == sdk.Forbidden:
		return finding{can: No, missing: "an admin role that may read this", why: e.Message}
	}
	return finding{can: Unknown, why: "the request to Okta failed: " + e.Message}
}

// probes are the smallest reads of each family of scopes.
var probes = map[string]string{
	"okta.users":        "/api/v1/users?limit=1",
	"okta.groups":       "/api/v1/groups?limit=1",
	"okta.apps":         "/api/v1/apps?limit=1",
	"okta.devices":      "/api/v1/devices?limit=1",
	"okta.networkZones": "/api/v1/zones?limit=1",
	"okta.policies":     "/api/v1/policies?type=OKTA_SIGN_ON",
	"okta.logs":         "/api/v1/logs?limit=1",
	"okta.roles":        "/api/v1/iam/assignees/users?limit=1",
}

// probe sends the read of a family of scopes, once. A family without objects counts as readable.
func (s *survey) probe(ctx context.Context, family string) (finding, error) {
	if f, done := s.seen[family]; done {
		return f, nil
	}
	f := finding{can: Yes}
	path, rawQuery, _ := strings.Cut(probes[family], "?")
	query, _ := url.ParseQuery(rawQuery)
	switch family {
	case "okta.userRisk": // the risk of any user is sufficient
		var err error
		if path, err = rest.Path("users", s.user, "risk"); err != nil {
			path, f = "", finding{can: Unknown, why: "no user was found whose risk could be read"}
		}
	case "okta.logs":
		query.Set("since", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	}
	if path != "" {
		r, err := s.org.Get(ctx, path, query)
		if ctx.Err() != nil {
			return finding{}, ctx.Err()
		}
		f = found(err)
		if family == "okta.users" && err == nil && s.user == "" {
			var users []struct{ ID string }
			if r.Decode(&users) == nil && len(users) > 0 {
				s.user = users[0].ID
			}
		}
	}
	if f.missing != "" && s.isApp() {
		f.missing += ", or the scope " + family + ".read"
	}
	s.seen[family] = f
	return f, nil
}
