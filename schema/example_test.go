package schema_test

import (
	"encoding/json"
	"fmt"

	"soar.example/okta/schema"
)

// The tags of a struct are its JSON Schema. Violations name the members by JSON Pointers.
func ExampleInput() {
	type input struct {
		User  string `json:"user" jsonschema:"minLength=1" jsonschema_description:"Login of the user."`
		Limit int    `json:"limit,omitempty" jsonschema:"default=10,maximum=100" jsonschema_description:"Page size."`
	}
	s, err := schema.Input[input]()
	if err != nil {
		panic(err)
	}
	for _, v := range s.Check(json.RawMessage(`{"limit":1000,"users":"ann"}`)) {
		fmt.Println(v)
	}
	full, err := s.WithDefaults(json.RawMessage(`{"user":"ann"}`))
	fmt.Println(string(full), err)
	// Output:
	// /limit: maximum: got 1,000, want 100
	// /user: is required
	// /users: unknown field; did you mean "user"?
	// {"limit":10,"user":"ann"} <nil>
}

// Mask hides the values of members that the schema marks writeOnly.
func ExampleSchema_Mask() {
	s, err := schema.Parse(json.RawMessage(`{"type":"object","properties":{"url":{"type":"string"},"token":{"type":"string","writeOnly":true}}}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(s.Mask(json.RawMessage(`{"url":"https://a.example","token":"s3cr3t"}`))))
	// Output: {"token":"********","url":"https://a.example"}
}

// MaskNamed hides the values of members with the names of secrets.
func ExampleMaskNamed() {
	fmt.Println(string(schema.MaskNamed(json.RawMessage(`{"login":"ann","password":"hunter2"}`))))
	// Output: {"login":"ann","password":"********"}
}
