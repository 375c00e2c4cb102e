package playbook

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
)

// unwrapOptional returns what t holds if it is an optional type, else t.
func unwrapOptional(t *types.Type) (inner *types.Type, optional bool) {
	if t.Kind() == types.OpaqueKind && t.TypeName() == types.OptionalType.TypeName() && len(t.Parameters()) == 1 {
		return t.Parameters()[0], true
	}
	return t, false
}

// misfit says why a value of type t can never be what n asks for, or "". What
// depends on the value is left to the check of the whole input.
func misfit(t *types.Type, n *schema.Node) string {
	if n == nil || len(n.Type) == 0 {
		if jsonKinds(t) == nil {
			return "the expression gives " + typeName(t) + ", which has no form in JSON; string(…) makes it a text"
		}
		return ""
	}
	kinds := jsonKinds(t)
	for _, k := range kinds {
		if k == "any" || n.Is(k) {
			return misfitWithin(t, n)
		}
	}
	hint := ""
	if n.Is("string") && t.Kind() != types.ListKind && t.Kind() != types.MapKind && t.Kind() != types.StructKind && t.Kind() != types.NullTypeKind {
		hint = "; string(…) makes it one"
	}
	return "the expression gives " + typeName(t) + ", but this must be of type " + strings.Join(n.Type, " or ") + hint
}

func misfitWithin(t *types.Type, n *schema.Node) string {
	var of *schema.Node
	switch {
	case t.Kind() == types.ListKind:
		of = n.Items
	case t.Kind() == types.MapKind && len(n.Properties) == 0:
		of = members(n)
	}
	if of == nil || len(t.Parameters()) == 0 {
		return ""
	}
	if why := misfit(t.Parameters()[len(t.Parameters())-1], of); why != "" {
		return "in the " + string(typeKind(t)) + ", " + why
	}
	return ""
}

// jsonKinds are the JSON types that a value of type t can have: "any" if that
// shows at run time only, nil if none.
func jsonKinds(t *types.Type) []string {
	switch t.Kind() {
	case types.StringKind:
		return []string{"string"}
	case types.IntKind, types.UintKind:
		return []string{"integer", "number"}
	case types.DoubleKind:
		return []string{"number"}
	case types.BoolKind:
		return []string{"boolean"}
	case types.ListKind:
		return []string{"array"}
	case types.MapKind, types.StructKind:
		return []string{"object"}
	case types.NullTypeKind:
		return []string{"null"}
	case types.DynKind, types.AnyKind, types.TypeParamKind:
		return []string{"any"}
	default:
		return nil
	}
}

func typeKind(t *types.Type) kind {
	if t.Kind() == types.ListKind {
		return list
	}
	return object
}

// typeName is how messages call t.
func typeName(t *types.Type) string { return plainTypes(cel.FormatCELType(t)) }

// plainTypes leaves out of a message of CEL's that a type admits null: they all
// do.
func plainTypes(message string) string {
	for _, t := range []string{"string", "int", "double", "bool"} {
		message = strings.ReplaceAll(message, "wrapper("+t+")", t)
	}
	return message
}

// isTextPart reports whether a value of type t can stand inside a text.
func isTextPart(t *types.Type) bool {
	switch t.Kind() {
	case types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.DynKind, types.AnyKind:
		return true
	default:
		return false
	}
}
