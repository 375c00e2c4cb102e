package emm

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// ResolveAs resolves a path for one attribute.
var ResolveAs = resolveAs

// Categories returns the codes of the matrix's categories in their order.
func Categories() []Code { return slices.Clone(tables().categories) }

// EventTypes returns the 35 event types of the matrix, ET0001 first.
func EventTypes() []Code {
	var codes []Code
	for _, et := range tables().eventTypes {
		codes = append(codes, et.Code)
	}
	return codes
}

// AttributeCodes returns the 33 attributes of the matrix, A0001 first.
func AttributeCodes() []Code { return slices.Clone(tables().attributes) }

// Get returns an attribute by its code or key, as a string or a json.RawMessage. It returns false
// if the event has no such attribute.
func (a Attributes) Get(codeOrKey string) (any, bool) {
	key, v := codeOf(tables().attributes, codeOrKey).Key, reflect.ValueOf(a)
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != key {
			continue
		}
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			f = f.Field(0)
		}
		if f.Kind() == reflect.String {
			return f.String(), f.String() != ""
		}
		return json.RawMessage(f.Bytes()), f.Bytes() != nil
	}
	return nil, false
}

// A MappedRow is a row of the matrix with the attributes that Okta's events contain.
type MappedRow struct {
	Category   Code
	EventType  Code
	Attributes []MappedAttribute
}

// A MappedAttribute is an attribute of a row, with its path in Okta's event.
type MappedAttribute struct {
	Attribute Code
	// Path is the path of the value. Okta's target is a list. In a path, "target" is the target
	// that the attribute concerns, such as the group and not the user.
	Path string
	// Printed is the path on the matrix's page. It often has a member name that Okta does not use.
	Printed string
}

// Mapping returns the rows of the matrix that its authors map to Okta: 28 of 35 event types. The
// rows of the other types, which read or query, are derived from these rows.
func Mapping() []MappedRow {
	var rows []MappedRow
	for _, et := range tables().eventTypes {
		if strings.HasPrefix(et.Key, "read_") || et.Key == "query_resource" {
			continue
		}
		row := MappedRow{Category: et.category, EventType: et.Code}
		for _, l := range et.lines {
			row.Attributes = append(row.Attributes, MappedAttribute{l.Code, l.path, l.printed})
		}
		rows = append(rows, row)
	}
	return rows
}
