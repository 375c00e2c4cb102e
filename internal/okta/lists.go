package okta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/origin"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

const (
	// maxList is the maximum number of objects in a complete list, such as a user's factors.
	maxList = 50_000
	// maxListWait is the maximum total wait of a list for Okta's rate limit. The windows of the limit last a
	// minute.
	maxListWait = 3 * time.Minute
)

// An Object is an object as Okta sent it.
type Object = rest.Object

// A Span is the part of a list to read.
type Span struct {
	Page  int    // page size; 0 for lists that Okta returns in one response
	Most  int    // maximum number of objects
	All   bool   // read all pages, not only the first
	After string // the After of an earlier Rest; "" starts at the first page
}

// Rest describes the unread part of a list.
type Rest struct {
	Truncated bool   // Okta may have more objects
	After     string // continues the list in a call with the same query; "" if this is impossible
}

// List reads the list at the path of segments below /api/v1, and describes the unread part. An element that is not an
// object is an error. The contents of an object are not checked.
func (c *Client) List(ctx context.Context, segments []string, query url.Values, span Span) (all []Object, unread Rest, err error) {
	p, err := rest.Path(segments...)
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
	err = pager{take: func(r *rest.Response) (bool, error) {
		var page []Object
		if err := r.Decode(&page); err != nil {
			return false, err
		}
		for _, o := range page {
			if !o.IsObject() {
				return false, r.Broken("a list with an element that is not an object")
			}
		}
		target, more := httpclient.NextLink(r.Header)
		// Okta does not page the results of q. A full page may therefore be incomplete.
		cut := query.Has("q") && span.Page > 0 && len(page) >= span.Page
		if room := span.Most - len(all); len(page) > room {
			page, cut = page[:room], true
		}
		all = append(all, page...)
		goOn := more && span.All && len(all) < span.Most
		unread = Rest{Truncated: cut || more && !goOn}
		if unread.Truncated && !cut {
			unread.After = cursorOf(target)
		}
		return goOn, nil
	}}.read(ctx, c, p, query)
	if err != nil {
		return nil, Rest{}, err
	}
	return all, unread, nil
}

// listAll reads a complete list. id returns the ID of an element. An element without an ID is an error.
func listAll[T any](ctx context.Context, c *Client, query url.Values, id func(T) string, segments ...string) ([]T, error) {
	if query == nil {
		query = url.Values{}
	}
	objects, unread, err := c.List(ctx, segments, query, Span{Most: maxList, All: true})
	if err != nil {
		return nil, err
	}
	request := httpclient.RequestTo(http.MethodGet, "/api/v1/"+strings.Join(segments, "/"))
	if unread.Truncated {
		return nil, sdk.Errorf(sdk.Unavailable, "%s: the response is a list without an end", request)
	}
	items := make([]T, len(objects))
	for i, o := range objects {
		o.Read(&items[i])
		if id(items[i]) == "" {
			return nil, sdk.Errorf(sdk.Unavailable, "%s: the response is a list with an object without an ID", request)
		}
	}
	return items, nil
}

// decodeList decodes a page of objects with IDs.
func decodeList[T any](r *rest.Response, id func(*T) string) ([]*T, error) {
	var items []*T
	if err := r.Decode(&items); err != nil {
		return nil, err
	}
	for _, item := range items {
		if item == nil || id(item) == "" {
			return nil, r.Broken("a list with an object that has no id")
		}
	}
	return items, nil
}

// A pager reads a list page by page.
type pager struct {
	// take receives each page and reports whether to continue.
	take func(*rest.Response) (more bool, err error)
	// next returns the link to the next page. If it is nil, the Link header contains the link.
	next func(*rest.Response) (target string, found bool)
	// instead may return another query after a failed page. It may be nil.
	instead func(rawQuery string, err error) (string, bool)
}

// read reads pages until there is no next link, take stops, or a read fails. After the first page, it waits for a
// rate limit, because an error would lose the pages so far.
func (p pager) read(ctx context.Context, c *Client, path string, query url.Values) error {
	waited := time.Duration(0)
	at := link{path, query.Encode()}
	var visited cycle
	for read := 0; ; {
		r, err := c.sendRaw(ctx, http.MethodGet, at.path, at.query, nil)
		if p.instead != nil {
			if other, ok := p.instead(at.query, err); ok {
				at.query = other
				continue
			}
		}
		switch e := sdk.AsError(err); {
		case e == nil:
		case rest.IsNotFound(e) && read > 0:
			// The object of the list exists, because Okta returned the first page.
			return &sdk.Error{
				Code: sdk.Conflict, Message: e.Message + "; the list is incomplete", Upstream: e.Upstream, Err: e.Err,
			}
		case e.Code != sdk.RateLimited || read == 0 || waited+e.RetryAfter > maxListWait:
			return err
		default:
			waited += e.RetryAfter
			if err := httpclient.Sleep(ctx, e.RetryAfter); err != nil {
				return sdk.AsError(err)
			}
			continue
		}
		read++
		more, err := p.take(r)
		if err != nil || !more {
			return err
		}
		target, found := httpclient.NextLink(r.Header)
		if p.next != nil {
			target, found = p.next(r)
		}
		if !found {
			return nil
		}
		next, err := c.resolve(at, target)
		if err != nil {
			return httpclient.ErrorWithRequest(r.Request, err)
		}
		if samePage(at, next) || visited.closedBy(next) {
			message := r.About("the link to the next page leads to a page that was read before")
			return &sdk.Error{Code: sdk.Unavailable, Message: message, Err: errSamePage}
		}
		at = next
	}
}

// iamPages reads a list below /api/v1/iam. Its pages have the next link in the body.
func (c *Client) iamPages(ctx context.Context, path string, query url.Values, take func(*rest.Response) error) error {
	next := func(r *rest.Response) (string, bool) {
		var page struct {
			Links struct {
				Next struct{ Href string }
			} `json:"_links"`
		}
		_ = r.Decode(&page)
		return page.Links.Next.Href, page.Links.Next.Href != ""
	}
	return pager{next: next, take: func(r *rest.Response) (bool, error) { err := take(r); return err == nil, err }}.read(ctx, c, path, query)
}

// errSamePage marks a list with a link back to an earlier page.
var errSamePage = errors.New("pages in a circle")

// A cycle detects a circle of links of any length (Brent's algorithm). It compares each link with a stored link,
// and replaces the stored link after 1, 2, 4, 8 … links.
type cycle struct {
	kept         link
	links, until int
}

func (c *cycle) closedBy(next link) bool {
	if c.links > 0 && next == c.kept {
		return true
	}
	if c.links++; c.links > c.until {
		c.kept, c.links, c.until = next, 1, max(1, 2*c.until)
	}
	return false
}

// A link is a path of the org's API and a query.
type link struct{ path, query string }

// cursorOf returns the cursor in a link to a next page, "" if there is none.
func cursorOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Query().Get("after")
}

// samePage reports whether two links lead to the same page. The page sizes may differ.
func samePage(a, b link) bool {
	if a.path != b.path {
		return false
	}
	one, err := url.ParseQuery(a.query)
	if err != nil {
		return a.query == b.query
	}
	other, err := url.ParseQuery(b.query)
	if err != nil {
		return false
	}
	one.Del("limit")
	other.Del("limit")
	return one.Encode() == other.Encode()
}

// url returns the absolute address of a link.
func (c *Client) url(l link) string { return c.origin.String() + l.path + "?" + l.query }

// resolve resolves target, a reference in the response to the request from. It rejects a link to another origin,
// because that origin would receive the token. It also rejects a link to a path outside the API.
func (c *Client) resolve(from link, target string) (link, error) {
	ref, err := url.Parse(target)
	if err != nil || len(target) > 8<<10 {
		return link{}, foreign("the link to the next page cannot be read")
	}
	base := &url.URL{Scheme: c.origin.Scheme, Host: c.origin.Host, Path: unescaped(from.path), RawPath: from.path, RawQuery: from.query}
	u := base.ResolveReference(ref)
	if org, err := origin.Of(u); err != nil || *org != *c.origin || u.User != nil {
		return link{}, foreign("the link to the next page leads to " + httpclient.Printable(u.Scheme+"://"+u.Host, 100) + " and not to " + c.origin.Host)
	}
	if !strings.HasPrefix(u.EscapedPath(), "/api/v1/") || strings.Contains(u.Path, "..") {
		return link{}, foreign("the link to the next page leads out of Okta's API")
	}
	return link{u.EscapedPath(), u.RawQuery}, nil
}

// unescaped returns the path of a request before it was escaped.
func unescaped(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// errForeign marks a link that was not followed.
var errForeign = errors.New("foreign link")

func foreign(why string) *sdk.Error {
	return &sdk.Error{Code: sdk.Unavailable, Message: why + "; it was not followed", Err: errForeign}
}
