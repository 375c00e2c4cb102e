package oktatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// baseAttributes are the attributes of Okta's default user profile.
var baseAttributes = []string{
	"login", "email", "secondEmail", "firstName", "lastName", "middleName", "honorificPrefix", "honorificSuffix",
	"title", "displayName", "nickName", "profileUrl", "primaryPhone", "mobilePhone", "streetAddress", "city",
	"state", "zipCode", "countryCode", "postalAddress", "preferredLanguage", "locale", "timezone", "userType",
	"employeeNumber", "costCenter", "organization", "division", "department", "managerId", "manager",
}

var requiredAttributes = []string{"login", "email", "firstName", "lastName"}

func (o *Org) definesAttribute(name string) bool {
	return slices.Contains(baseAttributes, name) || o.custom[name]
}

// checkProfile refuses what Okta's user profile does not define or must hold. The id is that of the user whose own
// login does not count as taken; it is empty for a new user.
func (o *Org) checkProfile(id string, profile map[string]any) []string {
	var causes []string
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		if !o.definesAttribute(name) {
			causes = append(causes, fmt.Sprintf("Property name '%s' is not defined in profile", name))
		} else if cause := checkAttribute(name, profile[name]); cause != "" && !o.custom[name] {
			causes = append(causes, cause)
		}
	}
	for _, name := range requiredAttributes {
		if text(profile, name) == "" {
			causes = append(causes, name+": The field cannot be left blank")
		}
	}
	if other := o.userByLogin(text(profile, "login")); other != nil && other.id != id {
		causes = append(causes, "login: An object with this field already exists in the current organization")
	}
	return causes
}

func checkAttribute(name string, v any) string {
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return name + ": The value must be a string"
	case (name == "login" || name == "email") && s != "" && !isEmail(s):
		return name + ": Does not match required pattern"
	case utf8.RuneCountInString(s) > 255:
		return name + ": String is too long"
	}
	return ""
}

// isEmail accepts what Okta's default policy takes for a login: something, an at sign, something.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n") && !strings.Contains(domain, "@")
}

// text returns a string attribute, or "" for anything else.
func text(profile map[string]any, name string) string {
	s, _ := profile[name].(string)
	return s
}

// setProfile stores a profile without its nulls, which mean that an attribute is absent.
func setProfile(profile map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range profile {
		if v != nil {
			out[k] = v
		}
	}
	return out
}

// shownProfile is the profile as Okta shows it: two attributes are there even when null.
func shownProfile(profile map[string]any) map[string]any {
	out := map[string]any{"mobilePhone": nil, "secondEmail": nil}
	maps.Copy(out, profile)
	return out
}

// plainProfile turns the values of a profile made in Go into those that JSON would give.
func plainProfile(profile map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(profile)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	out := map[string]any{}
	if err := decodeObject(raw, &out); err != nil && profile != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return out, nil
}
