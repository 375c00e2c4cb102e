package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"soar.example/okta/sdk"
)

// patience is how long a listing waits for Okta's rate limit in all. Its windows
// are a minute long.
const patience = 3 * time.Minute

// pages reads a list page by page and gives each to take, until there is no next
// link, take says to stop, or it fails. A rate limit in the middle is waited for,
// since what was read so far would be lost otherwise.
func (c *Client) pages(ctx context.Context, path string, query url.Values, take func(*reply) (more bool, err error)) error {
	hopeless := func(string, error) (string, bool) { return "", false }
	return c.pagesOr(ctx, path, query, hopeless, take)
}

// pagesOr is pages where a page that failed may be asked for once more in another way:
// otherwise returns the query for that, if there is one.
func (c *Client) pagesOr(ctx context.Context, path string, query url.Values, otherwise func(rawQuery string, err error) (string, bool), take func(*reply) (more bool, err error)) error {
	waited := time.Duration(0)
	rawQuery := query.Encode()
	for read := 0; ; {
		r, err := c.get(ctx, path, rawQuery)
		if another, ok := otherwise(rawQuery, err); ok {
			rawQuery = another
			continue
		}
		if e := sdk.AsError(err); e != nil {
			if e.Code != sdk.RateLimited || read == 0 || waited+e.RetryAfter > patience {
				return err
			}
			waited += e.RetryAfter
			if err := sleep(ctx, e.RetryAfter); err != nil {
				return err
			}
			continue
		}
		read++
		more, err := take(r)
		if err != nil || !more {
			return err
		}
		next := nextLink(r.header)
		if next == "" {
			return nil
		}
		nextPath, nextQuery, err := c.ownLink(next)
		if err != nil {
			return err
		}
		if nextPath == path && nextQuery == rawQuery {
			return sdk.Errorf(sdk.Unavailable, "the link to the next page leads to the same page again")
		}
		path, rawQuery = nextPath, nextQuery
	}
}

// get sends a GET whose query is sent as it is: a next link's is opaque.
func (c *Client) get(ctx context.Context, path, rawQuery string) (*reply, error) {
	return c.exchange(ctx, http.MethodGet, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.origin.String()+path, nil)
		if err != nil {
			return err
		}
		req.URL.RawQuery = rawQuery
		return c.do(req)
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return sdk.AsError(ctx.Err())
	case <-t.C:
		return nil
	}
}
