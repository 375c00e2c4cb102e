package sdk

import (
	"fmt"
	"regexp"
	"strings"
)

var typePattern = regexp.MustCompile(`^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$`)

// CheckTypePattern refuses what is neither an event type ("user.session.start"),
// nor a family of them ("user.session.*"), nor all of them ("*").
func CheckTypePattern(pattern string) error {
	if len(pattern) > 200 || !typePattern.MatchString(pattern) {
		return fmt.Errorf(`must be an event type such as user.session.start, a family such as user.session.*, or *`)
	}
	return nil
}

// MatchType reports whether eventType is, or belongs to the family, pattern.
// "user.session.*" has user.session.start and user.session.a.b, but not
// user.session itself.
func MatchType(pattern, eventType string) bool {
	if pattern == "*" {
		return true
	}
	if family, ok := strings.CutSuffix(pattern, "*"); ok {
		return len(eventType) > len(family) && strings.HasPrefix(eventType, family)
	}
	return pattern == eventType
}
