package playbook

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
)

// objects are the CEL types of everything that an expression reads. They are
// named for the path that leads to them and end in " object", so that no
// expression can name one and no path is mistaken for one.
//
// A scalar's type admits null, since any field may be absent.
type objects struct {
	*types.Registry
	fields map[string][]field // by the object's type name
	order  map[string]int     // step id → place in the file

	// While a file is loaded, expressions are compiled one after the other: each
	// sees the steps before its own, and leaves here the fields that it did not
	// find. Once Load has returned, both stay as they are.
	reader int
	missed []missing
}

type field struct {
	name string
	cel  *types.Type
}

type missing struct{ object, field string }

// The readers that come before every step, and the one after all.
const (
	theGroup     = -2
	theCondition = -1
	afterAll     = 1 << 30
)

var readers = map[int]string{theGroup: "group", theCondition: "condition"}

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

// declare makes the object type of path. Two places can have one path where a
// name has a dot in it; the second is told from the first.
func (o *objects) declare(path string, fields []field) *types.Type {
	for o.fields[path+objectSuffix] != nil {
		path += "'"
	}
	if fields == nil {
		fields = []field{}
	}
	o.fields[path+objectSuffix] = fields
	return types.NewObjectType(path + objectSuffix)
}

// of returns the type of what n describes, found at path.
func (o *objects) of(n *schema.Node, path string) *types.Type {
	switch jsonType(n) {
	case "string":
		return types.NewNullableType(types.StringType)
	case "integer":
		return types.NewNullableType(types.IntType)
	case "number":
		return types.NewNullableType(types.DoubleType)
	case "boolean":
		return types.NewNullableType(types.BoolType)
	case "array":
		return types.NewListType(o.of(n.Items, path+"[]"))
	case "object":
		if len(n.Properties) > 0 {
			fields := make([]field, len(n.Properties))
			for i, p := range n.Properties {
				fields[i] = field{p.Name, o.of(p.Node, path+"."+p.Name)}
			}
			return o.declare(path, fields)
		}
		return types.NewMapType(types.StringType, o.of(members(n), path+".*"))
	default:
		return types.DynType
	}
}

// members is the schema of the members that n does not name, or nil.
func members(n *schema.Node) *schema.Node {
	if n == nil || n.Additional == nil {
		return nil
	}
	return n.Additional.Node
}

// jsonType is the one type that n allows besides null, or "".
func jsonType(n *schema.Node) string {
	if n == nil {
		return ""
	}
	found := ""
	for _, t := range n.Type {
		switch {
		case t == "null":
		case found == "":
			found = t
		default:
			return ""
		}
	}
	if found == "" && len(n.Type) == 0 && len(n.Properties) > 0 {
		return "object"
	}
	return found
}

// ofLiteral returns the type of a value that the file itself gives. An object
// is a map, so that an expression can look up a name that it computes.
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
		var common *types.Type
		for _, item := range v {
			common = join(common, ofLiteral(item))
		}
		return types.NewListType(join(common, nil))
	case map[string]any:
		var common *types.Type
		for _, m := range v {
			common = join(common, ofLiteral(m))
		}
		return types.NewMapType(types.StringType, join(common, nil))
	default:
		return types.DynType
	}
}

// join is the type of what may be either; nil is no type yet.
func join(a, b *types.Type) *types.Type {
	switch {
	case a == nil && b == nil:
		return types.DynType
	case a == nil:
		return b
	case b == nil || a.IsExactType(b):
		return a
	default:
		return types.DynType
	}
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

// FindStructFieldType returns a field's type and how its value is read.
func (o *objects) FindStructFieldType(object, name string) (*types.FieldType, bool) {
	fields, ok := o.fields[object]
	if !ok {
		return o.Registry.FindStructFieldType(object, name)
	}
	for _, f := range fields {
		if f.name == name && (object != stepsObject || o.order[name] < o.reader) {
			return &types.FieldType{Type: f.cel, IsSet: tester(name), GetFrom: getter(name, f.cel)}, true
		}
	}
	if o.reader != afterAll {
		o.missed = append(o.missed, missing{object, name})
	}
	return nil, false
}

// tester reports whether a member is there and not null.
func tester(name string) ref.FieldTester {
	return func(target any) bool {
		m, _ := target.(map[string]any)
		return m[name] != nil
	}
}

// getter reads a member; one that is absent, or whose object is, reads as
// nothing of its type.
func getter(name string, t *types.Type) ref.FieldGetter {
	var nothing any
	switch t.Kind() {
	case types.ListKind:
		nothing = []any{}
	case types.MapKind:
		nothing = map[string]any{}
	}
	return func(target any) (any, error) {
		m, _ := target.(map[string]any)
		if v := m[name]; v != nil {
			return v, nil
		}
		return nothing, nil
	}
}

// path is where the object type of that name is found.
func path(object string) string { return strings.TrimSuffix(object, objectSuffix) }
