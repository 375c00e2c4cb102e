package oktatest

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// listPlace is where a page of users or groups ended.
type listPlace struct {
	// Key and Order are the sort key and the creation order of the last item.
	Key   string `json:"k,omitempty"`
	Order int    `json:"o"`
	// Scope is the query that the cursor belongs to.
	Scope string `json:"s"`
}

// listed is an item of a list with what it is sorted by.
type listed[T any] struct {
	item  T
	key   string
	order int
}

func (l listed[T]) compare(key string, order int) int {
	return cmp.Or(cmp.Compare(l.key, key), cmp.Compare(l.order, order))
}

// takePage sorts items, drops those up to the place of the call's cursor, and returns one page with the cursor of
// the next, which is empty on the last.
func takePage[T any](o *Org, c *call, items []listed[T], limit int) ([]T, string, error) {
	descending := strings.EqualFold(c.query.Get("sortOrder"), "desc") && c.query.Has("sortBy")
	slices.SortFunc(items, func(a, b listed[T]) int {
		if descending {
			return b.compare(a.key, a.order)
		}
		return a.compare(b.key, b.order)
	})
	scope := c.scope()
	if after := c.query.Get("after"); after != "" {
		place, err := openCursor[listPlace](o.cursors, c.path, after)
		if err != nil {
			return nil, "", err
		}
		if place.Scope != scope {
			return nil, "", badCursor()
		}
		items = slices.DeleteFunc(items, func(l listed[T]) bool {
			if descending {
				return l.compare(place.Key, place.Order) >= 0
			}
			return l.compare(place.Key, place.Order) <= 0
		})
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		last := items[limit-1]
		next = sealCursor(o.cursors, c.path, listPlace{Key: last.key, Order: last.order, Scope: scope})
	}
	page := make([]T, len(items))
	for i, l := range items {
		page[i] = l.item
	}
	return page, next, nil
}

// scope is the part of the query that may not change from page to page.
func (c *call) scope() string {
	q := url.Values{}
	for k, v := range c.query {
		if k != "after" && k != "limit" {
			q[k] = v
		}
	}
	return q.Encode()
}

// listReply answers a page with its links.
func listReply(c *call, docs any, next string) *reply {
	r := jsonReply(200, docs)
	link := ""
	if next != "" {
		link = c.linkWith(map[string]string{"after": next})
	}
	r.addLinks(c.linkWith(nil), link)
	return r
}
