package actions

import (
	"context"
	"encoding/json"
	"net/url"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// Paging is what every action that lists takes besides.
type Paging struct {
	// Follow the pages to the end, up to max_items, instead of returning the first.
	ReturnAll bool `json:"return_all,omitempty" jsonschema:"title=Return all pages,default=false"`
	// Go on where an earlier call with the same search ended: its next.
	After string `json:"after,omitempty" jsonschema:"example=200u3futQUvdcXWLrNQz,maxLength=2000" jsonschema_extras:"x-group=advanced"`
	// Items an answer of Okta. With return_all the largest pages are read, since they cost the fewest requests.
	Limit int `json:"limit,omitempty" jsonschema:"default=200,minimum=1,maximum=200,example=200" jsonschema_extras:"x-group=advanced"`
	// Stop after so many items.
	MaxItems int `json:"max_items,omitempty" jsonschema:"title=Most items,default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
}

// maxPage is the most items that Okta gives, or recommends, in one answer of a
// list other than the log.
const maxPage = 200

// Counted is what every action that lists answers besides.
type Counted struct {
	Count     int  `json:"count"`     // How many there are in this answer.
	Truncated bool `json:"truncated"` // Whether Okta may have more that match.
}

// Paged is what every action that lists in pages answers besides.
type Paged struct {
	Counted
	// If there is more: the after with which a call goes on. Absent if it was cut off within a page of Okta's, or
	// Okta gives no further page.
	Next string `json:"next,omitempty"`
}

// list reads a list of Okta's, and makes of each object what the answer holds.
// Empty values of the query are left out.
func list[T any](ctx context.Context, c *okta.Client, path []string, query map[string]string, p Paging, item func(okta.Object) T) ([]T, Paged, error) {
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
	all, n := items(found, rest, item)
	return all, Paged{Counted: n, Next: rest.After}, nil
}

// raw keeps an object as Okta sent it.
func raw(o okta.Object) Object { return Object(json.RawMessage(o)) }

// listWhole reads a list that Okta gives in one answer, or in pages of its own
// choice.
func listWhole[T any](ctx context.Context, c *okta.Client, path []string, most int, item func(okta.Object) T) ([]T, Counted, error) {
	found, rest, err := c.List(ctx, path, url.Values{}, okta.Span{Most: most, All: true})
	if err != nil {
		return nil, Counted{}, err
	}
	all, n := items(found, rest, item)
	return all, n, nil
}

func items[T any](found []okta.Object, rest okta.Rest, item func(okta.Object) T) ([]T, Counted) {
	all := make([]T, len(found))
	for i, o := range found {
		all[i] = item(o)
	}
	return all, Counted{Count: len(all), Truncated: rest.Truncated}
}

// oneOf refuses more than one of the ways to select that Okta does not combine.
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

var onePage = Paged{Counted: Counted{Count: 1}}

// listed completes how the answers of a list that has pages are options.
func listed(o sdk.OptionList) *sdk.OptionList {
	o.Limit, o.After, o.Next = "limit", "after", "next"
	return &o
}
