package oktatest

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Org is an Okta org. It is an http.Handler and safe for concurrent use.
type Org struct {
	mu      sync.Mutex
	token   string
	tokenID string
	owner   *user
	// apiTokens are those besides, by what requests carry.
	apiTokens map[string]*apiToken
	clock     func() time.Time

	stable *idSource // users, groups, types: the same in every org
	fresh  *idSource // events, sessions, requests: different in orgs made at different times

	users    []*user // in order of creation
	groups   []*group
	sessions []*session
	created  int             // users and groups so far; orders their lists
	custom   map[string]bool // profile attributes beyond Okta's own

	factors  factorStore
	devices  []*device // this and the next four in order of creation
	zones    []*zone
	apps     []*app
	policies []*policy
	roles    []*role
	grants   grantStore
	oauth    oauthStore

	log eventLog

	cursors  *cursors
	faults   []*armedFault
	rates    rates
	requests []*Request
	defects  []string
}

// New makes an org with the group Everyone, Okta's own network zones and the user that owns the API token, plus what
// the seed holds. The owner is a super administrator, answers to /api/v1/users/me, and is the actor of the log events
// that requests with that token cause.
func New(o Options) *Org {
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now()
	org := &Org{
		token:     o.Token,
		clock:     o.Now,
		stable:    newIDSource("org"),
		fresh:     newIDSource(strconv.FormatInt(now.UnixNano(), 36)),
		custom:    map[string]bool{},
		cursors:   newCursors(),
		rates:     newRates(),
		factors:   factorStore{plans: map[*factor]Push{}},
		apiTokens: map[string]*apiToken{},
		grants:    grantStore{tokens: map[clientKey]int{}},
		oauth:     newOAuthStore(),
	}
	org.tokenID = org.stable.object("00T")
	org.found(now)
	if o.Seed == Demo {
		org.seedDemo(now)
	}
	return org
}

// TokenID returns the id of the API token, which the log shows as transaction.detail.requestApiTokenId in every
// event that a request to the org caused.
func (o *Org) TokenID() string { return o.tokenID }

// Requests returns every request that the org met outside /_org/, oldest first. A request is there from its arrival;
// its status follows with the answer.
func (o *Org) Requests() []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]Request, len(o.requests))
	for i, r := range o.requests {
		out[i] = *r
		out[i].Header = r.Header.Clone()
	}
	return out
}

// ForgetRequests empties what Requests returns.
func (o *Org) ForgetRequests() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = nil
}

// Defects returns "METHOD path" for every request whose path the org does not have, each once, oldest first. A known
// path with a wrong method is not among them: that has an answer of its own, 405.
func (o *Org) Defects() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.defects)
}

func (o *Org) addDefect(method, path string) {
	if d := method + " " + path; !slices.Contains(o.defects, d) {
		o.defects = append(o.defects, d)
	}
}
