package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

// A Span is how much of a list is read.
type Span struct {
	Page  int    // items an answer; 0 for lists that Okta gives in one answer
	Most  int    // items in all
	All   bool   // follow the pages, instead of reading the first alone
	After string // the After of the Rest that an earlier call left; "" begins at the first
}

// Rest is what a call left unread of a list.
type Rest struct {
	Truncated bool   // Okta may hold more that match
	After     string // where a call with the same query goes on; "" if no call can
}

// List reads the list at the path that segments make below /api/v1, and says what it
// left unread. An element that is no object breaks the list; what is inside an object
// breaks nothing.
func (c *Client) List(ctx context.Context, segments []string, query url.Values, span Span) (all []Object, rest Rest, err error) {
	p, err := path(segments...)
	if err != nil {
		return nil, Rest{}, err
	}
	if span.After != "" {
		query.Set("after", span.After)
	}
	if span.Page > 0 {
		query.Set("limit", strconv.Itoa(span.Page))
	}
	all = []Object{}
	err = c.pages(ctx, p, query, func(r *reply) (bool, error) {
		var page []Object
		if err := r.decode(&page); err != nil {
			return false, err
		}
		for _, o := range page {
			if !o.isObject() {
				return false, r.broken("a list with something else than objects in it")
			}
		}
		target, more := nextLink(r.header)
		// Okta does not page a list that q selects: a full page may not be all.
		cut := query.Has("q") && span.Page > 0 && len(page) >= span.Page
		if room := span.Most - len(all); len(page) > room {
			page, cut = page[:room], true
		}
		all = append(all, page...)
		goOn := more && span.All && len(all) < span.Most
		rest = Rest{Truncated: cut || more && !goOn}
		if rest.Truncated && !cut {
			rest.After = cursorOf(target)
		}
		return goOn, nil
	})
	if err != nil {
		return nil, Rest{}, err
	}
	return all, rest, nil
}

// cursorOf is the place that a link to a next page names, "" if it names none.
func cursorOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get("after")
}

// An Object is an object of Okta's as it was sent.
type Object json.RawMessage

// UnmarshalJSON keeps a copy of b.
func (o *Object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

func (o Object) isObject() bool { return bytes.HasPrefix(bytes.TrimSpace(o), []byte("{")) }

// Read fills v, a pointer to a struct of plain types, with what the object has of
// it. A member of another type than v's is passed over: Okta's unions and the orgs'
// own attributes hold what no type foresees.
func (o Object) Read(v any) { _ = json.Unmarshal(o, v) }
