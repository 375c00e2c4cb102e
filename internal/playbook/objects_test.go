package playbook

import (
	"encoding/json"
	"testing"

	"cel.dev/cel-go/common/types"
	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
)

// odd is a schema with forms that no Go type of this project generates.
const odd = `{"type": ["null", "object"], "properties": {
	"any": true, "two": {"type": ["string", "integer"]}, "maybe": {"type": ["string", "null"]},
	"counts": {"type": "object", "additionalProperties": {"type": "integer"}},
	"lists": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}},
	"a": {"type": "object", "properties": {"b": {"type": "object", "properties": {"inner": {"type": "string"}}}}},
	"a.b": {"type": "object", "properties": {"outer": {"type": "boolean"}}},
	"untyped": {"properties": {"x": {"type": "integer"}}},
	"grid": {"type": "array", "items": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}}}}`

func oddNode(t *testing.T) *schema.Node {
	t.Helper()
	s, err := schema.Parse(json.RawMessage(odd))
	if err != nil {
		t.Fatal(err)
	}
	return s.Root()
}

func TestObjectTypes(t *testing.T) {
	o, err := newObjects()
	if err != nil {
		t.Fatal(err)
	}
	if got := typeName(o.of(oddNode(t), "odd")); got != "odd object" {
		t.Errorf("type of the root = %s", got)
	}
	for name, want := range map[string]string{
		"any": "dyn", "two": "dyn", "maybe": "string", "counts": "map(string, int)", "lists": "map(string, list(double))",
		"a": "odd.a object", "a.b": "odd.a.b' object", "untyped": "odd.untyped object", "grid": "list(list(odd.grid[][] object))",
	} {
		f, ok := o.FindStructFieldType("odd object", name)
		if !ok || typeName(f.Type) != want {
			t.Errorf("type of %s = %v, want %s", name, f, want)
		}
	}
	for object, name := range map[string]string{"odd.a.b object": "inner", "odd.a.b' object": "outer"} {
		if _, ok := o.FindStructFieldType(object, name); !ok {
			t.Errorf("%s has no %s", object, name)
		}
	}
	if _, ok := o.FindStructFieldType("odd object", "nope"); ok || len(o.missed) != 1 {
		t.Errorf("a field that is not there: found %v, missed %v", ok, o.missed)
	}
	if _, ok := o.FindStructType("odd"); ok {
		t.Error("a path names a type")
	}
}

func TestShape(t *testing.T) {
	got, err := decode(json.RawMessage(`{"any": [1, 1.0, 1.5, 1e3, 9223372036854775807, 9223372036854775808, null], "two": 1.0, "maybe": null,
		"counts": {"a": 1.0, "b": null}, "lists": {"a": null, "b": [1, 2]}, "untyped": null, "new": {"x": null, "y": [-0.0]},
		"grid": [null, [{"n": 2.0}, {"n": null}]]}`), oddNode(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"any": []any{int64(1), int64(1), 1.5, int64(1000), int64(9223372036854775807), 9223372036854775808.0, nil}, "two": int64(1),
		"counts": map[string]any{"a": int64(1), "b": nil}, "lists": map[string]any{"a": nil, "b": []any{1.0, 2.0}},
		"new": map[string]any{"x": nil, "y": []any{int64(0)}}, "grid": []any{nil, []any{map[string]any{"n": int64(2)}, map[string]any{}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decode (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "{", "1 2", "1e999", `{"any": [1e999]}`, `{"counts": {"a": -1e999}}`} {
		if v, err := decode(json.RawMessage(bad), oddNode(t)); err == nil {
			t.Errorf("decode(%q) = %v, want an error", bad, v)
		}
	}
}

// TestMismatch checks which types of expressions a schema accepts. A type that can never match
// is rejected. For other types, the value decides in a run.
func TestMismatch(t *testing.T) {
	nullable := types.NewNullableType
	list := types.NewListType
	stringMap := func(t *types.Type) *types.Type { return types.NewMapType(types.StringType, t) }
	for _, tt := range []struct {
		cel    *types.Type
		schema string
		fits   bool
	}{
		{types.StringType, `{"type":"string"}`, true},
		{nullable(types.StringType), `{"type":"string"}`, true},
		{types.StringType, `{"type":"integer"}`, false},
		{types.StringType, `{}`, true},
		{types.IntType, `{"type":"integer"}`, true},
		{types.IntType, `{"type":"number"}`, true},
		{types.UintType, `{"type":"integer"}`, true},
		{types.DoubleType, `{"type":"number"}`, true},
		{types.DoubleType, `{"type":"integer"}`, false},
		{types.BoolType, `{"type":"boolean"}`, true},
		{types.BoolType, `{"type":["string","boolean"]}`, true},
		{types.NullType, `{"type":["string","null"]}`, true},
		{types.NullType, `{"type":"string"}`, false},
		{types.DynType, `{"type":"integer"}`, true},
		{list(types.StringType), `{"type":"array","items":{"type":"string"}}`, true},
		{list(types.IntType), `{"type":"array","items":{"type":"string"}}`, false},
		{list(types.DynType), `{"type":"array","items":{"type":"string"}}`, true},
		{list(types.IntType), `{"type":"array"}`, true},
		{list(types.StringType), `{"type":"string"}`, false},
		{list(list(types.IntType)), `{"type":"array","items":{"type":"array","items":{"type":"string"}}}`, false},
		{stringMap(types.DynType), `{"type":"object"}`, true},
		{stringMap(types.IntType), `{"type":"object","additionalProperties":{"type":"string"}}`, false},
		{types.NewObjectType("event object"), `{"type":"object"}`, true},
		{types.NewObjectType("event object"), `{"type":"array"}`, false},
		{types.TimestampType, `{"type":"string"}`, false},
		{types.BytesType, `{}`, false},
		{types.DurationType, `{"type":"integer"}`, false},
	} {
		s, err := schema.Parse(json.RawMessage(tt.schema))
		if err != nil {
			t.Fatal(err)
		}
		if why := mismatch(tt.cel, s.Root()); (why == "") != tt.fits {
			t.Errorf("mismatch(%s, %s) = %q", typeName(tt.cel), tt.schema, why)
		}
	}
}
