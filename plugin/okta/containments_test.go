package okta

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

const containmentsHead = `
# Requests of a containment

The containment suspends one user, ends sessions and tokens, adds the user to a quarantine group and verifies the result. These are three
writes. Reads before them serve the guards and find the groups of the user. One request after them returns status and membership.

A login instead of an ID costs one more request. So does the name of a group, which is then cached for five minutes. A quarantine group
with more than 200 members can cost two more. Requests for access tokens of a service app are not counted: one an hour, at an endpoint with
a limit of its own.

With ` + "`protected_groups`" + `, the guards read the user's groups before the first write. The suspension, the end of the sessions and the
quarantine count as one write for five seconds. With logins or email addresses in ` + "`protected_users`" + `, the user is read first, because
the login may belong to another user now. The names in these settings are resolved when the connection is checked, and again after ten
minutes.

soar makes a dry run before each write. The call that follows within two seconds uses the user and the groups that the dry run read. Both
together cost at most 6 requests on a connection that was checked and has contained before, and 7 with ` + "`protected_groups`" + `.

| contain_user, of a connection that | ids | login and group's id | user's id and group's name | login and name |
|---|---|---|---|---|
`

// A measurement counts the requests of one containment: suspension, sessions and tokens,
// quarantine group, verification.
type measurement struct {
	state    string // of the connection
	app      bool   // its login is a service app's
	protects string // the setting that protects somebody else, if any
	prepare  []func(testing.TB, sdk.Session) error
	by       string
	login    bool // the user is named by login, not by id
	name     bool // and the group by name
	requests int  // the most that it may take; 0 for any
}

// containments returns the measurements of the table, row by row.
func containments() [][]measurement {
	check := func(t testing.TB, s sdk.Session) error { _, err := s.Check(t.Context()); return err }
	before := func(t testing.TB, s sdk.Session) error {
		_, err := containOne(t, s, bystander, "Quarantine")
		return err
	}
	var rows [][]measurement
	for _, row := range []measurement{
		{state: "was just opened, as by soar run"},
		{state: "was checked, as soar watch does", prepare: []func(testing.TB, sdk.Session) error{check}},
		{state: "was checked and has contained before", prepare: []func(testing.TB, sdk.Session) error{check, before}},
		{state: "has contained before, with `protected_groups`", protects: "protected_groups", prepare: []func(testing.TB, sdk.Session) error{check, before}},
		{state: "has contained before, with logins in `protected_users`", protects: "protected_users", prepare: []func(testing.TB, sdk.Session) error{check, before}},
		{state: "is a service app's, just opened", app: true},
		{state: "is a service app's, and has contained before", app: true, prepare: []func(testing.TB, sdk.Session) error{before}},
		{state: "is a service app's, has contained before, with `protected_groups`", app: true, protects: "protected_groups",
			prepare: []func(testing.TB, sdk.Session) error{check, before}},
	} {
		ids, group, user, names := row, row, row, row
		ids.by, ids.requests = "ids", 6
		if row.protects == "protected_groups" {
			ids.requests++
		}
		group.by, group.login = "login and group's id", true
		user.by, user.name = "user's id and group's name", true
		names.by, names.login, names.name = "login and name", true, true
		rows = append(rows, []measurement{ids, group, user, names})
	}
	return rows
}

// count contains a user of a new org and returns the number of requests.
func (c measurement) count(t testing.TB) int {
	t.Helper()
	s := newService(t)
	var settings map[string]any
	switch c.protects {
	case "protected_groups":
		settings = map[string]any{c.protects: []string{s.AddGroup(oktasim.NewGroup{Name: "Vault"}).Name}}
	case "protected_users":
		settings = map[string]any{c.protects: []string{s.AddUser(oktasim.NewUser{Login: "glass@corp.example"}).Login}}
	}
	var session sdk.Session
	if c.app {
		session = appWith(t, s, settings, oktasim.NewServiceApp{DPoP: true})
	} else {
		session = opened(t, s.Server, settings)
	}
	for _, prepare := range c.prepare {
		if err := prepare(t, session); err != nil {
			t.Fatal(err)
		}
	}
	user, group := s.victim, s.group
	if c.login {
		user = victim
	}
	if c.name {
		group = "Quarantine"
	}
	n, err := containOne(t, session, user, group)
	if err != nil {
		t.Fatal(err)
	}
	if c.requests > 0 && n > c.requests {
		t.Errorf("containing one user takes %d requests, more than %d", n, c.requests)
	}
	return n
}

func containmentsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(containmentsHead)
	for _, row := range containments() {
		fmt.Fprintf(&b, "| %s |", row[0].state)
		for _, c := range row {
			fmt.Fprintf(&b, " %d |", c.count(t))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// BenchmarkContainments reports the requests and the time of each containment.
func BenchmarkContainments(b *testing.B) {
	for _, row := range containments() {
		for _, c := range row {
			b.Run(c.state+"/"+c.by, func(b *testing.B) {
				n := 0
				for b.Loop() {
					n += c.count(b)
				}
				b.ReportMetric(float64(n)/float64(b.N), "requests/op")
			})
		}
	}
}

// containOne contains one user and returns the number of API requests.
func containOne(t testing.TB, s sdk.Session, user, group string) (requests int, err error) {
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	result, err := s.Run(ctx, "contain_user", json.RawMessage(`{"users":["`+user+`"],"quarantine":"`+group+`"}`))
	for _, call := range result.Calls {
		if call.Path != "/oauth2/v1/token" {
			requests++
		}
	}
	return requests, err
}
