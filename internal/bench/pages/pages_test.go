package pages

import (
	"testing"

	"soar.example/okta/internal/systemlog"
)

// TestPages checks that the generated events are like Okta's: valid, of the stated size, and distinct.
func TestPages(t *testing.T) {
	for size, about := range map[Size]int{Usual: 2100, Long: 2400} {
		page := Page(0, Full, size)
		heads, err := systemlog.Split(page)
		if err != nil || len(heads) != Full {
			t.Fatalf("%d events, %v", len(heads), err)
		}
		seen := map[string]bool{}
		for i, h := range heads {
			if len(h.Unreadable) > 0 || h.UUID != UUID(i) || seen[h.UUID] {
				t.Fatalf("event %d: %q, unreadable %q", i, h.UUID, h.Unreadable)
			}
			seen[h.UUID] = true
		}
		if each := len(page) / Full; each < about-150 || each > about+150 {
			t.Errorf("an event has %d bytes, not about %d", each, about)
		}
	}
}
