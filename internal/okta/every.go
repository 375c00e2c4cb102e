package okta

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"soar.example/okta/sdk"
)

// maxList is the most objects of a list that has a natural end, such as a user's
// factors. Only a broken service comes near it.
const maxList = 50_000

// every reads a list that has a natural end, whole. id is what each of its objects
// must have: one without is not what was asked for.
func every[T any](ctx context.Context, c *Client, query url.Values, id func(T) string, segments ...string) ([]T, error) {
	if query == nil {
		query = url.Values{}
	}
	objects, rest, err := c.List(ctx, segments, query, Span{Most: maxList, All: true})
	if err != nil {
		return nil, err
	}
	request := requestTo(http.MethodGet, "/api/v1/"+strings.Join(segments, "/"))
	if rest.Truncated {
		return nil, sdk.Errorf(sdk.Unavailable, "%s: Okta's address gave a list without an end", request)
	}
	items := make([]T, len(objects))
	for i, o := range objects {
		o.Read(&items[i])
		if id(items[i]) == "" {
			return nil, sdk.Errorf(sdk.Unavailable, "%s: Okta's address gave a list with an object that has no id", request)
		}
	}
	return items, nil
}
