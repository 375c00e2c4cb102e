package okta

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"soar.example/okta/sdk"
)

// Okta's ids are 20 letters and digits; the first three tell the kind of object.
var (
	userID  = regexp.MustCompile(`^00u[0-9A-Za-z]{17}$`)
	groupID = regexp.MustCompile(`^00g[0-9A-Za-z]{17}$`)
	// A session's id is longer, and may hold - and _.
	sessionID = regexp.MustCompile(`^[0-9A-Za-z_-]{10,200}$`)
)

// path joins segments into a path of the API. Each is escaped, and none may be
// empty or a dot segment: an empty id would turn "this user" into "all users", and
// ".." would climb to another call.
func path(segments ...string) (string, error) {
	var b strings.Builder
	b.WriteString("/api/v1")
	for _, s := range segments {
		if err := plain(s); err != nil {
			return "", err
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String(), nil
}

// plain refuses what cannot stand as one segment of a path.
func plain(s string) *sdk.Error {
	switch {
	case s == "":
		return sdk.Invalid("an id is empty")
	case s == "." || s == "..":
		return sdk.Invalid("an id must not be . or ..")
	case strings.ContainsAny(s, `/\?#%`) || strings.ContainsFunc(s, unicode.IsControl):
		return sdk.Invalid("an id must not hold / \\ ? # % or control characters")
	}
	return nil
}

// checkRef refuses what can be neither an id nor a name.
func checkRef(pointer, ref string) *sdk.Error {
	switch {
	case strings.TrimSpace(ref) == "":
		return sdk.InvalidField(pointer, "must not be empty")
	case ref != strings.TrimSpace(ref):
		return sdk.InvalidField(pointer, "must not begin or end with a blank")
	case len(ref) > 500:
		return sdk.InvalidField(pointer, "is longer than any name in Okta")
	case strings.ContainsFunc(ref, unicode.IsControl) || strings.ContainsRune(ref, unicode.ReplacementChar):
		return sdk.InvalidField(pointer, "must not hold control characters")
	}
	return nil
}

// CheckName refuses what cannot be the name of anything in Okta; pointer is where
// it stands in the input.
func CheckName(pointer, name string) error {
	if err := checkRef(pointer, name); err != nil {
		return err
	}
	return nil
}

// IsUserID reports whether ref has the form of a user's id.
func IsUserID(ref string) bool { return userID.MatchString(ref) }
