package actions

import (
	"context"
	"net/url"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// Bounded holds the parameter that every list has.
type Bounded struct {
	// Maximum number of items of the output.
	MaxItems int `json:"max_items,omitempty" jsonschema:"default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
}

// Paging holds the parameters that every list with pages has.
type Paging struct {
	// Read all pages, up to max_items, instead of the first.
	ReturnAll bool `json:"return_all,omitempty" jsonschema:"title=Return all pages,default=false"`
	// Cursor of the next page: the next of an earlier call with the same search.
	After string `json:"after,omitempty" jsonschema:"example=200u3futQUvdcXWLrNQz,maxLength=2000" jsonschema_extras:"x-group=advanced"`
	// Page size. With return_all the largest pages are read, since they cost the fewest requests.
	Limit int `json:"limit,omitempty" jsonschema:"default=200,minimum=1,maximum=200,example=200" jsonschema_extras:"x-group=advanced"`
	Bounded
}

// maxPage is the largest page that Okta returns, or recommends, of a list other than
// the log.
const maxPage = 200

// Counted holds the members that the output of every list has.
type Counted struct {
	Count     int  `json:"count"`     // Number of items in this output.
	Truncated bool `json:"truncated"` // Whether Okta may have more items that match.
}

// Paged holds the members that the output of every list with pages has.
type Paged struct {
	Counted
	// Cursor of the next page, for the parameter after. Absent if there is no next page, or if the list was cut off
	// within a page.
	Next string `json:"next,omitempty"`
}

// list reads a list with pages, and converts each object to an item of the output. It
// leaves empty values of the query out.
func list[T any](
	ctx context.Context, c *okta.Client, path []string, query map[string]string, p Paging, item func(okta.Object) T,
) ([]T, Paged, error) {
	values := url.Values{}
	for name, value := range query {
		if value != "" {
			values.Set(name, value)
		}
	}
	first := min(p.Limit, p.MaxItems)
	span := okta.Span{Page: first, Most: first, After: p.After}
	if p.ReturnAll {
		span = okta.Span{Page: min(p.MaxItems, maxPage), Most: p.MaxItems, All: true, After: p.After}
	}
	found, rest, err := c.List(ctx, path, values, span)
	if err != nil {
		return nil, Paged{}, err
	}
	return convert(found, item), Paged{Counted: Counted{len(found), rest.Truncated}, Next: rest.After}, nil
}

// listOfUser reads a list that belongs to one user.
func listOfUser[T any](
	ctx context.Context, c *okta.Client, userID string, most int, item func(okta.Object) T, source func(userID string) ([]string, url.Values),
) ([]T, Counted, error) {
	path, query := source(userID)
	found, rest, err := c.List(ctx, path, query, okta.Span{Most: most, All: true})
	if err != nil {
		return nil, Counted{}, err
	}
	return convert(found, item), Counted{len(found), rest.Truncated}, nil
}

// below returns the source of a list below the user's path.
func below(name string) func(userID string) ([]string, url.Values) {
	return func(userID string) ([]string, url.Values) { return []string{"users", userID, name}, url.Values{} }
}

// convert returns the conversion of each item. The result is never nil.
func convert[T, U any](items []T, to func(T) U) []U {
	all := make([]U, len(items))
	for i, item := range items {
		all[i] = to(item)
	}
	return all
}

// oneOf rejects more than one of the parameters that select objects. Okta does not
// combine them.
func oneOf(search, filter, q string) error {
	switch {
	case search != "" && filter != "":
		return sdk.InvalidField("/filter", "cannot be combined with search")
	case search != "" && q != "":
		return sdk.InvalidField("/q", "cannot be combined with search")
	case filter != "" && q != "":
		return sdk.InvalidField("/q", "cannot be combined with filter")
	}
	return nil
}

var (
	onePage    = Paged{Counted: Counted{Count: 1}}
	defaultMax = Bounded{10_000}
)

// listed completes the declaration of a list with pages whose items are options.
func listed(o sdk.OptionList) *sdk.OptionList {
	o.Limit, o.After, o.Next = "limit", "after", "next"
	return &o
}
