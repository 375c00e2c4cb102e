package actions_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/actions"
	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/sdk/reconcile"
)

// typesOf returns the names in an output of list_event_types.
func typesOf(output map[string]any) []string {
	var names []string
	for _, t := range output["event_types"].([]any) {
		names = append(names, t.(map[string]any)["name"].(string))
	}
	return names
}

func TestListEventTypes(t *testing.T) {
	b := newBench(t)
	for name, test := range map[string]struct {
		input map[string]any
		first string // "" is for any
		count int
	}{
		"of a name":             {map[string]any{"search": "okta_verify.deny_push"}, "user.mfa.okta_verify.deny_push", 2},
		"of a family":           {map[string]any{"family": "access.review.*"}, "access.review.action", 6},
		"of a bare family":      {map[string]any{"family": "access.review"}, "access.review.action", 6},
		"of a category":         {map[string]any{"category": "iga-access-request", "search": "sequence"}, "", 3},
		"of a family and words": {map[string]any{"family": "user.session.*", "search": "start"}, "user.session.start", 1},
		"of no family":          {map[string]any{"family": "no.such.family.*"}, "", 0},
		"of no search":          {map[string]any{"search": "xyzzy"}, "", 0},
		"all":                   {map[string]any{"limit": 2000}, "", catalogue.Count},
	} {
		got := b.output("list_event_types", test.input)
		names := typesOf(got)
		if len(names) != test.count || test.first != "" && names[0] != test.first {
			t.Errorf("%s: got %v", name, names)
		}
		if got["truncated"] != false || got["next"] != nil {
			t.Errorf("%s: there is more: %v", name, got["next"])
		}
	}
	if n := len(b.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestListEventTypesPaging checks that the pages together have each type once.
func TestListEventTypesPaging(t *testing.T) {
	b := newBench(t)
	var names []string
	input := map[string]any{"limit": 100}
	for range 20 {
		got := b.output("list_event_types", input)
		names = append(names, typesOf(got)...)
		if got["next"] == nil {
			break
		}
		input["after"] = got["next"]
	}
	want := catalogue.Names()
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []map[string]any{{"after": "no.such.type"}, {"family": "a b"}, {"limit": 0}} {
		if _, err := b.run("list_event_types", bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// TestListEventTypesOutputIsJSON compares the output with the result of encoding/json.
func TestListEventTypesOutputIsJSON(t *testing.T) {
	type plain actions.ListEventTypesOutput
	for _, out := range []actions.ListEventTypesOutput{
		{},
		{Release: "2026.41.0", Paged: reconcile.Paged{Next: "a<b", Counted: reconcile.Counted{Count: 1, Truncated: true}}},
		{EventTypes: catalogue.Query{Text: "session"}.Types(), Release: "2026.08.1"},
	} {
		got, err := json.Marshal(out)
		if out.EventTypes == nil {
			out.EventTypes = []*catalogue.Type{}
		}
		want, err2 := json.Marshal(plain(out))
		if err != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("got %s, %v\nwant %s, %v", got, err, want, err2)
		}
	}
}
