package playbook

import (
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
)

// objects holds the CEL types of the values that an expression reads. An object type is named after the
// path to its value, with the suffix " object", so that no expression can name it.
//
// A scalar's type admits null, since any field may be absent.
type objects struct {
	*types.Registry
	fields map[string][]field // by the object's type name
	order  map[string]int     // position in the file by step ID

	// While a file is loaded, expressions are compiled one after the other. Each one sees the steps before
	// its reader and records the fields that it did not find. Load leaves both unchanged afterwards.
	reader int
	missed []missing
}

type field struct {
	name string
	cel  *types.Type
}

type missing struct{ object, field string }

// The readers before every step, and the one after all steps.
const (
	alertReader     = -3
	groupReader     = -2
	conditionReader = -1
	afterAll        = 1 << 30
)

var readers = map[int]string{groupReader: "group", conditionReader: "condition"}

const (
	objectSuffix = " object"
	stepsObject  = "steps" + objectSuffix
	varsObject   = "vars" + objectSuffix
)

func newObjects() (*objects, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	return &objects{Registry: registry, fields: map[string][]field{}, order: map[string]int{}}, nil
}

// declare adds the object type of path. Two values have the same path if a name contains a dot; the
// second one gets a mark.
func (o *objects) declare(path string, fields []field) *types.Type {
	for o.fields[path+objectSuffix] != nil {
		path += "'"
	}
	o.fields[path+objectSuffix] = append([]field{}, fields...) // not nil
	return types.NewObjectType(path + objectSuffix)
}

var scalars = map[string]*types.Type{
	"string": types.StringType, "integer": types.IntType, "number": types.DoubleType, "boolean": types.BoolType,
}

// of returns the type of the values at path that n describes.
func (o *objects) of(n *schema.Node, path string) *types.Type {
	switch name := jsonType(n); {
	case scalars[name] != nil:
		return types.NewNullableType(scalars[name])
	case name == "array":
		return types.NewListType(o.of(n.Items, path+"[]"))
	case name == "object" && len(n.Properties) > 0:
		fields := make([]field, len(n.Properties))
		for i, p := range n.Properties {
			fields[i] = field{p.Name, o.of(p.Node, path+"."+p.Name)}
		}
		return o.declare(path, fields)
	case name == "object":
		return types.NewMapType(types.StringType, o.of(members(n), path+".*"))
	default:
		return types.DynType
	}
}

// members returns the schema of the members that n does not name, or nil.
func members(n *schema.Node) *schema.Node {
	if n == nil || n.Additional == nil {
		return nil
	}
	return n.Additional.Node
}

// itemsOf returns the schema of the items of a list, or nil.
func itemsOf(n *schema.Node) *schema.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// jsonType returns the only type except null that n allows, or "".
func jsonType(n *schema.Node) string {
	if n == nil {
		return ""
	}
	if len(n.Type) == 0 && len(n.Properties) > 0 {
		return "object"
	}
	if all := slices.DeleteFunc(slices.Clone(n.Type), func(t string) bool { return t == "null" }); len(all) == 1 {
		return all[0]
	}
	return ""
}

// ofLiteral returns the type of a literal of the file. An object is a map, so that an expression can look
// up a computed name.
func ofLiteral(v any) *types.Type {
	switch v := v.(type) {
	case string:
		return types.StringType
	case bool:
		return types.BoolType
	case int64:
		return types.IntType
	case float64:
		return types.DoubleType
	case []any:
		return types.NewListType(commonType(v))
	case map[string]any:
		return types.NewMapType(types.StringType, commonType(slices.Collect(maps.Values(v))))
	}
	return types.DynType
}

// commonType returns the one type of the literals, or dyn.
func commonType(literals []any) *types.Type {
	if len(literals) == 0 {
		return types.DynType
	}
	common := ofLiteral(literals[0])
	if slices.ContainsFunc(literals, func(v any) bool { return !common.IsExactType(ofLiteral(v)) }) {
		return types.DynType
	}
	return common
}

// FindStructType returns the named object type.
func (o *objects) FindStructType(name string) (*types.Type, bool) {
	if _, ok := o.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return o.Registry.FindStructType(name)
}

// FindStructFieldNames returns the names of an object type's fields.
func (o *objects) FindStructFieldNames(object string) ([]string, bool) {
	if _, ok := o.fields[object]; ok {
		return o.names(object), true
	}
	return o.Registry.FindStructFieldNames(object)
}

func (o *objects) names(object string) []string {
	var names []string
	for _, f := range o.fields[object] {
		if object != stepsObject || o.order[f.name] < o.reader {
			names = append(names, f.name)
		}
	}
	return names
}

// FindStructFieldType returns a field's type and its accessors.
func (o *objects) FindStructFieldType(object, name string) (*types.FieldType, bool) {
	fields, ok := o.fields[object]
	if !ok {
		return o.Registry.FindStructFieldType(object, name)
	}
	for _, f := range fields {
		if f.name == name && (object != stepsObject || o.order[name] < o.reader) {
			return &types.FieldType{Type: f.cel, IsSet: tester(name), GetFrom: getter(name)}, true
		}
	}
	if o.reader != afterAll {
		o.missed = append(o.missed, missing{object, name})
	}
	return nil, false
}

// tester reports whether a member exists and is not null.
func tester(name string) ref.FieldTester {
	return func(target any) bool {
		m, _ := target.(map[string]any)
		return m[name] != nil
	}
}

// getter reads a member. An absent member, or a member of an absent object, reads as null.
func getter(name string) ref.FieldGetter {
	return func(target any) (any, error) {
		m, _ := target.(map[string]any)
		return m[name], nil
	}
}

// path returns the path of the object type's values.
func path(object string) string { return strings.TrimSuffix(object, objectSuffix) }

// unwrapOptional returns the type of the value if t is an optional type, else t.
func unwrapOptional(t *types.Type) (inner *types.Type, optional bool) {
	if t.Kind() == types.OpaqueKind && t.TypeName() == types.OptionalType.TypeName() && len(t.Parameters()) == 1 {
		return t.Parameters()[0], true
	}
	return t, false
}

// mismatch says why no value of type t can satisfy n, or "". The check of the whole input covers rules
// that depend on the value.
func mismatch(t *types.Type, n *schema.Node) string {
	kinds := jsonKinds[t.Kind()]
	if n == nil || len(n.Type) == 0 {
		if kinds == nil {
			return "the expression gives " + typeName(t) + ", which JSON cannot represent; convert it with string(…)"
		}
		return ""
	}
	if kinds != nil && kinds[0] == "any" || slices.ContainsFunc(kinds, n.Is) {
		return mismatchWithin(t, n)
	}
	hint := ""
	if n.Is("string") && !slices.Contains([]types.Kind{types.ListKind, types.MapKind, types.StructKind, types.NullTypeKind}, t.Kind()) {
		hint = "; convert it with string(…)"
	}
	return "the expression gives " + typeName(t) + ", but this must be of type " + strings.Join(n.Type, " or ") + hint
}

func mismatchWithin(t *types.Type, n *schema.Node) string {
	of, what := n.Items, list
	if t.Kind() != types.ListKind {
		of, what = members(n), object
	}
	inner := t.Parameters()
	if of == nil || len(inner) == 0 || t.Kind() == types.MapKind && len(n.Properties) > 0 {
		return ""
	}
	if why := mismatch(inner[len(inner)-1], of); why != "" {
		return "in the " + string(what) + ", " + why
	}
	return ""
}

// jsonKinds has the JSON types of the values of a CEL type. "any" means that the value decides.
var jsonKinds = map[types.Kind][]string{
	types.StringKind: {"string"}, types.IntKind: {"integer", "number"}, types.UintKind: {"integer", "number"}, types.DoubleKind: {"number"},
	types.BoolKind: {"boolean"}, types.ListKind: {"array"}, types.MapKind: {"object"}, types.StructKind: {"object"}, types.NullTypeKind: {"null"},
	types.DynKind: {"any"}, types.AnyKind: {"any"}, types.TypeParamKind: {"any"},
}

// typeName returns the name of t for messages.
func typeName(t *types.Type) string { return plainTypes(cel.FormatCELType(t)) }

var nullable = strings.NewReplacer("wrapper(string)", "string", "wrapper(int)", "int", "wrapper(double)", "double", "wrapper(bool)", "bool")

// plainTypes removes from a message of CEL that types admit null, as all of them do.
func plainTypes(message string) string { return nullable.Replace(message) }

// isTextPart reports whether a value of type t can be part of a text.
func isTextPart(t *types.Type) bool {
	kinds := []types.Kind{types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.DynKind, types.AnyKind}
	return slices.Contains(kinds, t.Kind())
}
