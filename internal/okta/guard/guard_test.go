package guard

import (
	"context"
	"testing"
)

// A write that waits for another write to a super administrator ends with its context.
func TestLockSupersEndsWithItsContext(t *testing.T) {
	g := New(Rules{}, nil, Principal{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unlock, err := g.lockSupers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := g.lockSupers(ctx); err == nil {
		t.Error("two writes to super administrators are under way")
	}
}

func TestAuthorize(t *testing.T) {
	for name, c := range map[string]struct {
		allowed []string
		action  string
		want    bool
	}{
		"no list":           {nil, "suspend_user", true},
		"listed":            {[]string{"get_user", "suspend_user"}, "suspend_user", true},
		"not listed":        {[]string{"get_user"}, "suspend_user", false},
		"check_permissions": {[]string{"get_user"}, "check_permissions", true},
	} {
		g := New(Rules{AllowedActions: c.allowed}, nil, Principal{})
		if err := g.Authorize(c.action); (err == nil) != c.want || err != nil && !Rejected(err) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := g.AuthorizeAll("restore_user", []string{"get_user", c.action}, "it restores"); (err == nil) != c.want {
			t.Errorf("%s: all parts: got %v", name, err)
		}
	}
}

func TestOwnApp(t *testing.T) {
	for own, want := range map[string]bool{"0oaSELF": false, "0OASELF": false, "0oaOTHER": true, "": true} {
		g := New(Rules{}, nil, Principal{ClientID: own})
		_, err := g.Check(t.Context(), Write{Method: "POST", Path: "/api/v1/apps/0oaSELF/lifecycle/deactivate"})
		if (err == nil) != want {
			t.Errorf("client ID %q: got %v", own, err)
		}
	}
}
