package wire

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Cursors keeps the positions of the "after" parameters of one org. A cursor tells its holder nothing. The org rejects a
// cursor that was changed, and a cursor of another org or endpoint. The same position always gives the same cursor,
// because clients of Okta's log compare the next link with the self link to find the end.
type Cursors struct {
	key       [32]byte
	positions map[string]located
}

// located is a position in the lists of one endpoint.
type located struct {
	endpoint string
	position any
}

// NewCursors makes a key of its own for the cursors of one org.
func NewCursors() *Cursors {
	c := &Cursors{positions: map[string]located{}}
	// crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(c.key[:])
	return c
}

// Expire makes every cursor issued so far invalid.
func (c *Cursors) Expire() { *c = *NewCursors() }

// Seal returns the after parameter for a position.
func Seal[T any](c *Cursors, endpoint string, position T) string {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(endpoint + "\x00"))
	mac.Write(Encode(position))
	after := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	c.positions[after] = located{endpoint, position}
	return after
}

// Open returns the position of an after parameter.
func Open[T any](c *Cursors, endpoint, after string) (T, error) {
	at := c.positions[after]
	position, ok := at.position.(T)
	if !ok || at.endpoint != endpoint {
		return position, BadCursor()
	}
	return position, nil
}

// BadCursor is the error for an after parameter that does not belong to the request.
func BadCursor() *Error {
	return Invalid("after", "after: The cursor is not valid for this request. Start again without it.")
}

// position is the sort key and the number of the last item of a page.
type position struct {
	Key    string
	Number int
	// Scope is the query that the cursor belongs to.
	Scope string
}

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.Key, other.Key), cmp.Compare(p.Number, other.Number))
}

// Page sorts items by the key and the number that place returns, drops the items up to the call's cursor, and returns
// one page with the cursor of the next. That cursor is empty on the last page.
func Page[T any](cursors *Cursors, c *Call, items []T, limit int, place func(T) (key string, number int)) ([]T, string, error) {
	at := func(item T) position {
		key, number := place(item)
		return position{Key: key, Number: number}
	}
	order := func(a, b position) int { return a.compare(b) }
	if strings.EqualFold(c.Query.Get("sortOrder"), "desc") && c.Query.Has("sortBy") {
		order = func(a, b position) int { return b.compare(a) }
	}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b T) int { return order(at(a), at(b)) })
	scope := c.scope()
	if after := c.Query.Get("after"); after != "" {
		last, err := Open[position](cursors, c.Path, after)
		if err != nil {
			return nil, "", err
		}
		if last.Scope != scope {
			return nil, "", BadCursor()
		}
		items = slices.DeleteFunc(items, func(item T) bool { return order(at(item), last) <= 0 })
	}
	if len(items) <= limit {
		return items, "", nil
	}
	last := at(items[limit-1])
	last.Scope = scope
	return items[:limit], Seal(cursors, c.Path, last), nil
}

// scope is the part of the query that may not change from page to page.
func (c *Call) scope() string {
	q := url.Values{}
	for k, v := range c.Query {
		if k != "after" && k != "limit" {
			q[k] = v
		}
	}
	return q.Encode()
}
