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
one page long, the user named by login and the group by name. The first write of a connection asks twice besides: who the
login is, and who the org's administrators are; the answers are kept for a while.

| action | requests | of these writes |
|---|---|---|
`)
	cases := allCases()
	for _, info := range m.Actions {
		c, ok := cases[info.Name]
		if !ok {
			continue // the conformance suite says so
		}
		reads, writes := requestsOf(t, backend, info, c.Input)
		fmt.Fprintf(&b, "| [%s](actions/%s.md) | %d | %d |\n", info.Name, info.Name, reads+writes, writes)
	}
	if *update {
		if err := os.WriteFile(requestsTable, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(requestsTable)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/requests.md is not what the actions cost (%v); run: go test ./internal/connector -run TestRequestsOfEachAction -update", err)
	}
}

// requestsOf counts the requests of a call on a connection that has written before.
func requestsOf(t *testing.T, backend sdk.Backend, info sdk.ActionInfo, input inputOf) (reads, writes int) {
	t.Helper()
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	s := newService(t)
	session, err := backend.Open(ctx, s.Settings())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Run(ctx, "suspend_user", json.RawMessage(`{"user":"`+bystander+`"}`)); err != nil {
		t.Fatal(err)
	}
	result, err := session.Run(ctx, info.Name, input(s))
	if err != nil {
		t.Fatalf("%s: %v", info.Name, err)
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
