package actions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"soar.example/okta/actions/containment"
	"soar.example/okta/internal/fixedseed"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// Each check makes an org; the command line may ask for more.
func init() {
	for name, value := range map[string]string{"rapid.checks": "12", "rapid.nofailfile": "true", "rapid.shrinktime": "5s"} {
		fixedseed.Default(name, value)
	}
}

// A scene is a random org with a session.
type scene struct {
	*rapid.T
	org     *oktasim.Org
	url     string
	session sdk.Session
	users   []oktasim.User
	devices []oktasim.DeviceState
	ahead   atomic.Int64 // nanoseconds, of the org's clock

	serving sync.RWMutex // held while a request is worked on
	until   atomic.Int64 // requests until the caller gives up; 0: never
	giveUp  atomic.Pointer[context.CancelFunc]
}

var (
	userStatuses = []string{
		oktasim.StatusActive, oktasim.StatusSuspended, oktasim.StatusDeprovisioned, oktasim.StatusLockedOut,
		oktasim.StatusPasswordExpired, oktasim.StatusRecovery, oktasim.StatusStaged, oktasim.StatusProvisioned,
	}
	deviceStatuses = []string{oktasim.DeviceActive, oktasim.DeviceSuspended, oktasim.DeviceDeactivated, oktasim.DeviceCreated}
	sceneGroups    = []oktasim.NewGroup{{Name: "Quarantine"}, {Name: "VPN"}, {Name: "Help Desk"}, {Name: "Payroll", Type: oktasim.TypeApp}}
	sceneRoles     = []oktasim.NewRole{
		{Type: "HELP_DESK_ADMIN"}, {Type: "USER_ADMIN", Targets: []string{"VPN"}}, {Type: "APP_ADMIN",
			Targets: []string{"facebook"}}, {Type: "READ_ONLY_ADMIN"}, {Type: "SUPER_ADMIN"},
		{Type: "CUSTOM", Role: "cr0Yq6IJxGIr0ouum0g3", ResourceSet: "iamoJDFKaJxGIr0oamd9"},
		{Type: "CUSTOM", Role: "cr0Yq6IJxGIr0ouum0g3", ResourceSet: "iamoJDFKaJxGIr0oamd8"},
	}
)

func newScene(t *rapid.T) *scene {
	s := &scene{T: t}
	s.pass(-time.Hour) // all that is drawn was so long before
	s.org = oktasim.New(oktasim.Options{Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }})
	door := httptest.NewServer(s)
	t.Cleanup(func() {
		door.Close()
		if asked := s.org.Defects(); len(asked) > 0 {
			t.Errorf("endpoints asked for that the org does not have: %q", asked)
		}
	})
	for _, g := range sceneGroups {
		s.org.AddGroup(g)
	}
	if s.maybe("a role by a group", 3) {
		s.org.AddRole(oktasim.NewRole{Group: "Help Desk", Type: "HELP_DESK_ADMIN"})
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "users") {
		s.addUser(i)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "devices") {
		owners := subset(s, "owners", s.users)
		n := oktasim.NewDevice{Name: fmt.Sprint("device ", i), Status: rapid.SampledFrom(deviceStatuses).Draw(t, "device status")}
		for _, u := range owners {
			n.Users = append(n.Users, u.ID)
		}
		s.devices = append(s.devices, s.org.AddDevice(n))
	}
	s.pass(time.Hour)
	s.url = door.URL
	s.open()
	t.Cleanup(func() { _ = s.session.Close() })
	return s
}

func (s *scene) open() {
	backend, err := compiled()
	s.must(err)
	settings, err := json.Marshal(map[string]any{"org_url": s.url, "token": oktasim.DefaultToken})
	s.must(err)
	s.session, err = backend.Open(context.Background(), settings)
	s.must(err)
	if s.maybe("checked", 2) {
		_, err := s.session.Check(hclog.WithContext(s.Context(), hclog.NewNullLogger()))
		s.must(err)
	}
}

func (s *scene) addUser(i int) {
	// Half of the users are ACTIVE, because most measures apply to them.
	status := rapid.SampledFrom(append([]string{"", "", "", "", "", ""}, userStatuses...)).Draw(s.T, "status")
	u := s.org.AddUser(oktasim.NewUser{
		Login: fmt.Sprintf("u%d@corp.example", i), Email: fmt.Sprintf("mail%d@corp.example", i), Status: status,
		Sessions: 1, OAuthTokens: 1, RememberedDevices: 1,
	})
	for _, g := range subset(s, "in", s.org.State().Groups[1:]) {
		s.org.AddMember(g.ID, u.ID)
	}
	if u.Status != oktasim.StatusDeprovisioned {
		for _, r := range subset(s, "roles", sceneRoles) {
			r.User = u.ID
			s.org.AddRole(r)
		}
	}
	for _, kind := range subset(s, "factors", []string{"push", "sms", "email"}) {
		s.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: kind})
	}
	s.users = append(s.users, u)
}

// ServeHTTP passes the request to the org, and cancels the caller at the drawn time.
func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serving.RLock()
	defer s.serving.RUnlock()
	if s.until.Add(-1) == 0 {
		(*s.giveUp.Load())()
	}
	s.org.ServeHTTP(w, r)
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// pass advances the clock of the org.
func (s *scene) pass(d time.Duration) { s.ahead.Add(int64(d)) }

// maybe is true with a probability of one in n.
func (s *scene) maybe(what string, times int) bool {
	return rapid.IntRange(0, times-1).Draw(s.T, what) == times-1
}

func subset[T any](s *scene, what string, all []T) []T {
	var some []T
	for i, one := range all {
		if s.maybe(fmt.Sprint(what, " ", i), 3) {
			some = append(some, one)
		}
	}
	return some
}

// drawMeasures draws the measures, and all or some of the users.
func (s *scene) drawMeasures() map[string]any {
	in := map[string]any{}
	var refs []string
	for _, u := range s.users {
		if len(refs) == 0 || !s.maybe("left out", 4) {
			refs = append(refs, rapid.SampledFrom([]string{u.ID, u.Login, u.Email}).Draw(s.T, "user"))
		}
	}
	in["users"] = refs
	for _, name := range []string{"suspend", "revoke_sessions", "oauth_tokens", "forget_devices"} {
		if s.maybe("no "+name, 5) {
			in[name] = false
		}
	}
	for _, name := range []string{"revoke_roles", "reset_factors", "expire_password", "suspend_devices"} {
		if s.maybe(name, 3) {
			in[name] = true
		}
	}
	groups := s.org.State().Groups[1:]
	if g := rapid.SampledFrom(append(groups[:1:1], groups...)).Draw(s.T, "quarantine"); !s.maybe("no quarantine", 3) {
		in["quarantine"] = rapid.SampledFrom([]string{g.ID, g.Name}).Draw(s.T, "quarantine by")
	}
	var remove []string
	for _, g := range subset(s, "remove", groups) {
		if in["quarantine"] != g.ID && in["quarantine"] != g.Name {
			remove = append(remove, rapid.SampledFrom([]string{g.ID, g.Name}).Draw(s.T, "remove by"))
		}
	}
	if remove != nil {
		in["remove_groups"] = remove
	}
	return in
}

// The calls that can have faults.
var struck = []string{
	"POST /api/v1/users/*/lifecycle/suspend", "POST /api/v1/users/*/lifecycle/unsuspend", "POST /api/v1/users/*/lifecycle/expire_password",
	"POST /api/v1/users/*/lifecycle/reset_factors", "DELETE /api/v1/users/*/sessions", "PUT /api/v1/groups/*/users/*",
	"DELETE /api/v1/groups/*/users/*", "DELETE /api/v1/users/*/roles/*", "POST /api/v1/users/*/roles", "POST /api/v1/devices/*/lifecycle/*",
	"GET /api/v1/users/*", "GET /api/v1/users/*/groups", "GET /api/v1/groups/*/users", "GET /api/v1/groups/*", "GET /api/v1/groups",
	"GET /api/v1/users/*/roles", "GET /api/v1/users/*/factors", "GET /api/v1/users/*/devices", "GET /api/v1/devices/*",
	"GET /api/v1/users/*/roles/*/targets/**",
}

var strikes = []oktasim.Fault{
	{Kind: oktasim.KindHangup}, {Kind: oktasim.KindHangup, AfterEffect: true}, {Kind: oktasim.KindHangup, AfterEffect: true}, {Status: 500},
	{Status: 500, AfterEffect: true}, {Status: 503}, {Status: 403, ErrorCode: "E0000006"}, {Kind: oktasim.KindTruncate}, {Kind: oktasim.KindHTML},
	{Kind: oktasim.KindReset}, {Status: 401, ErrorCode: "E0000011"},
}

// drawFaults arms faults, and reports whether there are any.
func (s *scene) drawFaults() bool {
	n := rapid.SampledFrom([]int{0, 0, 1, 2, 3, 5}).Draw(s.T, "faults")
	for range n {
		f := rapid.SampledFrom(strikes).Draw(s.T, "strike")
		if s.maybe("rate limit", 300) { // a second is the least that is waited for one
			f = oktasim.Fault{Status: 429, Headers: map[string]string{"Retry-After": "1"}}
		}
		f.Method, f.Path, _ = strings.Cut(rapid.SampledFrom(struck).Draw(s.T, "call"), " ")
		f.Skip = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(s.T, "skip")
		f.Times = rapid.SampledFrom([]int{1, 1, 2, 3, 6, 0}).Draw(s.T, "times")
		if f.Status == 429 {
			f.Times = 1
		}
		s.org.Fault(f)
	}
	return n > 0
}

// run runs an action and decodes its output into out.
func (s *scene) run(ctx context.Context, action string, in, out any) error {
	raw, err := json.Marshal(in)
	s.must(err)
	result, err := s.session.Run(hclog.WithContext(ctx, hclog.NewNullLogger()), action, raw)
	if err == nil {
		s.must(json.Unmarshal(result.Output, out))
	}
	return err
}

func (s *scene) contain(ctx context.Context, in map[string]any) (out containment.ContainUserOutput, err error) {
	err = s.run(ctx, "contain_user", in, &out)
	return out, err
}

// restore repeats the call after a rate limit, as callers do. Other sessions of the
// principal share the limit.
func (s *scene) restore(record containment.RestoreRecord, force bool) (out containment.RestoreUserOutput, err error) {
	for range 3 {
		err = s.run(s.Context(), "restore_user", containment.RestoreUserInput{Record: record, Force: force}, &out)
		if e := sdk.AsError(err); e == nil || e.Code != sdk.RateLimited {
			break
		}
		time.Sleep(sdk.AsError(err).RetryAfter)
	}
	return out, err
}

// impatient returns a context that sometimes ends during the call.
func (s *scene) impatient() (ctx context.Context, done context.CancelFunc, hurried bool) {
	ctx, cancel := context.WithCancel(s.Context())
	if len(s.users) == 1 && s.maybe("impatient", 4) { // of several users, requests would still be on their way
		hurried = true
		s.giveUp.Store(&cancel)
		s.until.Store(int64(rapid.IntRange(1, 16).Draw(s.T, "requests until then")))
	}
	return ctx, func() { s.until.Store(0); cancel() }, hurried
}

// calm removes the faults, and opens a new session.
func (s *scene) calm() {
	s.org.ClearFaults()
	s.must(s.session.Close())
	s.open()
}

// writes returns the requests since from that may have changed the org.
func (s *scene) writes(from int) []string {
	var all []string
	for _, r := range s.org.Requests()[from:] {
		if r.Method != http.MethodGet {
			all = append(all, strings.TrimSuffix(r.Method+" "+r.Path+"?"+r.Query, "?"))
		}
	}
	return all
}

// somebodyElse changes the org as another client.
func (s *scene) somebodyElse() {
	u := rapid.SampledFrom(s.users).Draw(s.T, "whom")
	g := rapid.SampledFrom(s.org.State().Groups[1:4]).Draw(s.T, "which group")
	calls := []string{
		"POST /api/v1/users/" + u.ID + "/lifecycle/unsuspend", "POST /api/v1/users/" + u.ID + "/lifecycle/suspend",
		"POST /api/v1/users/" + u.ID + "/lifecycle/deactivate", "POST /api/v1/users/" + u.ID + "/lifecycle/unlock",
		"PUT /api/v1/groups/" + g.ID + "/users/" + u.ID, "DELETE /api/v1/groups/" + g.ID + "/users/" + u.ID, "DELETE /api/v1/groups/" + g.ID,
	}
	for _, d := range s.devices {
		calls = append(calls, "POST /api/v1/devices/"+d.ID+"/lifecycle/unsuspend", "POST /api/v1/devices/"+d.ID+"/lifecycle/deactivate")
	}
	method, path, _ := strings.Cut(rapid.SampledFrom(calls).Draw(s.T, "somebody else"), " ")
	r := httptest.NewRequest(method, path, http.NoBody)
	r.Header.Set("Authorization", "SSWS "+oktasim.DefaultToken)
	s.org.ServeHTTP(httptest.NewRecorder(), r)
}

// A truth is the state of an account in the org.
type truth struct {
	Status                       string
	Groups, Roles, Factors       []string // ids, or what else names each
	Sessions, Tokens, Remembered int
}

// truths returns the state of all accounts and devices.
type truths struct {
	Users   map[string]truth  // by id
	Devices map[string]string // statuses by id
	ByGroup map[string][]string
}

func (s *scene) truths() truths {
	s.serving.Lock() // what was given up may still be worked on
	defer s.serving.Unlock()
	now := s.org.State()
	all := truths{map[string]truth{}, map[string]string{}, map[string][]string{}}
	for _, u := range now.Users {
		is := truth{Status: u.Status, Sessions: len(u.Sessions), Tokens: u.OAuthTokens, Remembered: u.RememberedDevices}
		for _, g := range u.Groups {
			is.Groups = append(is.Groups, g.ID)
		}
		for _, r := range u.Roles {
			if r.Group == "" {
				is.Roles = append(is.Roles, r.Type+r.Role+r.ResourceSet+strings.Join(r.Targets, ""))
			} else {
				all.ByGroup[u.ID] = append(all.ByGroup[u.ID], r.Type)
			}
		}
		for _, f := range u.Factors {
			if f.Type != "email" { // which Okta enrolls by itself
				is.Factors = append(is.Factors, f.ID)
			}
		}
		for _, list := range [][]string{is.Groups, is.Roles, is.Factors} {
			slices.Sort(list)
		}
		all.Users[u.ID] = is
	}
	for _, d := range now.Devices {
		all.Devices[d.ID] = d.Status
	}
	return all
}

// devicesOf returns the IDs of the devices of a user.
func (s *scene) devicesOf(id string) []string {
	var ids []string
	for _, d := range s.devices {
		if slices.Contains(d.Users, id) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// but returns the items of a that are not in b.
func but(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// differ returns the devices with a changed status.
func differ(a, b truths) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(a.Devices)), func(id string) bool { return a.Devices[id] == b.Devices[id] })
}
