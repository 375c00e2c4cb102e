package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// A version is a release of Okta, and about when it came out.
type version struct {
	text string
	day  int // about; days of 372 to a year
}

var releaseForm = regexp.MustCompile(`^(20[0-9]{2})\.([0-9]{2})(?:\.([0-9]{1,2}))?$`)

// parseRelease reads the forms that Okta has used. They look alike, so the date
// decides:
//
//	2018.47    year and week, until 2018; a few later ones too
//	2026.08.1  year, month and the release within it, from 2019 to September 2026
//	2026.41.0  year, week and the release within it, from October 2026
func parseRelease(text string) (version, error) {
	m := releaseForm.FindStringSubmatch(text)
	if m == nil {
		return version{}, fmt.Errorf("release %q is neither year.week nor year.month", text)
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
