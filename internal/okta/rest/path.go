package rest

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"soar.example/okta/sdk"
)

// Okta's IDs have 20 letters and digits. The first three identify the kind of object.
var (
	userID    = regexp.MustCompile(`^00u[0-9A-Za-z]{17}$`)
	groupID   = regexp.MustCompile(`^00g[0-9A-Za-z]{17}$`)
	sessionID = regexp.MustCompile(`^[0-9A-Za-z_-]{10,200}$`) // longer than other IDs
)

// IsUserID reports whether ref has the form of a user's ID.
func IsUserID(ref string) bool { return userID.MatchString(ref) }

// IsGroupID reports whether ref has the form of a group's ID.
func IsGroupID(ref string) bool { return groupID.MatchString(ref) }

// IsSessionID reports whether ref has the form of a session's ID.
func IsSessionID(ref string) bool { return sessionID.MatchString(ref) }

// Path escapes segments and joins them into a path of the API. Empty segments and dot segments are errors: an empty
// ID would turn "this user" into "all users", and ".." would call another endpoint.
func Path(segments ...string) (string, error) {
	var b strings.Builder
	b.WriteString("/api/v1")
	for _, s := range segments {
		if err := CheckSegment(s); err != nil {
			return "", err
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String(), nil
}

// CheckSegment rejects a text that cannot be one segment of a path.
func CheckSegment(s string) error {
	switch {
	case s == "":
		return sdk.Invalid("an id is empty")
	case s == "." || s == "..":
		return sdk.Invalid("an id must not be . or ..")
	case strings.ContainsAny(s, `/\?#%`) || strings.ContainsFunc(s, unicode.IsControl):
		return sdk.Invalid("an id must not contain / \\ ? # % or control characters")
	}
	return nil
}

// CheckReference rejects a text that can be neither an ID nor a name. pointer is the location of the text in the
// input.
func CheckReference(pointer, ref string) error {
	switch {
	case strings.TrimSpace(ref) == "":
		return sdk.InvalidField(pointer, "must not be empty")
	case ref != strings.TrimSpace(ref):
		return sdk.InvalidField(pointer, "must not begin or end with a space")
	case len(ref) > 500:
		return sdk.InvalidField(pointer, "is longer than any name in Okta")
	case strings.ContainsFunc(ref, unicode.IsControl) || strings.ContainsRune(ref, unicode.ReplacementChar):
		return sdk.InvalidField(pointer, "must not contain control characters")
	}
	return nil
}
