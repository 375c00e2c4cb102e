package nearest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	_ "soar.example/okta/internal/fixedseed"
	"soar.example/okta/internal/nearest"
)

func TestTo(t *testing.T) {
	known := []string{"suspend_user", "unsuspend_user", "get_user", "get_logs", "user", "id"}
	for name, want := range map[string][]string{
		"suspend_user":          {"suspend_user", "unsuspend_user", "user"},
		"suspend_usr":           {"suspend_user", "unsuspend_user"},
		"Suspend_User":          {"suspend_user", "unsuspend_user", "user"},
		"suspend":               {"suspend_user", "unsuspend_user"},
		"usr":                   {"user"},
		"uesr":                  {"user"},
		"suspend_user_now":      {"suspend_user", "user"},
		"get":                   nil,
		"i":                     nil,
		"x":                     nil,
		"ix":                    {"id"},
		"":                      nil,
		" ":                     nil,
		"delete_everything":     nil,
		"\xff\xff":              nil,
		"éééééé":                nil,
		"userus":                {"user"},
		strings.Repeat("q", 50): nil,
	} {
		if diff := cmp.Diff(want, nearest.To(name, known, 3)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func TestToMost(t *testing.T) {
	known := []string{"aaab", "aaac", "aaab", "aaad"}
	for most, want := range map[int][]string{-1: nil, 0: nil, 1: {"aaab"}, 2: {"aaab", "aaac"}, 9: {"aaab", "aaac", "aaad"}} {
		if diff := cmp.Diff(want, nearest.To("aaaa", known, most)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", most, diff)
		}
	}
	if got := nearest.To("user", nil, 3); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestHint(t *testing.T) {
	for name, want := range map[string]string{
		"usr":  `; did you mean "user"?`,
		"user": `; did you mean "user" or "users"?`,
		"xyz":  "",
		"":     "",
	} {
		if got := nearest.Hint(name, []string{"users", "user"}); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestHugeName(t *testing.T) {
	start := time.Now()
	for _, name := range []string{strings.Repeat("x", 10<<20), strings.Repeat("é", 5<<20), strings.Repeat("user", 2<<20)} {
		got := nearest.To(name, []string{"user", "suspend_user", ""}, 3)
		if strings.HasPrefix(name, "user") != (len(got) == 1) {
			t.Errorf("%.8s…: got %v", name, got)
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
}

// TestOneTypingError checks that To finds the original of every name of at least four letters with one typing
// error, and that the results are distinct candidates.
func TestOneTypingError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meant := rapid.StringMatching(`[a-z_]{4,20}`).Draw(t, "meant")
		others := rapid.SliceOfN(rapid.StringMatching(`[A-Z]{1,30}`), 0, 5).Draw(t, "others")
		at := rapid.IntRange(0, len(meant)-1).Draw(t, "at")
		for _, typed := range []string{meant[:at] + meant[at+1:], meant[:at] + "0" + meant[at+1:], meant[:at] + "0" + meant[at:]} {
			got := nearest.To(typed, append(others, meant), 99)
			seen := map[string]int{}
			for _, name := range got {
				seen[name]++
			}
			if seen[meant] != 1 {
				t.Fatalf("%q for %q: got %q", typed, meant, got)
			}
		}
	})
}
