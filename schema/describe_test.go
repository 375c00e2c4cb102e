package schema_test

import (
	"strings"
	"testing"

	"soar.example/okta/schema"
)

func init() {
	schema.Describe("soar.example/okta/schema_test", map[string]string{
		"described.UserID": "ID of the user.",
		"described.Inner":  "More.",
		"generic.Value":    "The value.",
		"twice.A":          "The comment.",
	})
}

type described struct {
	// ID of the user.
	UserID string `json:"user_id"`
	// More.
	Inner generic[int] `json:"innerValue"`
}

type generic[T any] struct {
	// The value.
	Value T `json:"oauth_value" jsonschema:"title=Own title"`
}

// TestDescribe checks that registered comments become descriptions, also in generic
// and nested types, and that a title follows from the name unless a tag gives one.
func TestDescribe(t *testing.T) {
	s, err := schema.Input[described]()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"title":"User ID","description":"ID of the user."`,
		`"title":"Inner value","description":"More."`,
		`"title":"Own title","description":"The value."`,
	} {
		if !strings.Contains(strings.ReplaceAll(string(s.JSON()), `"type":"string",`, ""), want) {
			t.Errorf("%s is not in %s", want, s.JSON())
		}
	}
}
