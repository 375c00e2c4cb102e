package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
)

// A jail is a service that contains users for a time. Its state is only the contained users,
// and when each was contained, from the start of the test.
type jail struct {
	mu       sync.Mutex
	began    time.Time
	inside   map[string]bool
	released []string // "user at 1h0m0s"
	fail     []error  // of the next releases, one each; nil: it succeeds
	before   func(action, user string)
	after    func(action, user string)
}

func newJail(inside ...string) *jail {
	j := &jail{began: time.Now(), inside: map[string]bool{}}
	for _, u := range inside {
		j.inside[u] = true
	}
	return j
}

// service contains users for the requested time; 0 is without end.
func (j *jail) service(long time.Duration) service {
	return func(_ context.Context, action string, in request) (answer, error) {
		if j.before != nil {
			j.before(action, in.User)
		}
		a, err := j.do(action, in.User, long)
		if j.after != nil {
			j.after(action, in.User)
		}
		return a, err
	}
}

func (j *jail) do(action, user string, long time.Duration) (answer, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := j.inside[user]
	switch action {
	case "contain_user":
		j.inside[user] = true
	case "release_user":
		if len(j.fail) > 0 {
			err := j.fail[0]
			j.fail = j.fail[1:]
			if err != nil {
				return answer{}, err
			}
		}
		delete(j.inside, user)
		j.released = append(j.released, fmt.Sprintf("%s after %s", user, time.Since(j.began).Round(time.Second)))
	}
	a := answer{contained: contained{Outcome: sdk.Changed, Before: fmt.Sprint(was), After: fmt.Sprint(j.inside[user])}, lookedUp: lookedUp{"ACTIVE"}}
	if was == j.inside[user] {
		a.Outcome = sdk.Unchanged
	}
	if action == "contain_user" {
		a.Undo = []sdk.Undo{{Action: "release_user", Input: sdk.JSON(fmt.Sprintf(`{"user":%q}`, user))}}
		if long > 0 {
			at := time.Now().Add(long)
			a.Undo[0].At = &at
		}
	}
	return a, nil
}

// out returns the releases so far.
func (j *jail) out() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.released)
}

func (j *jail) holds(user string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inside[user]
}

// A cell is an engine at work with a clock that the test advances.
type cell struct {
	t       *testing.T
	store   *Store
	jail    *jail
	notices []string
	stop    func() error
}

func newCell(t *testing.T, inside ...string) *cell {
	c := &cell{t: t, store: openStore(t, storePath(t)), jail: newJail(inside...)}
	return c
}

// work starts an engine. The test must stop it.
func (c *cell) work() {
	m, session := connect(c.t, c.jail.service(0))
	// The engine needs no watch of this store, since only this process writes to it. A check in
	// each second of a simulated day would take real seconds.
	e, err := New(c.store, Options{Connections: on("org", m, session), watchEvery: time.Hour, Observe: func(n Notice) {
		if n.Undo != nil {
			c.notices = append(c.notices, n.Kind+" "+n.Run.ID+" "+n.Undo.Status)
		}
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(c.t.Context())
	worked := make(chan error, 1)
	go func() { worked <- e.Work(ctx) }()
	c.stop = func() error {
		stop()
		if err := <-worked; err != nil {
			return err
		}
		return e.Close()
	}
	synctest.Wait()
}

// contain contains a user by a manual call for this time; 0 is without end.
func (c *cell) contain(user string, long time.Duration) {
	c.t.Helper()
	m, session := connect(c.t, c.jail.service(long))
	input := json.RawMessage(fmt.Sprintf(`{"user":%q}`, user))
	if _, err := c.store.Perform(quiet(c.t), session, m.Action("contain_user"), input, Caller{Org: "org"}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cell) release(user string) {
	c.t.Helper()
	m, session := connect(c.t, c.jail.service(0))
	input := json.RawMessage(fmt.Sprintf(`{"user":%q}`, user))
	if _, err := c.store.Perform(quiet(c.t), session, m.Action("release_user"), input, Caller{Org: "org"}); err != nil {
		c.t.Fatal(err)
	}
}

// undos returns the status, outcome and due time of all undos, oldest first.
func (c *cell) undos() []string {
	c.t.Helper()
	db := c.store.reader(c.t.Context())
	all := readUndos(db, `ORDER BY seq`)
	if err := db.err; err != nil {
		c.t.Fatal(err)
	}
	var lines []string
	for _, u := range all {
		line := u.Status
		if u.Outcome != "" {
			line += " " + u.Outcome
		}
		if u.Error != nil {
			line += " " + string(u.Error.Code)
		}
		if !u.Due.IsZero() {
			line += fmt.Sprintf(" %s", u.Due.Sub(c.jail.began).Round(time.Second))
		}
		lines = append(lines, line)
	}
	return lines
}
