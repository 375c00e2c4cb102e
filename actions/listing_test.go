package actions_test

import (
	"fmt"
	"slices"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// A list goes on where an earlier call ended, and every item comes once.
func TestListGoesOn(t *testing.T) {
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
	// Cut off within a page, there is no place to go on from.
	if out := b.output("list_users", map[string]any{"search": `profile.login sw "many"`, "return_all": true, "max_items": 5}); out["next"] == nil ||
		out["truncated"] != true {
		t.Errorf("a page of five: %v", out["next"])
	}
	_, err := b.run("list_users", map[string]any{"after": "../x?limit=1&search=y"})
	b.wantCode(err, sdk.InvalidInput)
}
