package okta

import (
	"context"
	"maps"
	"net/http"
	"net/url"
)

// iamPages reads a list whose pages say in their body, and not in a header, where the
// next one is, as those below /api/v1/iam do.
func (c *Client) iamPages(ctx context.Context, path string, query url.Values, each func(*reply) error) error {
	query = maps.Clone(query)
	var visited circle
	for {
		r, err := c.send(ctx, http.MethodGet, path, query, nil)
		if err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
		var page struct {
			Links struct {
				Next struct{ Href string }
			} `json:"_links"`
		}
		if err := r.decode(&page); err != nil || page.Links.Next.Href == "" {
			return err
		}
		next, err := c.ownLink(link{path, query.Encode()}, page.Links.Next.Href)
		if err != nil {
			return naming(r.request, err)
		}
		values, err := url.ParseQuery(next.query)
		if err != nil || values.Get("after") == "" || values.Get("after") == query.Get("after") || visited.closes(next) {
			return r.broken("a list without an end")
		}
		query.Set("after", values.Get("after"))
	}
}
