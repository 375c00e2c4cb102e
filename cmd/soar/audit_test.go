package main

import (
	"encoding/json"
	"testing"

	"soar.example/okta/internal/engine/embedded"
)

// TestAuditSubject checks the column SUBJECT of a call with and without known objects.
func TestAuditSubject(t *testing.T) {
	for _, test := range []struct {
		input    string
		subjects []string
		want     string
	}{
		{`{"user":"00u1"}`, []string{"alice@corp.example", "bob@corp.example"}, "alice@corp.example, bob@corp.example"},
		{`{"user":"alice@corp.example"}`, nil, "alice@corp.example"},
		{`{"user":"alice@corp.example","reason":"INC-1","dry_run":true,"force":true,"expected_before":{"status":"ACTIVE"}}`, nil, "alice@corp.example"},
		{`{"user":"alice@corp.example","group":"Admins"}`, nil, "group=Admins, user=alice@corp.example"},
		{`{"users":["alice@corp.example","bob@corp.example"]}`, nil, "alice@corp.example, bob@corp.example"},
		{`{"query":"a\nb\t c","limit":20}`, nil, "limit=20, query=a b c"},
		{`{"profile":{"title":"x"},"user":"a"}`, nil, `profile={"title":"x"}, user=a`},
		{`{"items":[["a"],{"b":1},null]}`, nil, `a, {"b":1}, null`},
		{`{"user":""}`, nil, ""},
		{`{"user":"********"}`, nil, "********"},
		{`{}`, nil, ""},
		{"[1,\n2]", nil, "[1, 2]"},
		{`"a text"`, nil, `"a text"`},
		{"not\nJSON", nil, "not JSON"},
		{"", nil, ""},
	} {
		row := auditRow(embedded.AuditEntry{Input: json.RawMessage(test.input), Subjects: test.subjects})
		if row[3] != test.want {
			t.Errorf("input %s, subjects %v: got %q, want %q", test.input, test.subjects, row[3], test.want)
		}
	}
}
