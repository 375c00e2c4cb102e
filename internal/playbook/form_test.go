package playbook

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"soar.example/okta/schema"
)

// TestJSONSchema checks that the schema for editors is complete, describes every key, and
// accepts the files that Load accepts.
func TestJSONSchema(t *testing.T) {
	golden(t, "testdata/schema.json", JSONSchema())
	s, err := schema.Parse(JSONSchema())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*schema.Node{s.Root(), s.Root().Property("steps").Items, s.Root().Property("steps").Items.Property("retry")} {
		for _, p := range n.Properties {
			if p.Node.Title == "" || p.Node.Description == "" {
				t.Errorf("%s has no title or description", p.Name)
			}
		}
	}
	for _, file := range []string{"contain_compromised_user", "every_form", "clock"} {
		source, err := os.ReadFile("testdata/good/" + file + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := yaml.Unmarshal(source, &v); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := s.Check(raw); wrong != nil {
			t.Errorf("%s: %v", file, wrong)
		}
	}
	if wrong := s.Check(json.RawMessage(`{"name":"A"}`)); len(wrong) < 4 || !strings.Contains(wrong[1].Pointer, "steps") {
		t.Errorf("Check of a bad file = %v", wrong)
	}
}
