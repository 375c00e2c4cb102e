package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// An account is the state of a user in a directory. A containment sets Suspended and
// Quarantined with one request each, so a kill can leave it half done.
type account struct {
	Suspended   bool   `json:"suspended" jsonschema_description:"Suspended."`
	Quarantined bool   `json:"quarantined" jsonschema_description:"Quarantined."`
	Note        string `json:"note" jsonschema_description:"Note."`
}

// A directory is a service with accounts. Its clients read and patch them.
type directory struct {
	*httptest.Server
	mu       sync.Mutex
	accounts map[string]account
	writes   []string // "call user" of each PATCH, in order
	requests int
	limited  int                                  // number of the next requests that get status 429
	hook     func(r *http.Request) (after func()) // called before the response to a request; may be nil
}

func newDirectory(t *testing.T) *directory {
	d := &directory{accounts: map[string]account{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // before it has read the body, a server does not see that the client is gone
	d.mu.Lock()
	hook := d.hook
	d.requests++
	limited := d.limited > 0
	d.limited -= min(d.limited, 1)
	d.mu.Unlock()
	if limited {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	after := func() {}
	if hook != nil {
		if f := hook(r); f != nil {
			after = f
		}
	}
	if r.Context().Err() != nil {
		return // the client is gone: nothing is changed
	}
	d.mu.Lock()
	user := strings.TrimPrefix(r.URL.Path, "/")
	a := d.accounts[user]
	if r.Method == http.MethodPatch {
		json.Unmarshal(body, &a) // keeps the members that the body lacks
		d.accounts[user] = a
		d.writes = append(d.writes, r.Header.Get("X-Call")+" "+user)
	}
	d.mu.Unlock()
	json.NewEncoder(w).Encode(a)
	http.NewResponseController(w).Flush()
	after()
}

// setHook sets the hook of later requests.
func (d *directory) setHook(hook func(r *http.Request) (after func())) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = hook
}

func (d *directory) get(user string) account {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[user]
}

func (d *directory) set(user string, a account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accounts[user] = a
}

func (d *directory) written() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.writes)
}

// client is the address of a directory.
type client string

func (c client) send(ctx context.Context, method, user, body string) (a account, err error) {
	if method != http.MethodGet && sdk.IsDryRun(ctx) {
		sdk.PlanRequest(ctx, sdk.PlannedRequest{Method: method, Path: "/" + user, Body: body})
		return a, sdk.ErrPlanned
	}
	req, err := http.NewRequestWithContext(ctx, method, string(c)+"/"+user, bytes.NewReader([]byte(body)))
	if err != nil {
		return a, err
	}
	req.Header.Set("X-Call", fmt.Sprint(ctx.Value(callKey{})))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		sdk.RecordCall(ctx, sdk.Call{Method: method, Path: req.URL.Path})
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		return a, sdk.Errorf(sdk.Unavailable, "%w", err)
	}
	defer resp.Body.Close()
	sdk.RecordCall(ctx, sdk.Call{Method: method, Path: req.URL.Path, Status: resp.StatusCode})
	if resp.StatusCode == http.StatusTooManyRequests {
		return a, &sdk.Error{Code: sdk.RateLimited, Message: "too many requests", RetryAfter: 10 * time.Millisecond}
	}
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

type callKey struct{}

type (
	accountWrite struct {
		User  string `json:"user" jsonschema:"title=User,minLength=1" jsonschema_description:"User."`
		Note  string `json:"note,omitempty" jsonschema:"title=Note" jsonschema_description:"Note."`
		Force bool   `json:"force,omitempty" jsonschema:"title=Force" jsonschema_description:"Force."`
		// The state to restore.
		Record *restoreRecord `json:"record,omitempty" jsonschema:"title=Record" jsonschema_description:"Record."`
		reconcile.Write
	}
	accountList struct {
		Users []string `json:"users" jsonschema:"title=Users,minItems=1,minLength=1" jsonschema_description:"Users."`
		reconcile.Write
	}
	restoreRecord struct {
		Suspended   bool `json:"suspended" jsonschema_description:"Suspended."`
		Quarantined bool `json:"quarantined" jsonschema_description:"Quarantined."`
	}
	accountChange struct {
		reconcile.Change[account]
	}
)

// reach brings the account to the wanted state, with one request for each member, and returns
// the undo.
func (c client) reach(ctx context.Context, in accountWrite, change func(*account), undo func(before account) sdk.Undo) (out accountChange, err error) {
	ctx = context.WithValue(ctx, callKey{}, rand.Text())
	before, err := c.send(ctx, http.MethodGet, in.User, "")
	if err != nil {
		return out, err
	}
	want := before
	change(&want)
	g := reconcile.Goal[account]{
		Name: "account is changed", Done: func(a account) bool { return a == want },
		Read: func(ctx context.Context) (account, error) { return c.send(ctx, http.MethodGet, in.User, "") },
		Act: func(ctx context.Context) error {
			var bodies []string
			if want.Suspended != before.Suspended {
				bodies = append(bodies, fmt.Sprintf(`{"suspended":%t}`, want.Suspended))
			}
			if want.Quarantined != before.Quarantined {
				bodies = append(bodies, fmt.Sprintf(`{"quarantined":%t}`, want.Quarantined))
			}
			if want.Note != before.Note {
				bodies = append(bodies, fmt.Sprintf(`{"note":%q}`, want.Note))
			}
			return reconcile.Each(bodies, func(body string) error {
				_, err := c.send(ctx, http.MethodPatch, in.User, body)
				return err
			})
		},
	}
	out.Change, err = g.From(ctx, before)
	out.Subjects = []sdk.Subject{{Type: "user", ID: in.User, Name: in.User + "@example.com"}}
	if undo != nil && err == nil && out.Outcome != sdk.Unchanged {
		out.Undo = []sdk.Undo{undo(before)}
	}
	return out, err
}

func restoreTo(user string) func(account) sdk.Undo {
	return func(before account) sdk.Undo {
		input, _ := json.Marshal(map[string]any{"user": user, "record": restoreRecord{before.Suspended, before.Quarantined}})
		return sdk.Undo{Subject: user, Action: "restore", Input: input}
	}
}

var accounts = sync.OnceValues(func() (sdk.Backend, error) {
	action := func(name, undo string, contains bool, run func(context.Context, client, accountWrite) (accountChange, error)) sdk.AnyAction[client] {
		return sdk.Action[client, accountWrite, accountChange]{
			Name: name, Title: name, Summary: "Writes.", Docs: docs, Effect: sdk.Writes, Undo: undo, Contains: contains, Run: run,
			Example: sdk.Example[accountWrite, accountChange]{Input: accountWrite{User: "u"},
				Output: accountChange{Change: reconcile.Changed(account{}, account{Suspended: true})}},
		}
	}
	return sdk.Connector[none, client]{
		Name: "accounts", Title: "Accounts", Summary: "A directory.", Docs: docs, Version: "1.0.0",
		Open:  func(ctx context.Context, _ none) (client, error) { return ctx.Value(serviceKey{}).(client), nil },
		Check: func(_ context.Context, c client) (sdk.Health, error) { return sdk.Health{Target: string(c)}, nil },
		Actions: []sdk.AnyAction[client]{
			action("contain", "restore", true, func(ctx context.Context, c client, in accountWrite) (accountChange, error) {
				return c.reach(ctx, in, func(a *account) { a.Suspended, a.Quarantined = true, true }, restoreTo(in.User))
			}),
			sdk.Action[client, accountList, accountChange]{
				Name: "contain_first", Title: "contain_first", Summary: "Writes.", Docs: docs, Effect: sdk.Writes, Undo: "restore", Contains: true,
				Example: sdk.Example[accountList, accountChange]{Input: accountList{Users: []string{"u"}},
					Output: accountChange{Change: reconcile.Changed(account{}, account{Suspended: true})}},
				Run: func(ctx context.Context, c client, in accountList) (accountChange, error) {
					if in.Users[0] == "nobody" {
						return accountChange{}, sdk.Errorf(sdk.NotFound, "there is no user nobody")
					}
					user := accountWrite{User: in.Users[0]}
					return c.reach(ctx, user, func(a *account) { a.Suspended, a.Quarantined = true, true }, restoreTo(user.User))
				},
			},
			action("suspend", "restore", true, func(ctx context.Context, c client, in accountWrite) (accountChange, error) {
				return c.reach(ctx, in, func(a *account) { a.Suspended = true }, restoreTo(in.User))
			}),
			action("restore", "", false, func(ctx context.Context, c client, in accountWrite) (accountChange, error) {
				if in.Record == nil {
					return accountChange{}, sdk.InvalidField("/record", "is missing")
				}
				return c.reach(ctx, in, func(a *account) { a.Suspended, a.Quarantined = in.Record.Suspended, in.Record.Quarantined }, nil)
			}),
			action("note", "note", false, func(ctx context.Context, c client, in accountWrite) (accountChange, error) {
				return c.reach(ctx, in, func(a *account) { a.Note = in.Note }, func(before account) sdk.Undo {
					input, _ := json.Marshal(map[string]any{"user": in.User, "note": before.Note})
					return sdk.Undo{Subject: "note " + in.User, Action: "note", Input: input}
				})
			}),
		},
		Triggers: []sdk.AnyTrigger[client]{sdk.Trigger[client, none, string, report]{
			Name: "reports", Title: "Reports", Summary: "Reports of users.", Docs: docs, Every: time.Minute,
			Example: report{User: "u", Result: "SUCCESS", Targets: []string{"t"}},
			Poll: func(context.Context, client, none, string) (sdk.Page[string, report], error) {
				return sdk.Page[string, report]{}, nil
			},
		}},
	}.Compile()
})

// A desk is a store with a session on a directory. Several desks on one file behave like
// several processes: their locks exclude each other.
type desk struct {
	*Store
	m       *sdk.Manifest
	session sdk.Session
	caller  Caller
}

func openDesk(address, path string) (*desk, error) {
	b, err := accounts()
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(context.Background(), serviceKey{}, client(address))
	d := &desk{}
	if d.m, err = b.Manifest(ctx); err != nil {
		return nil, err
	}
	if d.session, err = b.Open(ctx, json.RawMessage(`{}`)); err != nil {
		return nil, err
	}
	d.caller = Caller{Org: address, Manifest: d.m, Connection: "test"}
	d.Store, err = OpenStore(ctx, path)
	return d, err
}

func newDesk(t *testing.T, dir *directory, path string) *desk {
	t.Helper()
	d, err := openDesk(dir.URL, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.session.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// do performs an action on a user.
func (d *desk) do(ctx context.Context, action, user string, more ...string) (Result, error) {
	input := fmt.Sprintf(`{"user":%q%s}`, user, strings.Join(more, ""))
	return d.Perform(ctx, d.session, d.m.Action(action), json.RawMessage(input), d.caller)
}

func (d *desk) undoLast(ctx context.Context, id string, o UndoOptions) (UndoResult, error) {
	o.Caller = d.caller
	return d.UndoOperation(ctx, d.session, d.m, id, o)
}

func (d *desk) restore(ctx context.Context, user string, o UndoOptions) (UndoResult, error) {
	o.Caller = d.caller
	return d.RestoreSubject(ctx, d.session, d.m, user, o)
}

// The environment of a child process that writes.
const (
	childWrites = "RUNNER_TEST_WRITES" // number of containments and restores
	childUser   = "RUNNER_TEST_USER"
)

// writesChild contains and restores one user again and again.
func writesChild() int {
	d, err := openDesk(os.Getenv(childAddress), os.Getenv(childStore))
	var n int
	if err == nil {
		_, err = fmt.Sscan(os.Getenv(childWrites), &n)
	}
	for i := 0; i < n && err == nil; i++ {
		user := os.Getenv(childUser)
		if _, err = d.do(context.Background(), "contain", user); err == nil && n > 1 {
			_, err = d.restore(context.Background(), user, UndoOptions{})
			// The other process may have restored the user first.
			if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
				err = nil
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
