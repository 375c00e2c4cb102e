package oktasim

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// object is the common part of all objects of the org.
type object struct {
	id                   string
	number               int // in the order of creation
	created, lastUpdated time.Time
	status               string // empty if the kind of object has no lifecycle
}

func (x *object) base() *object { return x }

func (x *object) setStatus(status string, now time.Time) { x.status, x.lastUpdated = status, now }

// entity is a pointer to an object of the org.
type entity interface {
	comparable
	base() *object
}

// newObject numbers an object. If the given ID is empty, it generates an ID with the prefix.
func (o *Org) newObject(id, prefix, status string, now time.Time) object {
	id = cmp.Or(id, o.stable.Object(prefix))
	o.created++
	return object{id, o.created, now, now, status}
}

// shape returns an object in one of the shapes. The values come from the object and from values.
func (c *call) shape(name string, x *object, values doc) doc {
	d := doc{
		"base": c.Base, "id": x.id, "status": x.status, "created": wire.Stamp(x.created), "lastUpdated": wire.Stamp(x.lastUpdated),
	}
	maps.Copy(d, values)
	return fill(shapes[name], d).(doc)
}

var valueName = regexp.MustCompile(`\{\w+\}`)

// fill replaces the names in a shape by values. A text that consists of one {name} becomes the value itself.
func fill(shape any, values doc) any {
	switch shape := shape.(type) {
	case doc:
		out := make(doc, len(shape))
		for k, v := range shape {
			out[k] = fill(v, values)
		}
		return out
	case []any:
		return each(shape, func(v any) any { return fill(v, values) })
	case string:
		if v, ok := values[strings.Trim(shape, "{}")]; ok && shape[0] == '{' {
			return v
		}
		return valueName.ReplaceAllStringFunc(shape, func(name string) string { return fmt.Sprint(values[strings.Trim(name, "{}")]) })
	}
	return shape
}

// find returns the object with an ID, or Okta's error for that kind of object.
func find[T entity](all []T, id, kind string) (T, error) {
	if i := slices.IndexFunc(all, func(x T) bool { return x.base().id == id }); i >= 0 {
		return all[i], nil
	}
	var none T
	return none, wire.NotFound(id, kind)
}

// invalid returns the first fault of the description of a new object.
func invalid(subject string, faults ...error) error {
	if err := first(faults, func(err error) bool { return err != nil }); err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	return nil
}

// wrong returns the fault if is is true.
func wrong(is bool, fault string) error {
	if !is {
		return nil
	}
	return errors.New(fault)
}

func missing(field, value string) error {
	return wrong(strings.TrimSpace(value) == "", field+" is missing")
}

func unknown(field, value string, known ...string) error {
	return wrong(!slices.Contains(known, value), "there is no "+field+" "+value)
}

func taken[T entity](all []T, id string) error {
	_, err := find(all, id, "")
	return wrong(err == nil, "the ID "+id+" is taken")
}

// failed returns an error with causes of the form "field: reason", or nil without causes. As in Okta, the summary
// contains the field of the first cause.
func failed(causes ...string) error {
	causes = where(causes, func(cause string) bool { return cause != "" })
	if len(causes) == 0 {
		return nil
	}
	field, _, _ := strings.Cut(causes[0], ":")
	return wire.Invalid(field, causes...)
}

// cause returns the text if holds is true, otherwise an empty text.
func cause(holds bool, text string) string {
	if !holds {
		return ""
	}
	return text
}

func blank(field, value string) string {
	return cause(strings.TrimSpace(value) == "", field+": The field cannot be left blank")
}

func tooLong(field, value string, most int) string {
	return cause(utf8.RuneCountInString(value) > most, field+": String is too long")
}

func exists(field string, holds bool) string {
	return cause(holds, field+": An object with this field already exists in the current organization")
}

func notOneOf(field, value string, allowed ...string) string {
	return cause(!slices.Contains(allowed, value), field+": The value must be one of "+strings.Join(allowed, ", "))
}

// without returns the list without one object.
func without[T comparable](all []T, gone T) []T {
	return slices.DeleteFunc(all, func(x T) bool { return x == gone })
}

// first returns the first item for which is returns true, or the zero value.
func first[T any](all []T, is func(T) bool) T {
	var none T
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return none
}

// where returns the items for which keep returns true.
func where[T any](all []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return !keep(x) })
}

// each converts a list. The result is never nil, because JSON encodes nil as null.
func each[T, D any](all []T, convert func(T) D) []D {
	out := make([]D, len(all))
	for i, x := range all {
		out[i] = convert(x)
	}
	return out
}

// doc is a JSON object.
type doc = wire.Doc

// pageSize is the range of the parameter limit: its default, its minimum and maximum, and the largest page. Where a
// limit of 0 or -1 is allowed, it means the largest page.
type pageSize struct{ usual, least, most, page int }

// upTo returns the usual range of limit, from 1 to the largest page.
func upTo(usual, most int) pageSize { return pageSize{usual, 1, most, most} }

// position is the sort key and the number of an object in a list.
type position struct {
	Key    string
	Number int
	// Scope is the query of the position.
	Scope string
}

// pageOf sorts a list by key and number. It drops the objects up to the call's cursor. It returns one page and the
// cursor of the next page, which is empty on the last page.
func pageOf[T entity](o *Org, c *call, all []T, size pageSize, key func(T) string) ([]T, string, error) {
	limit, err := c.Number("limit", size.usual, size.least, size.most)
	if err != nil {
		return nil, "", err
	}
	if limit = min(limit, size.page); limit <= 0 {
		limit = size.page
	}
	query := maps.Clone(c.Query)
	query.Del("after")
	query.Del("limit")
	scope, last, after := query.Encode(), position{}, c.Query.Get("after")
	if after != "" {
		if last, err = wire.Open[position](o.cursors, c.Path, after); err != nil || last.Scope != scope {
			return nil, "", wire.BadCursor()
		}
	}
	at := map[T]position{}
	for _, x := range all {
		at[x] = position{key(x), x.base().number, scope}
	}
	direction := 1
	if strings.EqualFold(query.Get("sortOrder"), "desc") && query.Has("sortBy") {
		direction = -1
	}
	order := func(a, b position) int {
		return direction * cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Number, b.Number))
	}
	all = where(all, func(x T) bool { return after == "" || order(at[x], last) > 0 })
	slices.SortFunc(all, func(a, b T) int { return order(at[a], at[b]) })
	if len(all) <= limit {
		return all, "", nil
	}
	return all[:limit], wire.Seal(o.cursors, c.Path, at[all[limit-1]]), nil
}

// unsorted keeps the order of creation.
func unsorted[T any](T) string { return "" }

// listing describes the list of an endpoint.
type listing[T entity] struct {
	size  pageSize
	write func(*call, T) doc
	// search and filter are the rules of the parameters with these names. nil means that the endpoint ignores
	// the parameter.
	search, filter allows
	// matched returns the document that expressions match. The default is write.
	matched func(*call, T) doc
	// texts returns the texts that q searches. One of them must start with q. nil means that the endpoint
	// ignores q.
	texts func(T) []string
	// usualWithQ is the default limit with q, for endpoints that do not page the results of q.
	usualWithQ int
	// sorts allows sortBy for the attributes of search.
	sorts bool
}

// allows reports whether the operator may follow the attribute in an expression.
type allows = func(attribute, operator string) bool

// list responds with one page of the objects that match the call's parameters, with links.
func list[T entity](o *Org, c *call, all []T, l listing[T]) (any, error) {
	e, err := c.expression(l.search, l.filter)
	if err != nil {
		return nil, err
	}
	if l.matched == nil {
		l.matched = l.write
	}
	q, key, sortBy := strings.ToLower(c.Query.Get("q")), unsorted[T], c.Query.Get("sortBy")
	if l.sorts && sortBy != "" {
		if !l.search(sortBy, "eq") {
			return nil, wire.Invalid("sortBy", "sortBy: Unknown property "+sortBy)
		}
		key = func(x T) string {
			text, _ := first(filter.Values(l.matched(c, x), sortBy), isText).(string)
			return strings.ToLower(text)
		}
	}
	if q != "" && l.usualWithQ > 0 {
		l.size.usual = l.usualWithQ
	}
	begins := func(text string) bool { return strings.HasPrefix(strings.ToLower(text), q) }
	page, next, err := pageOf(o, c, where(all, func(x T) bool {
		return (l.texts == nil || slices.ContainsFunc(l.texts(x), begins)) && (e == nil || e.Match(l.matched(c, x)))
	}), l.size, key)
	if err != nil {
		return nil, err
	}
	r := linked(c, each(page, func(x T) doc { return l.write(c, x) }))
	if next != "" && (q == "" || l.usualWithQ == 0) {
		r.AddLink(c.LinkWith(map[string]string{"after": next}), "next")
	}
	return r, nil
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// linked returns a complete list on one page with its link.
func linked(c *call, docs any) *wire.Reply {
	r := wire.JSON(200, docs)
	r.AddLink(c.LinkWith(nil), "self")
	return r
}

// expression parses the parameters search and filter of a list. It returns nil if the call has neither.
func (c *call) expression(search, filters allows) (*filter.Expression, error) {
	searchText, filterText := c.Query.Get("search"), c.Query.Get("filter")
	switch {
	case search != nil && filters != nil && searchText != "" && filterText != "":
		return nil, wire.Invalid("search", "search: It cannot be combined with filter")
	case search != nil && searchText != "":
		return filter.Parse(searchText, filter.Rules{Search: true, Allows: search})
	case filters != nil && filterText != "":
		return filter.Parse(filterText, filter.Rules{Allows: filters})
	}
	return nil, nil
}

// toggle returns the lifecycle operation that sets the status of an active or inactive object. It also succeeds if
// the object has that status already.
func toggle[T logged](find func(*Org, *call) (T, error), event, status string, result func(*call, T) doc) handler {
	return on(find, func(o *Org, c *call, x T) (any, error) {
		if x.base().status != status {
			x.base().setStatus(status, c.Now)
			o.logEvent(c, event, x.target())
		}
		return result(c, x), nil
	})
}

func emptyDoc[T any](*call, T) doc { return doc{} }

// logged is an object that appears in log events.
type logged interface {
	entity
	target() doc
}

// These are the statuses of zones, applications and policies.
const (
	statusActive   = "ACTIVE"
	statusInactive = "INACTIVE"
)

var onOff = []string{statusActive, statusInactive}

// nextOperation returns the lifecycle operation that a status allows.
func nextOperation(status string) string {
	if status == statusInactive {
		return "activate"
	}
	return "deactivate"
}
