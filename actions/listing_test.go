package actions_test

import (
	"fmt"
	"slices"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestListContinuesAtCursor checks that a list continues after an earlier call, with each
// item once.
func TestListContinuesAtCursor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var want, got []string
	for i := range 25 {
		want = append(want, b.AddUser(oktasim.NewUser{Login: fmt.Sprintf("many%03d@corp.example", i), FirstName: "Many", LastName: "User"}).ID)
	}
	input := map[string]any{"search": `profile.login sw "many"`, "limit": 10}
	for range 5 {
		out := b.output("list_users", input)
		for _, u := range out["users"].([]any) {
			got = append(got, u.(map[string]any)["id"].(string))
		}
		next, more := out["next"]
		if more != out["truncated"].(bool) {
			t.Errorf("next is %v, truncated %v", next, out["truncated"])
		}
		if !more {
			break
		}
		input["after"] = next
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %d users, want %d", len(got), len(want))
	}
	// A list that is cut off within a page has no cursor.
	if out := b.output("list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "max_items": 5}); out["next"] == nil ||
		out["truncated"] != true {
		t.Errorf("a page of five: %v", out["next"])
	}
	_, err := b.run("list_users", map[string]any{"after": "../x?limit=1&search=y"})
	b.wantCode(err, sdk.InvalidInput)
}
