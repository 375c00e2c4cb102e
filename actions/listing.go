package actions

import (
	"context"
	"net/url"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// maxPage is the largest page that Okta returns, or recommends, of a list other than
// the log.
const maxPage = 200

// list reads a list with pages, and converts each object to an item of the output. It
// leaves empty values of the query out.
func list[T any](
	ctx context.Context, c *okta.Client, path []string, query map[string]string, p reconcile.Paging, item func(okta.Object) T,
) ([]T, reconcile.Paged, error) {
	values := url.Values{}
	for name, value := range query {
		if value != "" {
			values.Set(name, value)
		}
	}
	page, items := p.Sizes(maxPage)
	span := okta.Span{Page: page, Most: items, All: p.ReturnAll, After: p.After}
	found, rest, err := c.List(ctx, path, values, span)
	if err != nil {
		return nil, reconcile.Paged{}, err
	}
	return reconcile.Convert(found, item), reconcile.Paged{Counted: reconcile.Counted{Count: len(found), Truncated: rest.Truncated}, Next: rest.After}, nil
}

// listOfUser reads a list that belongs to one user.
func listOfUser[T any](
	ctx context.Context, c *okta.Client, userID string, most int, item func(okta.Object) T, source func(userID string) ([]string, url.Values),
) ([]T, reconcile.Counted, error) {
	path, query := source(userID)
	found, rest, err := c.List(ctx, path, query, okta.Span{Most: most, All: true})
	if err != nil {
		return nil, reconcile.Counted{}, err
	}
	return reconcile.Convert(found, item), reconcile.Counted{Count: len(found), Truncated: rest.Truncated}, nil
}

// below returns the source of a list below the user's path.
func below(name string) func(userID string) ([]string, url.Values) {
	return func(userID string) ([]string, url.Values) { return []string{"users", userID, name}, url.Values{} }
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
	onePage    = reconcile.Paged{Counted: reconcile.Counted{Count: 1}}
	defaultMax = reconcile.Bounded{MaxItems: 10_000}
)

// listed completes the declaration of a list with pages whose items are options.
func listed(o sdk.OptionList) *sdk.OptionList {
	o.Limit, o.After, o.Next = "limit", "after", "next"
	return &o
}
