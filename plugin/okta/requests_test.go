package okta

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

var update = flag.Bool("update", false, "write the table of requests")

const requestsTable = "../../docs/reference/requests.md"

// TestRequestsOfEachAction compares the requests of each action with the documentation.
func TestRequestsOfEachAction(t *testing.T) {
	backend, m := compiled(t)
	var b strings.Builder
	b.WriteString(`<!-- Printed by "go test ./plugin/okta -run TestRequestsOfEachAction -update"; not to be edited. -->

# Requests of each action

Okta's rate limit is the scarce resource. The table counts the requests of one call on the embedded org. Each list has one page. The user
is given by login and the group by name. The connection was checked before, as soar watch does when it starts: three requests, one of
them for the principal's admin roles.

A connection that was not checked reads the principal's admin roles before its first write. Without the role of a super administrator, it
reads the user's admin roles before each write. The roles of the connection's own user are read again after five minutes.

| action | requests | writes among them |
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
	b.WriteString(containmentsTable(t))
	b.WriteString(sweepsTable(t, backend))
	if *update {
		if err := os.WriteFile(requestsTable, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(requestsTable)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/reference/requests.md is out of date (%v):\n%s\nrun: go test ./plugin/okta -run TestRequestsOfEachAction -update",
			err, b.String())
	}
}

// BenchmarkRequests reports the requests of each action and the time of a call.
func BenchmarkRequests(b *testing.B) {
	backend, err := Backend()
	if err != nil {
		b.Fatal(err)
	}
	cases := allCases()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				reads, writes := requestsOf(b, backend, name, cases[name].Input)
				n += reads + writes
			}
			b.ReportMetric(float64(n)/float64(b.N), "requests/op")
		})
	}
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
