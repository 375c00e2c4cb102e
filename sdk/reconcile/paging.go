package reconcile

// Bounded holds the parameter that every list has.
type Bounded struct {
	// Maximum number of items of the output.
	MaxItems int `json:"max_items,omitempty" jsonschema:"default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
}

// Paging holds the parameters that every list with pages has.
type Paging struct {
	// Read all pages, up to max_items, instead of the first.
	ReturnAll bool `json:"return_all,omitempty" jsonschema:"title=Return all pages,default=false"`
	// Cursor of the page: the value of next in the output of an earlier call with the same parameters.
	After string `json:"after,omitempty" jsonschema:"example=200u3futQUvdcXWLrNQz,maxLength=2000" jsonschema_extras:"x-group=advanced"`
	// Page size. Ignored if return_all is true: the action then reads pages of the largest size.
	Limit int `json:"limit,omitempty" jsonschema:"default=200,minimum=1,maximum=200,example=200" jsonschema_extras:"x-group=advanced"`
	Bounded
}

// Sizes returns the page size and the maximum number of items. MaxPage is the largest page size of
// the service.
func (p Paging) Sizes(maxPage int) (page, items int) {
	if p.ReturnAll {
		return min(p.MaxItems, maxPage), p.MaxItems
	}
	page = min(p.Limit, p.MaxItems)
	return page, page
}

// Counted has the members of every list output.
type Counted struct {
	Count     int  `json:"count"`     // Number of items in this output.
	Truncated bool `json:"truncated"` // Whether the service may have more items that match.
}

// Paged has the members of every output with pages.
type Paged struct {
	Counted
	// Cursor of the next page, for the parameter after. Absent if there is no next page, or if the list was cut off
	// within a page.
	Next string `json:"next,omitempty"`
}

// Convert converts each item. The result is never nil.
func Convert[T, U any](items []T, to func(T) U) []U {
	all := make([]U, len(items))
	for i, item := range items {
		all[i] = to(item)
	}
	return all
}
