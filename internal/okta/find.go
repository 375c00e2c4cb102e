package okta

import (
	"net/url"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// CheckName rejects a text that cannot be a name in Okta; pointer locates it in the
// input.
func CheckName(pointer, name string) error { return rest.CheckReference(pointer, name) }

// IsUserID reports whether ref has the form of a user's ID.
func IsUserID(ref string) bool { return rest.IsUserID(ref) }

// equals returns a condition of Okta's search language.
func equals(attribute, value string) string { return attribute + " eq " + systemlog.Quote(value) }

// limit returns a query with a page size.
func limit(n string) url.Values { return url.Values{"limit": {n}} }

// A kind is a kind of objects with names.
type kind[T any] struct {
	noun     string
	name     string // word for the name
	nameOf   func(T) string
	describe func(T) string
}

// pick returns the one object of found with exactly the name ref. pointer locates ref in
// the input, by is the kind of reference that it is.
func (k kind[T]) pick(c *Client, pointer, ref, by string, found []T) (T, error) {
	var exact []T
	var names, others []string
	for _, o := range found {
		if k.nameOf(o) == ref {
			exact, names = append(exact, o), append(names, k.describe(o))
		} else {
			others = append(others, k.describe(o))
		}
	}
	var none T
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) > 1:
		return none, sdk.InvalidField(pointer, "is the %s of %d %ss: %s; give the id", k.name, len(exact), k.noun, candidates(names))
	}
	e := sdk.Errorf(sdk.NotFound, "no %s of %s has the %s %q", k.noun, c.origin.Host, by, rest.Printable(ref, 100))
	if len(others) > 0 {
		e.Message += "; near it are " + candidates(others)
	}
	e.Violations = sdk.InvalidField(pointer, "names no %s", k.noun).Violations
	return none, e
}

// byID reads an object by its ID. found is false if there is none, so that the caller
// tries the name.
func byID[T any](read func() (T, error)) (o T, found bool, err error) {
	o, err = read()
	if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
		return o, false, nil
	}
	return o, true, err
}
