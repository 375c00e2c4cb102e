package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

type secret string

func (secret) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}

type base struct {
	Zulu string `json:"zulu" jsonschema:"title=Zulu,minLength=1" jsonschema_description:"The first member."`
}

type place struct {
	City  string   `json:"city,omitempty" jsonschema:"title=City,default=Lyon" jsonschema_description:"City."`
	Codes []string `json:"codes,omitempty" jsonschema:"title=Codes,pattern=^[A-Z]+$,maxItems=3,uniqueItems=true,example=AB" jsonschema_description:"Codes."`
}

type everything struct {
	base

	Alpha int `json:"alpha,omitempty" jsonschema:"title=Alpha,minimum=1,maximum=10,default=5" jsonschema_extras:"x-group=advanced" jsonschema_description:"Number"`

	Mode string `json:"mode,omitempty" jsonschema:"enum=slow,enum=fast\\,er,default=slow" jsonschema_extras:"x-group=basic" jsonschema_description:"A choice."`

	Ratio   float64          `json:"ratio,omitempty" jsonschema:"title=Ratio,exclusiveMinimum=0" jsonschema_description:"A fraction."`
	Deep    bool             `json:"deep,omitempty" jsonschema:"title=Deep,default=true" jsonschema_description:"A switch."`
	When    *time.Time       `json:"when,omitempty" jsonschema:"title=When" jsonschema_description:"A time."`
	Token   secret           `json:"token,omitempty" jsonschema:"title=Token,minLength=8" jsonschema_description:"A secret."`
	Home    *place           `json:"home,omitempty" jsonschema:"title=Home" jsonschema_description:"An object."`
	Places  []place          `json:"places,omitempty" jsonschema:"title=Places,maxItems=2" jsonschema_description:"Objects."`
	ByName  map[string]place `json:"by_name,omitempty" jsonschema:"title=By name" jsonschema_description:"Objects by name."`
	Any     json.RawMessage  `json:"any,omitempty" jsonschema:"title=Any" jsonschema_description:"Any value."`
	Ignored string           `json:"-"`
	hidden  string
}

// TestGolden compares the schemas that builders and forms read with golden files, byte for byte:
// the order of members, groups, closed inputs and open outputs.
func TestGolden(t *testing.T) {
	_ = everything{}.hidden
	golden(t, "input.json", input[everything](t).JSON())
	out, err := schema.Output[everything]()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "output.json", out.JSON())
}

func TestPropertiesKeepTheirOrder(t *testing.T) {
	want := []string{"zulu", "alpha", "mode", "ratio", "deep", "when", "token", "home", "places", "by_name", "any"}
	if diff := cmp.Diff(want, input[everything](t).Root().Names()); diff != "" {
		t.Error(diff)
	}
}

func TestGroups(t *testing.T) {
	root := input[everything](t).Root()
	for _, p := range root.Properties {
		want := "basic"
		if p.Name == "alpha" {
			want = "advanced"
		}
		if p.Node.Group != want {
			t.Errorf("%s is %q", p.Name, p.Node.Group)
		}
	}
	if got := root.Property("home").Property("city").Group; got != "" {
		t.Errorf("a nested member has the group %q, but only parameters have groups", got)
	}
	out, err := schema.Output[everything]()
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Root().Property("zulu").Group; got != "" {
		t.Errorf("a member of an output has the group %q", got)
	}
}

func TestInputClosedOutputOpen(t *testing.T) {
	doc := json.RawMessage(`{"zulu":"z","newer":1,"home":{"newer":1}}`)
	if got := text(input[everything](t).Check(doc)); got != "/home/newer: unknown field\n/newer: unknown field" {
		t.Errorf("the input: %q", got)
	}
	out, err := schema.Output[everything]()
	if err != nil {
		t.Fatal(err)
	}
	if v := out.Check(doc); v != nil {
		t.Errorf("the output: %v", v)
	}
}

func TestEmptyStruct(t *testing.T) {
	s := input[struct{}](t)
	if v := s.Check(json.RawMessage(` {} `)); v != nil {
		t.Error(v)
	}
	if got := text(s.Check(json.RawMessage(`{"a":1}`))); got != "/a: unknown field" {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(string(s.JSON()), `"properties":{}`) {
		t.Errorf("a form cannot read %s", s.JSON())
	}
}

func TestNotAnObject(t *testing.T) {
	for name, err := range map[string]error{
		"string": second(schema.Input[string]()),
		"list":   second(schema.Output[[]string]()),
		"any":    second(schema.Output[any]()),
		"secret": second(schema.Input[secret]()),
		"func":   second(schema.Input[func()]()),
		"chan":   second(schema.Output[chan int]()),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := second(schema.Input[*base]()); err != nil {
		t.Errorf("a pointer to a struct: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRoot(t *testing.T) {
	s := input[everything](t)
	root := s.Root()
	if !root.IsRequired("zulu") || root.IsRequired("alpha") || !root.Is("object") || root.Is("string") {
		t.Errorf("required %v, type %v", root.Required, root.Type)
	}
	if root.Additional == nil || root.Additional.Allowed {
		t.Error("the input is not closed")
	}
	if n := root.Property("token"); !n.WriteOnly || n.Format != "password" || n.Title != "Token" {
		t.Errorf("token is %+v", n)
	}
	if n := root.Property("by_name").Additional; n == nil || !n.Allowed || !slices.Equal(n.Node.Names(), []string{"city", "codes"}) {
		t.Errorf("by_name is %+v", n)
	}
	if got := string(root.Property("alpha").Default); got != "5" {
		t.Errorf("the default of alpha is %s", got)
	}
	if root.Property("nobody") != nil {
		t.Error("an unknown member has a schema")
	}
}
