package actions

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// maxPage is the largest page that Okta returns, or recommends, for all lists except the
// System Log.
const maxPage = 200

// list reads a list and converts each object to an item of the output. It omits empty
// parameters of the query.
func list[T any](
	ctx context.Context, c *okta.Client, path []string, query url.Values, span okta.Span, item func(okta.Object) T,
) ([]T, reconcile.Paged, error) {
	given := url.Values{}
	for name, values := range query {
		if values[0] != "" {
			given[name] = values
		}
	}
	found, rest, err := c.List(ctx, path, given, span)
	if err != nil {
		return nil, reconcile.Paged{}, err
	}
	counted := reconcile.Counted{Count: len(found), Truncated: rest.Truncated}
	return reconcile.Convert(found, item), reconcile.Paged{Counted: counted, Next: rest.After}, nil
}

// pages returns the part of a list that the paging parameters select.
func pages(p reconcile.Paging) okta.Span {
	page, items := p.Sizes(maxPage)
	return okta.Span{Page: page, Most: items, All: p.ReturnAll, After: p.After}
}

// whole returns the part of a list that the output may have. Okta chooses the page size.
func whole(b reconcile.Bounded) okta.Span { return okta.Span{Most: b.MaxItems, All: true} }

// oneOf rejects more than one of the parameters that select objects. Okta does not
// combine them.
func oneOf(search, filter, q string) error {
	switch {
	case search != "" && filter != "":
		return sdk.InvalidField("/filter", "cannot be combined with search")
	case search != "" && q != "":
		return sdk.InvalidField("/q", "cannot be combined with search")
	case filter != "" && q != "":
		return sdk.InvalidField("/q", "cannot be combined with filter")
	}
	return nil
}

var (
	onePage    = reconcile.Paged{Counted: oneItem}
	oneItem    = reconcile.Counted{Count: 1}
	defaultMax = reconcile.Bounded{MaxItems: 10_000}
	firstPage  = reconcile.Paging{Limit: maxPage, Bounded: defaultMax}
	allPages   = reconcile.Paging{Limit: maxPage, ReturnAll: true, Bounded: defaultMax}
)

// listed adds the paging parameters to the declaration of a list whose items are options.
func listed(o sdk.OptionList) *sdk.OptionList {
	o.Limit, o.After, o.Next = "limit", "after", "next"
	return &o
}

// Object is an object as Okta sent it, byte for byte: nulls and members that this
// connector does not know are kept.
type Object json.RawMessage

// MarshalJSON returns Okta's bytes.
func (o Object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (o *Object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

// JSONSchema returns the schema of any object.
func (Object) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

func raw(o okta.Object) Object { return Object(json.RawMessage(o)) }

// SecretText is a secret that an action returns, such as a temporary password. Its
// schema has writeOnly, so that hosts mask the value in logs, on screens and in storage.
// Unlike sdk.Secret, the output contains the value itself.
type SecretText string

// JSONSchema returns the schema of a password.
func (SecretText) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}

// OktaID is the ID of a factor or a device.
type OktaID string

// JSONSchemaExtend adds the form of an ID.
func (OktaID) JSONSchemaExtend(s *jsonschema.Schema) {
	most := uint64(100)
	s.Pattern, s.MaxLength = "^[0-9A-Za-z_-]+$", &most
}

// oneOfStrings returns the schema of a text with one of these values.
func oneOfStrings(values ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: reconcile.Convert(values, func(v string) any { return v })}
}

// stateOrNone returns a function that converts the result of a read into a state. An
// object that Okta does not have has the zero state.
func stateOrNone[T, S any](state func(T) S) func(T, error) (S, error) {
	return func(object T, err error) (none S, _ error) {
		if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
			return none, nil
		} else if e != nil {
			return none, e
		}
		return state(object), nil
	}
}
