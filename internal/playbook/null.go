package playbook

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// CEL fails on a null. Here, an absent value reads as null, and null propagates: a member, an item, a comparison and the
// result of a function of null are null. Only == null and != null compare with null. The logical operators are those of
// three-valued logic: false && null is false, true || null is true, and otherwise a null operand makes the result null.
//
// CEL has this logic for its unknown values. So the operands of these operators, and the ranges of comprehensions, become
// unknown if they are null, and an unknown result becomes null.
const (
	knownCall  = "@known"  // turns null into an unknown value
	truthCall  = "@truth"  // turns null into false, for a condition
	absentCall = "@absent" // whether a value is null
)

// nullFunctions declares the functions that propagateNull adds to an expression. Nobody can write their names.
func nullFunctions() []cel.EnvOption {
	t := types.NewTypeParamType("T")
	isNull := func(v ref.Val) bool { return v == types.NullValue }
	return []cel.EnvOption{
		cel.Function(knownCall, cel.Overload("known", []*types.Type{t}, t, cel.UnaryBinding(func(v ref.Val) ref.Val {
			if isNull(v) {
				return types.NewUnknown(0, nil)
			}
			return v
		}))),
		cel.Function(truthCall, cel.Overload("truth", []*types.Type{types.DynType}, types.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			if isNull(v) {
				return types.False
			}
			return v
		}))),
		cel.Function(absentCall, cel.Overload("absent", []*types.Type{types.DynType}, types.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return types.Bool(isNull(v))
		}))),
	}
}

// A rewriter changes a syntax tree in place. The new nodes have new IDs.
type rewriter struct {
	tree *ast.AST
	make ast.ExprFactory
	last int64
}

func newRewriter(tree *ast.AST) *rewriter {
	r := &rewriter{tree: tree, make: ast.NewExprFactory()}
	r.visit(func(x ast.Expr) { r.last = max(r.last, x.ID()) })
	return r
}

func (r *rewriter) visit(do func(ast.Expr)) {
	ast.PostOrderVisit(r.tree.Expr(), ast.NewExprVisitor(do))
}

// call returns a call with the position of x.
func (r *rewriter) call(x ast.Expr, function string, args ...ast.Expr) ast.Expr {
	r.last++
	if at, ok := r.tree.SourceInfo().GetOffsetRange(x.ID()); ok {
		r.tree.SourceInfo().SetOffsetRange(r.last, at)
	}
	return r.make.NewCall(r.last, function, args...)
}

// wrap replaces x by a call with x as its argument.
func (r *rewriter) wrap(x ast.Expr, function string) {
	r.last++
	inner := r.make.NewUnspecifiedExpr(r.last)
	if at, ok := r.tree.SourceInfo().GetOffsetRange(x.ID()); ok {
		r.tree.SourceInfo().SetOffsetRange(r.last, at)
	}
	inner.SetKindCase(x)
	x.SetKindCase(r.make.NewCall(x.ID(), function, inner))
}

func isNullLiteral(x ast.Expr) bool {
	return x.Kind() == ast.LiteralKind && x.AsLiteral() == types.NullValue
}

// compareWithNull makes == null and != null work on every type. CEL does not compare a list with null.
func compareWithNull(tree *ast.AST) {
	r := newRewriter(tree)
	r.visit(func(x ast.Expr) {
		if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.Equals && x.AsCall().FunctionName() != operators.NotEquals {
			return
		}
		args := x.AsCall().Args()
		value := args[0]
		switch {
		case isNullLiteral(args[1]):
		case isNullLiteral(args[0]):
			value = args[1]
		default:
			return
		}
		if x.AsCall().FunctionName() == operators.Equals {
			x.SetKindCase(r.make.NewCall(x.ID(), absentCall, value))
		} else {
			x.SetKindCase(r.make.NewCall(x.ID(), operators.LogicalNot, r.call(x, absentCall, value)))
		}
	})
}

// propagateNull prepares the logical operators and the comprehensions of a tree for nulls.
func propagateNull(tree *ast.AST) {
	r := newRewriter(tree)
	var known, truth []ast.Expr
	r.visit(func(x ast.Expr) {
		switch {
		case x.Kind() == ast.ComprehensionKind:
			known = append(known, x.AsComprehension().IterRange())
		case x.Kind() != ast.CallKind:
		case x.AsCall().FunctionName() == operators.LogicalAnd || x.AsCall().FunctionName() == operators.LogicalOr:
			known = append(known, x.AsCall().Args()...)
		case x.AsCall().FunctionName() == operators.Conditional:
			truth = append(truth, x.AsCall().Args()[0])
		}
	})
	for _, x := range known {
		r.wrap(x, knownCall)
	}
	for _, x := range truth {
		r.wrap(x, truthCall)
	}
}

// takesNull has the functions that get nulls as arguments. All others are null if an argument is.
var takesNull = []string{
	operators.NotStrictlyFalse, oldNotStrictlyFalse, "dyn", "type",
	"optional.none", "optional.of", "optional.ofNonZeroValue", "or", "orValue", "value", "hasValue", knownCall, truthCall, absentCall,
}

// strict returns impl with the result null for a null argument.
func strict(name string, impl functions.FunctionOp) functions.FunctionOp {
	null := ref.Val(types.NullValue)
	if name == "first" || name == "last" || name == "json.parse" {
		null = types.OptionalNone
	}
	return func(args ...ref.Val) ref.Val {
		if slices.Contains(args, ref.Val(types.NullValue)) {
			return null
		}
		return impl(args...)
	}
}

// threeValued has the IDs of the nodes of a tree whose result is null if it is unknown.
func threeValued(tree *ast.AST) map[int64]bool {
	ids := map[int64]bool{}
	newRewriter(tree).visit(func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind || x.Kind() == ast.CallKind &&
			(x.AsCall().FunctionName() == operators.LogicalAnd || x.AsCall().FunctionName() == operators.LogicalOr) {
			ids[x.ID()] = true
		}
	})
	return ids
}

// known evaluates to null if the result is unknown.
type known struct{ interpreter.InterpretableV2 }

func (k known) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := k.InterpretableV2.Exec(frame)
	if types.IsUnknown(v) {
		return types.NullValue
	}
	return v
}

// An attribute is a variable and its members. Absent members are null.
type attribute struct {
	interpreter.InterpretableAttribute
	presence map[int64]bool // IDs of the selections in has(…)
}

// AddQualifier adds a member or an index.
func (a *attribute) AddQualifier(q interpreter.Qualifier) (interpreter.Attribute, error) {
	if !a.presence[q.ID()] {
		if constant, ok := q.(interpreter.ConstantQualifier); ok {
			q = constantMember{constant}
		} else {
			q = dynamicMember{q}
		}
	}
	_, err := a.InterpretableAttribute.AddQualifier(q)
	return a, err
}

// A dynamicMember is a member or an index whose name is known at run time.
type dynamicMember struct{ interpreter.Qualifier }

// Qualify returns the member of obj, or null.
func (m dynamicMember) Qualify(vars interpreter.Activation, obj any) (any, error) {
	if name, ok := m.Qualifier.(interpreter.Attribute); ok {
		if v, err := name.Resolve(vars); err != nil || v == nil || v == types.NullValue {
			return types.NullValue, err
		}
	}
	return memberOf(m.Qualifier, vars, obj)
}

// A constantMember is a member or an index whose name is in the file.
type constantMember struct{ interpreter.ConstantQualifier }

// Qualify returns the member of obj, or null.
func (m constantMember) Qualify(vars interpreter.Activation, obj any) (any, error) {
	return memberOf(m.ConstantQualifier, vars, obj)
}

func memberOf(q interpreter.Qualifier, vars interpreter.Activation, obj any) (any, error) {
	if obj == nil || obj == types.NullValue {
		return types.NullValue, nil
	}
	v, present, err := q.QualifyIfPresent(vars, obj, false)
	if err == nil && (!present || v == nil) {
		return types.NullValue, nil
	}
	return v, err
}

// nulls returns a decorator that propagates nulls through the members of a tree.
func nulls(tree *ast.AST) func(interpreter.InterpretableV2) interpreter.InterpretableV2 {
	operators, presence := threeValued(tree), map[int64]bool{}
	newRewriter(tree).visit(func(x ast.Expr) {
		if x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly() {
			presence[x.ID()] = true
		}
	})
	return func(i interpreter.InterpretableV2) interpreter.InterpretableV2 {
		switch i := i.(type) {
		case *attribute:
			return i
		case interpreter.InterpretableAttribute:
			return &attribute{i, presence}
		case interpreter.InterpretableCall, interpreter.InterpretableConst:
			return i
		}
		if operators[i.ID()] {
			return known{i}
		}
		return i
	}
}
