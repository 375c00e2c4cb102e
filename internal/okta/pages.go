package okta

import (
	"context"
	"errors"
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
	at := link{path, query.Encode()}
	var visited circle
	for read := 0; ; {
		r, err := c.get(ctx, at.path, at.query)
		if another, ok := otherwise(at.query, err); ok {
			at.query = another
			continue
		}
		if e := sdk.AsError(err); e != nil {
			if e.Code == sdk.NotFound && read > 0 {
				// The object of the list exists, or its first page would not have come.
				gone := *e
				gone.Code, gone.Message = sdk.Conflict, e.Message+"; the list ended in the middle and is incomplete"
				return &gone
			}
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
		target, found := nextLink(r.header)
		if !found {
			return nil
		}
		next, err := c.ownLink(at, target)
		if err != nil {
			return naming(r.request, err)
		}
		if samePage(at, next) || visited.closes(next) {
			return &sdk.Error{Code: sdk.Unavailable, Message: r.about("the link to the next page leads to a page that was read before"), Err: errSamePage}
		}
		at = next
	}
}

// errSamePage marks a list whose pages lead back to one of them.
var errSamePage = errors.New("pages in a circle")

// A circle finds out that links lead back to where they have been, however many pages
// lie between (Brent's algorithm): it compares each link with one that it keeps, and
// keeps another one after 1, 2, 4, 8 … links.
type circle struct {
	kept         link
	links, until int
}

func (c *circle) closes(next link) bool {
	if c.links > 0 && next == c.kept {
		return true
	}
	if c.links++; c.links > c.until {
		c.kept, c.links, c.until = next, 1, max(1, 2*c.until)
	}
	return false
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
