package guard

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// TestLockSupersEndsWithItsContext checks that a write stops waiting for another write when its context ends.
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
		t.Error("two writes to super administrators run concurrently")
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

func TestProtectsNames(t *testing.T) {
	for refs, want := range map[string]bool{
		"": false, glassID: false, "glass@corp.example": true, glassID + " glass@corp.example": true, "00u": true,
	} {
		g := New(Rules{ProtectedUsers: strings.Fields(refs)}, nil, Principal{})
		if got := g.ProtectsNames(); got != want {
			t.Errorf("%q: got %t", refs, got)
		}
	}
}

// TestNamesInBodies checks that a text of the body may be a name if it has at most 500 bytes.
func TestNamesInBodies(t *testing.T) {
	for length, want := range map[int]bool{1: true, 500: true, 501: false} {
		text := strings.Repeat("x", length)
		got := targetsOf(Write{Method: "POST", Path: "/api/v1/zones", Body: []byte(`{"name":"` + text + `"}`)})
		if slices.Contains(got.names, text) != want {
			t.Errorf("%d bytes: got %t", length, !want)
		}
	}
}
