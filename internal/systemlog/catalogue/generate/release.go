package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// A version is an Okta release with its approximate date.
type version struct {
	text string
	day  int // approximate; counted with 372 days per year
}

var releaseForm = regexp.MustCompile(`^(20[0-9]{2})\.([0-9]{2})(?:\.([0-9]{1,2}))?$`)

// parseRelease parses the forms that Okta has used. The forms look alike, so the date decides how
// to read a release:
//
//	2018.47    year and week; until 2018, and a few later releases
//	2026.08.1  year, month and number within the month; from 2019 to September 2026
//	2026.41.0  year, week and number within the week; from October 2026
func parseRelease(text string) (version, error) {
	m := releaseForm.FindStringSubmatch(text)
	if m == nil {
		return version{}, fmt.Errorf("release %q must have the form year.week or year.month, such as 2018.47 or 2026.08.1", text)
	}
	year, _ := strconv.Atoi(m[1])
	part, _ := strconv.Atoi(m[2])
	patch, _ := strconv.Atoi(m[3])
	day := year * 372
	if byMonth := m[3] != "" && (year < 2026 || year == 2026 && part <= 9); byMonth {
		if part < 1 || part > 12 {
			return version{}, fmt.Errorf("release %q has no month %d", text, part)
		}
		return version{text, day + (part-1)*31 + min(patch*7, 30)}, nil
	}
	if part < 1 || part > 53 {
		return version{}, fmt.Errorf("release %q has no week %d", text, part)
	}
	return version{text, day + (part-1)*7 + min(patch, 6)}, nil
}
