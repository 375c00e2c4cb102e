package okta

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"soar.example/okta/sdk"
)

// An Operation is what the connector offers as far as it matters to whether a login
// may do it.
type Operation struct {
	Name   string
	Writes bool
	Scopes []string // OAuth scopes that it needs
}

// Whether a login can do something. What reads cannot tell is unknown, never yes.
const (
	CanYes     = "yes"
	CanNo      = "no"
	CanPartly  = "partly" // its main part; not all that it can be asked for
	CanUnknown = "unknown"
)

// A Permission is whether the login can run one action.
type Permission struct {
	Action  string
	Can     string
	Missing []string // scopes or admin roles that it lacks
	Why     string   // what is known, "" where there is nothing to say
}

// Permissions are what a login can do.
type Permissions struct {
	Account    string
	Roles      []string // types of its admin roles, sorted
	RolesKnown bool     // whether Okta let them be read
	Scopes     []string // of a service app: those that it was granted
	Notes      []string
	Actions    []Permission
}

// Offer tells the client what the connector offers, for [Client.Permissions]. It must
// come before any other call.
func (c *Client) Offer(offered func(context.Context) ([]Operation, error)) { c.offered = offered }

// Permissions finds out what the login can do, and sends nothing but reads: who it
// is, which admin roles it has, and one small read for each part of the API that the
// actions of this connection need, ten at most, and one for each custom role, three at
// most. Its error is that of the first: a
// login that is not accepted can do nothing.
func (c *Client) Permissions(ctx context.Context) (*Permissions, error) {
	if c.offered == nil {
		return nil, sdk.Errorf(sdk.Internal, "the client was not told what is offered")
	}
	operations, err := c.offered(ctx)
	if err != nil {
		return nil, err
	}
	me, meErr := c.send(ctx, http.MethodGet, "/api/v1/users/me", nil, nil)
	p := new(Permissions)
	if p.Account, p.Notes, err = c.login.identify(me, meErr); err != nil {
		return nil, err
	}
	survey := &survey{client: c, seen: map[string]finding{}}
	if meErr == nil {
		if u, err := decodeUser(me); err == nil {
			survey.user = u.ID
		}
	}
	if survey.scoped = isApp(c.login); survey.scoped {
		p.Scopes, _, _ = c.Scopes()
		survey.granted = p.Scopes
	}
	if err := survey.readRoles(ctx); err != nil {
		return nil, err
	}
	p.Roles, p.RolesKnown = survey.roles, survey.rolesKnown
	if !p.RolesKnown {
		p.Notes = append(p.Notes, "Okta does not let this login read its admin roles: what it may write cannot be told")
	}
	for _, op := range operations {
		permission, err := survey.judge(ctx, op)
		if err != nil {
			return nil, err
		}
		p.Actions = append(p.Actions, permission)
	}
	return p, nil
}

func isApp(l login) bool { _, ok := l.(*oauth); return ok }

// A survey is what was found out about a login so far.
type survey struct {
	client     *Client
	user       string // the login's own user, "" if it is none
	scoped     bool   // the login has OAuth scopes
	granted    []string
	roles      []string
	rolesKnown bool
	customs    int
	labels     []string           // what its custom roles permit
	unread     bool               // not all of them could be read
	seen       map[string]finding // by family of scopes
}

// readRoles reads which admin roles the login has, if Okta lets it.
func (s *survey) readRoles(ctx context.Context) error {
	p := ""
	if o, ok := s.client.login.(*oauth); ok {
		p = "/oauth2/v1/clients/" + o.clientID + "/roles"
		if plain(o.clientID) != nil || !s.grants("okta.roles.read") {
			return nil
		}
	} else if segments, err := path("users", s.user, "roles"); err == nil {
		p = segments
	} else {
		return nil
	}
	r, err := s.client.send(ctx, http.MethodGet, p, nil, nil)
	s.seen["okta.roles"] = found(err)
	if err != nil {
		return ctx.Err()
	}
	var roles []struct{ Type, Status, Role string }
	if r.decode(&roles) != nil {
		return nil
	}
	s.rolesKnown, s.roles = true, []string{}
	for _, role := range roles {
		if role.Status != "INACTIVE" {
			s.roles = append(s.roles, role.Type)
		}
		if role.Status != "INACTIVE" && role.Type == RoleCustom {
			s.readPermissions(ctx, role.Role)
		}
	}
	slices.Sort(s.roles)
	s.roles = slices.Compact(s.roles)
	return ctx.Err()
}

// readPermissions reads what a custom role permits.
func (s *survey) readPermissions(ctx context.Context, role string) {
	if s.customs++; s.customs > mostCustoms {
		s.unread = true
		return
	}
	var body struct{ Permissions []struct{ Label string } }
	p, err := path("iam", "roles", role, "permissions")
	if err == nil {
		_, err = s.client.object(ctx, p, &body)
	}
	if err != nil {
		s.unread = true
		return
	}
	for _, permission := range body.Permissions {
		s.labels = append(s.labels, permission.Label)
	}
}

// mostCustoms is how many custom roles are read.
const mostCustoms = 3

// composites do what the first of their scopes is for without the others.
var composites = []string{"contain_user", "restore_user", "get_user_blast_radius", "block_ip"}

// judge says whether the login can run an action.
func (s *survey) judge(ctx context.Context, op Operation) (Permission, error) {
	p := Permission{Action: op.Name, Can: CanYes}
	refusal := s.client.Authorize(op.Name)
	if refusal == nil && op.Writes && s.client.guard.ReadOnly && op.Name != customRequest {
		refusal = refusedBy("read_only", "this connection only reads")
	}
	if e := sdk.AsError(refusal); e != nil {
		p.Can, p.Why = CanNo, "the settings refuse it: "+e.Message
		return p, nil
	}
	if op.Name == customRequest {
		p.Can, p.Why = CanUnknown, "that depends on what is asked"
		if s.client.guard.ReadOnly || !s.client.guard.AllowCustomWrites {
			p.Why += "; the settings let it only read"
		}
		return p, nil
	}
	var reasons []string
	shut, err := s.protections(ctx, op)
	if err != nil {
		return Permission{}, err
	}
	if shut.can != CanYes {
		p.Can, p.Missing, reasons = shut.can, add(nil, shut.missing), add(nil, shut.why)
	}
	for i, scope := range op.Scopes {
		f, err := s.scope(ctx, op.Name, scope)
		if err != nil {
			return Permission{}, err
		}
		if f.can == CanYes {
			continue
		}
		if f.missing != "" && !slices.Contains(p.Missing, f.missing) {
			p.Missing = append(p.Missing, f.missing)
		}
		if f.why != "" && !slices.Contains(reasons, f.why) {
			reasons = append(reasons, f.why)
		}
		switch {
		case f.can == CanNo && i > 0 && slices.Contains(composites, op.Name):
			if p.Can == CanYes {
				p.Can = CanPartly
			}
		case f.can == CanNo:
			p.Can = CanNo
		case p.Can != CanNo:
			p.Can = CanUnknown
		}
	}
	if refused := s.refusedParts(op.Name); len(refused) > 0 && p.Can == CanYes {
		p.Can = CanPartly
		reasons = append(reasons, "allowed_actions lacks "+strings.Join(refused, ", ")+", which parts of it need")
	}
	if s.blind() && op.toUsers() && !s.client.guard.AllowUnknownAdmins {
		p.Can = CanNo
		what := "an admin role that may read admin roles"
		if s.scoped && !s.grants("okta.roles.read") {
			what = "okta.roles.read"
		}
		p.Missing = add(p.Missing, what)
		reasons = append(reasons, "the guards cannot tell whether a user is the last super administrator; allow_unknown_admins lets it write all the same")
	}
	p.Why = strings.Join(reasons, "; ")
	return p, nil
}

const customRequest = "custom_request"

// partsOf lists the single actions that a composite needs for the rights it grants.
// restore_user needs them only for a record that this host did not sign.
var partsOf = map[string][]string{
	"contain_user": {"add_user_to_group"},
	"restore_user": {"add_user_to_group", "assign_role", "remove_user_from_group", "unsuspend_device", "unsuspend_user"},
}

// refusedParts returns the parts of a composite that the settings do not allow.
func (s *survey) refusedParts(action string) []string {
	var refused []string
	for _, part := range partsOf[action] {
		if s.client.Authorize(part) != nil {
			refused = append(refused, part)
		}
	}
	return refused
}

// grants reports whether the login has a scope: to manage is to read as well.
func (s *survey) grants(scope string) bool {
	kind, reads := strings.CutSuffix(scope, ".read")
	return slices.Contains(s.granted, scope) || reads && slices.Contains(s.granted, kind+".manage")
}

// scope says whether the login may do what the action needs a scope for.
func (s *survey) scope(ctx context.Context, action, scope string) (finding, error) {
	if s.scoped && !s.grants(scope) {
		return finding{can: CanNo, missing: scope, why: "the app is not granted " + scope}, nil
	}
	family := scope[:strings.LastIndex(scope, ".")+1]
	family = strings.TrimSuffix(family, ".")
	read, err := s.probe(ctx, family)
	if err != nil || read.can == CanNo {
		return read, err
	}
	if !strings.HasSuffix(scope, ".manage") {
		return read, nil
	}
	return s.mayWrite(powerOf(action, scope)), nil
}

// blind reports whether the login may not read admin roles, as the guards must before
// they let a write to a user through.
func (s *survey) blind() bool {
	return s.scoped && !s.grants("okta.roles.read") || s.seen["okta.roles"].missing != ""
}

// protections says whether the guards can look up whom the settings protect, as they
// must before they let a write to somebody through.
func (s *survey) protections(ctx context.Context, op Operation) (finding, error) {
	if !op.toSomebody() {
		return finding{can: CanYes}, nil
	}
	var scopes []string
	if g := s.client.guard; g.protects() {
		scopes = append(scopes, "okta.users.read")
		if len(g.ProtectedGroups) > 0 {
			scopes = append(scopes, "okta.groups.read")
		}
	}
	for _, scope := range scopes {
		if f, err := s.scope(ctx, op.Name, scope); err != nil || f.can != CanYes {
			f.why = "the guards cannot look up whom the settings protect: " + f.why
			return f, err
		}
	}
	return finding{can: CanYes}, nil
}

// toNobody are the actions that write to no user, group or device that is there already.
var toNobody = []string{"create_user", "create_group", "block_ip", "unblock_ip", "deactivate_application"}

func (op Operation) toSomebody() bool { return op.Writes && !slices.Contains(toNobody, op.Name) }

// toUsers reports whether the action writes to users who are there already.
func (op Operation) toUsers() bool {
	return op.toSomebody() && slices.ContainsFunc(op.Scopes, func(scope string) bool {
		return strings.HasPrefix(scope, "okta.users.") || strings.HasPrefix(scope, "okta.sessions.")
	})
}

// mayWrite says whether the login's roles allow a power.
func (s *survey) mayWrite(power string) finding {
	may := mayUse[power]
	able := "an admin role that may do this, such as " + strings.Join(able(power), " or ")
	if !s.rolesKnown {
		if power == "okta.roles.manage" && s.seen["okta.roles"].can == CanNo {
			return finding{can: CanNo, missing: able, why: "who may give roles may also see them"}
		}
		return finding{can: CanUnknown, why: "its admin roles cannot be read, and nothing but a write could tell"}
	}
	best := finding{can: CanNo, missing: able}
	for _, role := range s.roles {
		switch verdict, listed := may[role]; {
		case role == superAdmin || verdict == CanYes:
			return finding{can: CanYes}
		case role == RoleCustom && !s.unread && s.excludes(power):
		case role == RoleCustom && !s.unread && permits[power] != nil:
			best = finding{can: CanUnknown, why: "its custom role may permit it, over no more than the role's resources"}
		case !listed && !slices.Contains(readers, role):
			best = finding{can: CanUnknown, why: "what " + role + " may do here is not known"}
		case verdict == CanPartly && best.can == CanNo:
			best = finding{can: CanUnknown, why: role + " may be limited to some groups or applications"}
		}
	}
	return best
}
