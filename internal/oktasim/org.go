package oktasim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/oauth"
	"soar.example/okta/internal/oktasim/syslog"
	"soar.example/okta/internal/oktasim/wire"
)

// Options configure New. The zero value is an org whose only user is its administrator.
type Options struct {
	// Token is the SSWS API token that the org accepts, DefaultToken by default.
	Token string
	// Now is the org's clock, time.Now by default. It stamps resources, events and rate limit windows.
	Now func() time.Time
	// Seed is the first content of the org, Empty by default.
	Seed Seed
}

// A Seed names the content that an org starts with.
type Seed int

const (
	// Empty is an org with the group Everyone, Okta's own network zones, and the token's owner, who is a super
	// administrator.
	Empty Seed = iota
	// Demo is a small company: a dozen people in various states with factors, devices, applications and roles, some
	// groups, and an hour of sign-ins in the log.
	Demo
)

// DefaultToken is the API token of an org whose Options name none.
const DefaultToken = "test-token"

// Org is an Okta org. It is an http.Handler and safe for concurrent use.
type Org struct {
	mu        sync.Mutex
	token     string               // the first of apiTokens
	apiTokens map[string]*apiToken // by their text
	clock     func() time.Time

	stable *wire.IDs // users, groups, types: the same in every org
	fresh  *wire.IDs // events, sessions, requests: different in orgs made at different times

	users    []*user // these lists are in order of creation
	groups   []*group
	sessions []*session
	devices  []*device
	zones    []*zone
	apps     []*app
	policies []*policy
	roles    []*role
	created  int             // objects so far; orders their lists
	custom   map[string]bool // profile attributes that Okta does not define

	factors    factorStore
	grants     grantStore
	oauth      *oauth.Store
	clientApps map[*oauth.Client]*serviceApp

	log      syslog.Log
	cursors  *wire.Cursors
	faults   []*Fault
	buckets  []*bucket // those of Limit, newest first, and then one for each family
	requests []*Request
	defects  []string
}

// New makes an org with the content of the seed. The owner of the API token is a super administrator, the user that
// /api/v1/users/me returns, and the actor of the log events that requests with that token cause.
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
		grants:     grantStore{tokens: map[clientKey]int{}},
		clientApps: map[*oauth.Client]*serviceApp{},
	}
	org.oauth = oauth.NewStore(org.fresh)
	org.seedBasics(now)
	if o.Seed == Demo {
		org.seedDemo(now)
	}
	return org
}

// TokenID returns the ID of the API token. The log shows it as transaction.detail.requestApiTokenId in every event that a
// request with the token caused.
func (o *Org) TokenID() string {
	defer o.lock()()
	return o.apiTokens[o.token].id
}

// lock holds the org until the returned function is called.
func (o *Org) lock() (unlock func()) {
	o.mu.Lock()
	return o.mu.Unlock
}

// Requests returns the requests outside /_org/, oldest first. A request is there from its arrival, and its status follows
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

// ForgetRequests empties what Requests returns.
func (o *Org) ForgetRequests() {
	defer o.lock()()
	o.requests = nil
}

// Defects returns "METHOD path" for every request to a path that the org does not have, each once, oldest first. A wrong
// method for a known path is no defect, because Okta has a response for it: 405.
func (o *Org) Defects() []string {
	defer o.lock()()
	return slices.Clone(o.defects)
}

// RevokeTokens makes the access tokens of an OAuth client invalid, of all clients if the ID is empty, and returns their
// number.
func (o *Org) RevokeTokens(clientID string) int {
	defer o.lock()()
	return o.oauth.Revoke(clientID)
}

// ExpireNonces makes every DPoP nonce invalid, so that the next token request gets a new one.
func (o *Org) ExpireNonces() {
	defer o.lock()()
	o.oauth.ExpireNonces()
}

// LogFilterMatches reports whether the log finds an event, which is JSON, with a filter. The error is Okta's error for a
// filter that Okta rejects.
func LogFilterMatches(filter string, event []byte) (bool, error) {
	return syslog.FilterMatches(filter, event)
}

// must panics with an error, since the methods that prepare an org for a test have no way to fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic("oktasim: " + err.Error())
	}
	return v
}

// add runs a function that creates an object under the lock, with the org's time.
func add[N, S any](o *Org, n N, create func(*Org, N, time.Time) (S, error)) S {
	defer o.lock()()
	return must(create(o, n, o.clock()))
}

// object is the part that all objects of the org have.
type object struct {
	id                   string
	number               int // in order of creation
	created, lastUpdated time.Time
}

func (x *object) base() *object { return x }

// entity is a pointer to an object of the org.
type entity interface {
	comparable
	base() *object
}

// newObject numbers an object. It makes an ID with the prefix if the given ID is empty.
func (o *Org) newObject(id, prefix string, now time.Time) object {
	id = cmp.Or(id, o.stable.Object(prefix))
	o.created++
	return object{id, o.created, now, now}
}

// find returns the object with an ID, or Okta's error for that kind of object.
func find[T entity](all []T, id, kind string) (T, error) {
	for _, x := range all {
		if x.base().id == id {
			return x, nil
		}
	}
	var none T
	return none, wire.NotFound(id, kind)
}

// invalid returns the first fault of the description of a new object.
func invalid(subject string, faults ...error) error {
	if err := first(faults, func(err error) bool { return err != nil }); err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	return nil
}

// wrong is the fault of a description for which is is true.
func wrong(is bool, fault string) error {
	if !is {
		return nil
	}
	return errors.New(fault)
}

func missing(field, value string) error {
	return wrong(strings.TrimSpace(value) == "", field+" is missing")
}

func unknown(field, value string, known ...string) error {
	return wrong(!slices.Contains(known, value), "there is no "+field+" "+value)
}

func taken[T entity](all []T, id string) error {
	_, err := find(all, id, "")
	return wrong(err == nil, "the ID "+id+" is taken")
}

// without returns the list without one object.
func without[T comparable](all []T, gone T) []T {
	return slices.DeleteFunc(all, func(x T) bool { return x == gone })
}

// first returns the first item for which is is true, or the zero value.
func first[T any](all []T, is func(T) bool) T {
	var none T
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return none
}

// where returns the items for which keep is true.
func where[T any](all []T, keep func(T) bool) []T {
	var out []T
	for _, x := range all {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// each converts a list. The result is never nil, because JSON writes that as null.
func each[T, D any](all []T, convert func(T) D) []D {
	out := make([]D, len(all))
	for i, x := range all {
		out[i] = convert(x)
	}
	return out
}

// doc is a JSON object.
type doc = wire.Doc

// pageSize is the range of the parameter limit: its default, its least and greatest value, and the largest page. A limit
// of 0 or -1, where it is allowed, means the largest page.
type pageSize struct{ usual, least, most, page int }

// upTo is the usual range of limit, from 1 to the largest page.
func upTo(usual, most int) pageSize { return pageSize{usual, 1, most, most} }

// pageOf returns one page of the call's list with the cursor of the next page.
func pageOf[T entity](o *Org, c *call, all []T, size pageSize, key func(T) string) ([]T, string, error) {
	limit, err := c.Number("limit", size.usual, size.least, size.most)
	if err != nil {
		return nil, "", err
	}
	if limit = min(limit, size.page); limit <= 0 {
		limit = size.page
	}
	keys := map[T]string{}
	if key != nil {
		for _, x := range all {
			keys[x] = key(x)
		}
	}
	return wire.Page(o.cursors, &c.Call, all, limit, func(x T) (string, int) { return keys[x], x.base().number })
}

// list is the response with one page of the call's list and its links.
func list[T entity, D any](o *Org, c *call, all []T, size pageSize, key func(T) string, write func(T) D) (any, error) {
	page, next, err := pageOf(o, c, all, size, key)
	if err != nil {
		return nil, err
	}
	r := linked(c, each(page, write))
	if next != "" {
		r.AddLink(c.LinkWith(map[string]string{"after": next}), "next")
	}
	return r, nil
}

// linked is a whole list on one page with its link.
func linked(c *call, docs any) *wire.Reply {
	r := wire.JSON(200, docs)
	r.AddLink(c.LinkWith(nil), "self")
	return r
}

// allows reports whether the operator may follow the attribute in an expression.
type allows = func(attribute, operator string) bool

// expression reads the parameters search and filter of a list. An endpoint ignores a parameter without rules. A nil
// expression means that the call has none.
func (c *call) expression(search, filters allows) (*filter.Expression, error) {
	searchText, filterText := c.Query.Get("search"), c.Query.Get("filter")
	switch {
	case search != nil && filters != nil && searchText != "" && filterText != "":
		return nil, wire.Invalid("search", "search: It cannot be combined with filter")
	case search != nil && searchText != "":
		return filter.Parse(searchText, filter.Rules{Search: true, Allows: search})
	case filters != nil && filterText != "":
		return filter.Parse(filterText, filter.Rules{Allows: filters})
	}
	return nil, nil
}

// matches reports whether an expression is absent or true for a document.
func matches[T any](e *filter.Expression, x T, write func(T) doc) bool {
	return e == nil || e.Match(write(x))
}
