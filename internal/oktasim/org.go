package oktasim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"soar.example/okta/internal/oktasim/oauth"
	"soar.example/okta/internal/oktasim/syslog"
	"soar.example/okta/internal/oktasim/wire"
)

// Options configure New. The zero value is an org with one user, its administrator.
type Options struct {
	// Token is the SSWS API token of the org. The default is DefaultToken.
	Token string
	// Now is the org's clock for resources, events and rate limit windows. The default is time.Now.
	Now func() time.Time
	// Seed is the initial content of the org. The default is Empty.
	Seed Seed
	// Classic creates a Classic Engine org, which has no devices, user risk or universal logout.
	Classic bool
}

// A Seed is the initial content of an org.
type Seed int

const (
	// Empty is an org with the group Everyone, Okta's own network zones, and the token's owner, who is a super
	// administrator.
	Empty Seed = iota
	// Demo is a small company with a dozen users in various states. They have factors, devices, applications and
	// roles. There are some groups, and an hour of sign-ins in the log.
	Demo
)

// DefaultToken is the default API token of an org.
const DefaultToken = "test-token"

// Org is an Okta org. It is an http.Handler and safe for concurrent use.
type Org struct {
	mu        sync.Mutex
	token     string               // first of apiTokens
	apiTokens map[string]*apiToken // by token
	clock     func() time.Time
	classic   bool // see Options.Classic

	stable *wire.IDs // IDs of users, groups and types; the same in every org
	fresh  *wire.IDs // IDs of events, sessions and requests; different in each org

	users    []*user // these lists are in the order of creation
	groups   []*group
	sessions []*session
	devices  []*device
	zones    []*zone
	apps     []*app
	policies []*policy
	roles    []*role
	created  int             // number of objects so far; the sort key of their lists
	custom   map[string]bool // profile attributes that the org defines

	factors    factorStore
	grants     grantStore
	oauth      *oauth.Store
	clientApps map[*oauth.Client]*serviceApp

	log      syslog.Log
	cursors  *wire.Cursors
	faults   []*Fault
	buckets  []*bucket // buckets of Limit, newest first, and then one for each family
	requests []*Request
	defects  []string
}

// New creates an org with the content of the seed. The owner of the API token is a super administrator.
// /api/v1/users/me returns this user. The user is also the actor of the events that requests with the token
// cause.
func New(o Options) *Org {
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now()
	org := &Org{
		token:      cmp.Or(o.Token, DefaultToken),
		clock:      o.Now,
		stable:     wire.NewIDs("org"),
		fresh:      wire.NewIDs(strconv.FormatInt(now.UnixNano(), 36)),
		custom:     map[string]bool{},
		cursors:    wire.NewCursors(),
		buckets:    generousBuckets(),
		factors:    factorStore{plans: map[*factor]Push{}},
		apiTokens:  map[string]*apiToken{},
		classic:    o.Classic,
		grants:     grantStore{tokens: map[clientKey]int{}},
		clientApps: map[*oauth.Client]*serviceApp{},
	}
	org.oauth = oauth.NewStore(org.fresh)
	org.seedAll(o.Seed == Demo, now)
	return org
}

// TokenID returns the ID of the API token. Every log event of a request with the token contains it as
// transaction.detail.requestApiTokenId.
func (o *Org) TokenID() string {
	defer o.lock()()
	return o.apiTokens[o.token].id
}

// lock locks the org until the returned function is called.
func (o *Org) lock() (unlock func()) {
	o.mu.Lock()
	return o.mu.Unlock
}

// Requests returns the requests outside /_org/, oldest first. A request is listed from its arrival. Its status is set
// with the response.
func (o *Org) Requests() []Request {
	defer o.lock()()
	out := make([]Request, len(o.requests))
	for i, r := range o.requests {
		out[i] = *r
		out[i].Header = r.Header.Clone()
	}
	return out
}

// ForgetRequests clears the list of Requests.
func (o *Org) ForgetRequests() {
	defer o.lock()()
	o.requests = nil
}

// Defects returns "METHOD path" for every request to an unknown path, each once, oldest first. A wrong method for a
// known path is not a defect, because Okta documents the response 405.
func (o *Org) Defects() []string {
	defer o.lock()()
	return slices.Clone(o.defects)
}

// RevokeTokens revokes the access tokens of an OAuth client, or of all clients if the ID is empty. It returns the
// number of tokens.
func (o *Org) RevokeTokens(clientID string) int {
	defer o.lock()()
	return o.oauth.Revoke(clientID)
}

// ExpireNonces invalidates every DPoP nonce. The next token request gets a new one.
func (o *Org) ExpireNonces() {
	defer o.lock()()
	o.oauth.ExpireNonces()
}

// LogFilterMatches reports whether the filter matches the event, which is JSON. The error is Okta's error for an
// invalid filter.
func LogFilterMatches(filter string, event []byte) (bool, error) {
	return syslog.FilterMatches(filter, event)
}

// must panics with an error, because the methods that prepare an org for a test return no error.
func must[T any](v T, err error) T {
	if err != nil {
		panic("oktasim: " + err.Error())
	}
	return v
}

// add runs a function that creates an object, under the lock and with the org's time.
func add[N, S any](o *Org, n N, create func(*Org, N, time.Time) (S, error)) S {
	defer o.lock()()
	return must(create(o, n, o.clock()))
}

// Request is one request to the org outside /_org/.
type Request struct {
	Method string `json:"method"`
	// Path is the escaped path of the request.
	Path string `json:"path"`
	// Query is the raw query without the question mark.
	Query string `json:"query"`
	// Header is the header of the request, with only the scheme of Authorization. At the token endpoint, Query and
	// Body hide the assertion.
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	// Status is the status of the response, 0 if a fault prevented the response.
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
}

// State is the content of the org.
type State struct {
	Users    []UserState   `json:"users"`
	Groups   []GroupState  `json:"groups"`
	Devices  []DeviceState `json:"devices"`
	Zones    []ZoneState   `json:"zones"`
	Apps     []AppState    `json:"apps"`
	Events   int           `json:"events"`
	Requests int           `json:"requests"`
	Defects  []string      `json:"defects"`
}

// User returns the state of the user with an ID or login, and whether the user exists.
func (s State) User(idOrLogin string) (UserState, bool) {
	for _, u := range s.Users {
		if u.ID == idOrLogin || u.Login == idOrLogin {
			return u, true
		}
	}
	return UserState{}, false
}

// UserState is one user with sessions, groups, factors, devices, apps, roles and grants.
type UserState struct {
	ID                string        `json:"id"`
	Login             string        `json:"login"`
	Email             string        `json:"email"`
	Status            string        `json:"status"`
	Sessions          []string      `json:"sessions"`
	OAuthTokens       int           `json:"oauth_tokens"`
	RememberedDevices int           `json:"remembered_devices"`
	Groups            []GroupRef    `json:"groups"`
	Factors           []FactorState `json:"factors"`
	Devices           []DeviceState `json:"devices"`
	Apps              []AppRef      `json:"apps"`
	// Roles are the administrator roles of the user, followed by those of the user's groups.
	Roles  []RoleState  `json:"roles"`
	Grants []GrantState `json:"grants"`
	// Risk is HIGH, MEDIUM, LOW or NONE.
	Risk string `json:"risk"`
}

// GroupRef identifies a group.
type GroupRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// GroupState is one group with the IDs of its members.
type GroupState struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	Members []string    `json:"members"`
	Roles   []RoleState `json:"roles"`
}

// State returns the content of the org. Objects are in the order of creation.
func (o *Org) State() State {
	defer o.lock()()
	return State{
		Users: each(o.users, o.userState), Devices: each(o.devices, (*device).state), Zones: each(o.zones, (*zone).state),
		Apps: each(o.apps, (*app).state), Events: o.log.Len(), Requests: len(o.requests), Defects: append([]string{}, o.defects...),
		Groups: each(o.groups, func(g *group) GroupState {
			return GroupState{
				ID: g.id, Name: g.name, Type: g.kind, Members: each(g.sorted(), func(u *user) string { return u.id }),
				Roles: each(o.rolesHeldBy(assignee{group: g}), (*role).state),
			}
		}),
	}
}

func (o *Org) userState(u *user) UserState {
	now := o.clock()
	live := where(o.sessions, func(s *session) bool { return s.user == u && !s.expired(now) })
	return UserState{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), Status: u.status,
		Sessions:    each(live, func(s *session) string { return s.id }),
		OAuthTokens: u.oauthTokens, RememberedDevices: u.devices,
		Groups:  each(o.groupsOf(u), func(g *group) GroupRef { return GroupRef{ID: g.id, Name: g.name} }),
		Factors: each(o.factorsOf(u), (*factor).state),
		Devices: each(o.devicesOf(u), (*device).state),
		Apps:    each(o.appsOf(u), func(au *appUser) AppRef { return AppRef{au.app.id, au.app.Label, au.app.status} }),
		Roles:   each(o.rolesOf(u), (*role).state),
		Grants:  each(o.grantsOf(u), (*grant).state),
		Risk:    u.riskLevel(),
	}
}
