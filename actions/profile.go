package actions

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
)

// Attributes are some attributes of a user's profile. Null is one that is not set.
type Attributes map[string]json.RawMessage

// JSONSchema says that it is an object with at least one attribute. Which there
// are, and of what type, every org defines for itself.
func (Attributes) JSONSchema() *jsonschema.Schema {
	least := uint64(1)
	return &jsonschema.Schema{
		Type: "object", MinProperties: &least,
		Examples: []any{map[string]any{"department": "Finance", "mobilePhone": nil}},
	}
}

var unset = json.RawMessage("null")

// of returns these attributes as the user has them.
func (a Attributes) of(u *okta.User) Attributes {
	var profile map[string]json.RawMessage
	_ = json.Unmarshal(u.Profile.JSON(), &profile) // a profile that is no object has none
	now := Attributes{}
	for name := range a {
		now[name] = unset
		if v, ok := profile[name]; ok {
			now[name] = v
		}
	}
	return now
}

// clearsOnlyOf reports whether the user's profile mentions all that is to be cleared.
// What it does not mention is unset, or misspelt: only Okta knows what there is.
func (a Attributes) clearsOnlyOf(u *okta.User) bool {
	var profile map[string]json.RawMessage
	_ = json.Unmarshal(u.Profile.JSON(), &profile)
	for name, value := range a {
		if _, mentioned := profile[name]; !mentioned && sameValue(value, unset) {
			return false
		}
	}
	return true
}

// differs names the attributes that the user's are not like, in order.
func (a Attributes) differs(users Attributes) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !sameValue(a[name], users[name]) {
			names = append(names, name)
		}
	}
	return names
}

// sameValue compares two values of an attribute. To Okta, one that is empty is not
// set.
func sameValue(a, b json.RawMessage) bool {
	x, y := attributeValue(a), attributeValue(b)
	return reflect.DeepEqual(x, y)
}

func attributeValue(raw json.RawMessage) any {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	if dec.Decode(&v) != nil || v == "" {
		return nil
	}
	return v
}
