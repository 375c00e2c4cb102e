package watch

import (
	"fmt"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now":                       now,
		" now ":                     now,
		"2h":                        now.Add(-2 * time.Hour),
		"2h ago":                    now.Add(-2 * time.Hour),
		"1h30m ago":                 now.Add(-90 * time.Minute),
		"3d":                        now.AddDate(0, 0, -3),
		"0d ago":                    now,
		"2026-03-14":                time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC),
		"2026-03-14T02:00:00Z":      time.Date(2026, 3, 14, 2, 0, 0, 0, time.UTC),
		"2026-03-14T02:00:00+01:00": time.Date(2026, 3, 14, 1, 0, 0, 0, time.UTC),
	} {
		if got, err := ParseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v, not %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "ago", "-2h", "-3d", "99999999d", "yesterday", "2h later", "14.03.2026", "2026-13-01", "\x1b[2J"} {
		if got, err := ParseTime(text, now); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, " 36h ": 36 * time.Hour, "0": 0, "1d12h": 36 * time.Hour, "106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("%q is %s, %v, not %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "90", "-90d", "-1h", "90 days", "106752d", "90d ago", "9999999999h"} {
		if got, err := ParseAge(text); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

func TestRecentIDsAreBounded(t *testing.T) {
	var r RecentIDs
	for i := range 3 * generation {
		if !r.Add(fmt.Sprint(i)) {
			t.Fatalf("%d is taken for one that was there", i)
		}
	}
	if len(r.current)+len(r.earlier) > 2*generation {
		t.Errorf("it holds %d ids", len(r.current)+len(r.earlier))
	}
	for i := 2 * generation; i < 3*generation; i++ {
		if r.Add(fmt.Sprint(i)) {
			t.Fatalf("%d is forgotten", i)
		}
	}
}
