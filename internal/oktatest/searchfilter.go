package oktatest

import (
	"slices"
	"strings"
)

// searchRules say what one of the list endpoints' expressions may hold. Okta's search compares strings without regard
// to case, its filter with regard to it.
type searchRules struct {
	parameter string
	search    bool
	// allows reports whether an operator may stand behind an attribute.
	allows func(attribute, operator string) bool
}

var ordering = []string{"gt", "ge", "lt", "le"}

// userFilter: only eq, but on lastUpdated also the orderings.
func userFilter(attribute, operator string) bool {
	if attribute == "lastUpdated" {
		return operator == "eq" || slices.Contains(ordering, operator)
	}
	known := []string{"id", "status", "profile.login", "profile.email", "profile.firstName", "profile.lastName"}
	return operator == "eq" && slices.Contains(known, attribute)
}

// userSearch: no ne, ew or not, and co on four attributes only.
func (o *Org) userSearch(attribute, operator string) bool {
	name, isProfile := strings.CutPrefix(attribute, "profile.")
	top := []string{"id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"}
	if isProfile && !o.definesAttribute(name) || !isProfile && !slices.Contains(top, attribute) {
		return false
	}
	switch operator {
	case "eq", "sw", "pr", "gt", "ge", "lt", "le":
		return true
	case "co":
		return slices.Contains([]string{"profile.firstName", "profile.lastName", "profile.email", "profile.login"}, attribute)
	}
	return false
}

func groupFilter(attribute, operator string) bool {
	switch attribute {
	case "id", "type":
		return operator == "eq"
	case "lastUpdated", "lastMembershipUpdated":
		return operator == "eq" || slices.Contains(ordering, operator)
	}
	return false
}

func groupSearch(attribute, operator string) bool {
	known := []string{"id", "type", "created", "lastUpdated", "lastMembershipUpdated", "profile.name", "profile.description"}
	if !slices.Contains(known, attribute) {
		return false
	}
	switch operator {
	case "eq", "sw", "pr", "gt", "ge", "lt", "le":
		return true
	case "co":
		return attribute == "profile.name" || attribute == "profile.description"
	}
	return false
}

// expression reads the search or filter of a list call; nil means that there is none.
func (c *call) expression(search, filter func(attribute, operator string) bool) (filterExpr, error) {
	hasSearch, hasFilter := c.query.Get("search") != "", c.query.Get("filter") != ""
	switch {
	case hasSearch && hasFilter:
		return nil, invalid("search", "search: It cannot be combined with filter")
	case hasSearch:
		return searchRules{"search", true, search}.parse(c.query.Get("search"))
	case hasFilter:
		return searchRules{"filter", false, filter}.parse(c.query.Get("filter"))
	}
	return nil, nil
}

func (r searchRules) parse(text string) (filterExpr, error) {
	e, err := parseFilter(text)
	if err != nil {
		if r.search {
			return nil, oktaError("E0000031")
		}
		return nil, oktaErrorf("E0000053", "Invalid filter '%s': %v", text, err)
	}
	if holdsNot(e) {
		return nil, oktaError("E0000031")
	}
	err = e.visit(func(c *comparison) error {
		if !r.allows(c.attribute, c.operator) {
			return unsupported(c)
		}
		c.fold = r.search
		return nil
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func unsupported(c *comparison) *apiError {
	return oktaErrorf("E0000031", "The supplied combination of operator and field is not currently supported. Operator: %s, Field: %s",
		c.operator, c.attribute)
}

func holdsNot(e filterExpr) bool {
	switch e := e.(type) {
	case *negation:
		return true
	case *junction:
		return slices.ContainsFunc(e.terms, holdsNot)
	}
	return false
}
