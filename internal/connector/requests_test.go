package connector

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

var update = flag.Bool("update", false, "write the table of requests")

const requestsTable = "../../docs/requests.md"

// Guards against an action that comes to cost more of Okta's rate limit than its
// documentation says.
func TestRequestsOfEachAction(t *testing.T) {
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`<!-- Printed by "go test ./internal/connector -run TestRequestsOfEachAction -update"; not to be edited. -->

# What each action costs

Okta's rate limit is the scarce resource. The table counts the requests of one call on the embedded org, each list being
one page long, the user named by login and the group by name, on a connection that was checked a moment ago, as soar watch
does when it starts: three requests, which tell among others whether the login is a super administrator's. A connection
that was not checked asks before a write which admin roles the user has, and one whose login is no super administrator's
does so for each user. What is known of anybody's roles, the login's own too, is asked anew after five minutes.

| action | requests | of these writes |
|---|---|---|
`)
	cases := allCases()
	for _, info := range m.Actions {
		c, ok := cases[info.Name]
		if !ok {
			continue // the conformance suite says so
		}
		reads, writes := requestsOf(t, backend, info.Name, c.Input)
		fmt.Fprintf(&b, "| [%s](actions/%s.md) | %d | %d |\n", info.Name, info.Name, reads+writes, writes)
	}
	b.WriteString(containmentsTable(t, backend))
	if *update {
		if err := os.WriteFile(requestsTable, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(requestsTable)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/requests.md is not what the actions cost (%v):\n%s\nrun: go test ./internal/connector -run TestRequestsOfEachAction -update", err, b.String())
	}
}

// BenchmarkRequests reports the requests of each action beside the time of a call.
func BenchmarkRequests(b *testing.B) {
	backend, err := Backend()
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range allCases() {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				reads, writes := requestsOf(b, backend, name, c.Input)
				n += reads + writes
			}
			b.ReportMetric(float64(n)/float64(b.N), "requests/op")
		})
	}
}

// containmentsTable is what containing one user takes: suspend, sessions and tokens,
// quarantine group, read back.
func containmentsTable(t *testing.T, backend sdk.Backend) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`
# What containing one user costs

Suspend, end sessions and tokens, add to a quarantine group, read back: three writes; before them what the guards must know
and which groups the user was in, after them one request that tells status and membership. A login instead of an id is one
request more, and so is a group's name, which is then known for five minutes. A quarantine group of more than 200 members
may be two more: the user is not on the first page. A service app's login is not counted: one request an hour to an
endpoint with a limit of its own, up to three where it first learns that Okta demands DPoP.

| contain_user, of a connection that | ids | login and group's id | user's id and group's name | login and name |
|---|---|---|---|---|
`)
	token := func() (sdk.Session, service) {
		s := newService(t)
		session, err := backend.Open(t.Context(), s.Settings())
		if err != nil {
			t.Fatal(err)
		}
		return session, s
	}
	app := func() (sdk.Session, service) { return appSession(t, true, nil) }
	check := func(s sdk.Session) error { _, err := s.Check(t.Context()); return err }
	before := func(s sdk.Session) error { return containOne(t, s, bystander, "Quarantine", nil) }
	for _, row := range []struct {
		state   string
		open    func() (sdk.Session, service)
		prepare []func(s sdk.Session) error
	}{
		{"was just opened, as by soar run", token, nil},
		{"was checked, as soar watch does", token, []func(sdk.Session) error{check}},
		{"was checked and has contained before", token, []func(sdk.Session) error{check, before}},
		{"is a service app's, just opened", app, nil},
		{"is a service app's, and has contained before", app, []func(sdk.Session) error{before}},
	} {
		fmt.Fprintf(&b, "| %s |", row.state)
		for _, by := range []struct{ login, name bool }{{}, {login: true}, {name: true}, {true, true}} {
			session, s := row.open()
			for _, prepare := range row.prepare {
				if err := prepare(session); err != nil {
					t.Fatal(err)
				}
			}
			user, group := s.victim, s.group
			if by.login {
				user = victim
			}
			if by.name {
				group = "Quarantine"
			}
			n := 0
			if err := containOne(t, session, user, group, &n); err != nil {
				t.Fatal(err)
			}
			_ = session.Close()
			if !by.login && !by.name && n > 6 {
				t.Errorf("containing one user takes %d requests, more than 6", n)
			}
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func containOne(t *testing.T, s sdk.Session, user, group string, requests *int) error {
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	result, err := s.Run(ctx, "contain_user", json.RawMessage(`{"users":["`+user+`"],"quarantine":"`+group+`"}`))
	if requests != nil {
		for _, call := range result.Calls {
			if call.Path != "/oauth2/v1/token" {
				*requests++
			}
		}
	}
	return err
}

// requestsOf counts the requests of a call on a connection that was checked.
func requestsOf(t testing.TB, backend sdk.Backend, action string, input inputOf) (reads, writes int) {
	t.Helper()
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	s := newService(t)
	session, err := backend.Open(ctx, s.Settings())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Check(ctx); err != nil {
		t.Fatal(err)
	}
	result, err := session.Run(ctx, action, input(s))
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	for _, call := range result.Calls {
		if call.Method == "GET" {
			reads++
		} else {
			writes++
		}
	}
	return reads, writes
}
