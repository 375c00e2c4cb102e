package playbook

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// CEL's own cost limit counts a call after it has returned. That is too late for a call that allocates
// gigabytes, so the effort of each call is computed from its arguments before the call. One unit of effort is about a nanosecond.
const (
	maxEffort     = 10_000_000 // of one call
	effortPerCost = 50         // units of effort that count as one of maxCost
	effortPerByte = 8          // of a text that a call makes: it may exist several times, as runes too
	effortPerItem = 64         // of a list or map that a call makes
	effortPerZone = 50_000     // of loading a time zone
	maxItems      = 1_000_000  // of a list that is made of two
	maxPattern    = 10_000     // characters of a regular expression, its repetitions written out
	maxPrecision  = 100        // digits that format writes after the point
	maxInput      = 32 << 20   // bytes of JSON that one expression reads
)

// An effort function returns the effort of a call with these arguments, before it
// is made. It may return any number above maxEffort instead of a larger one.
type effort func(args []ref.Val) int

// constant is the effort of functions whose time and memory do not depend on how
// large their arguments are.
var constant effort

// oldNotStrictlyFalse is a function that the environment still has under a former name.
const oldNotStrictlyFalse = "__not_strictly_false__"

// efforts has an entry for each function of the environment. An expression that
// calls any other does not compile.
var efforts = map[string]effort{
	operators.LogicalNot: constant, operators.Negate: constant, operators.LogicalAnd: constant, operators.LogicalOr: constant,
	operators.Conditional: constant, operators.NotStrictlyFalse: constant, oldNotStrictlyFalse: constant,
	operators.Index: constant, operators.OptIndex: constant, operators.OptSelect: constant,
	operators.Subtract: constant, operators.Multiply: constant, operators.Divide: constant, operators.Modulo: constant,
	"dyn": constant, "type": constant, "first": constant, "last": constant,
	"optional.none": constant, "optional.of": constant, "optional.ofNonZeroValue": constant, "or": constant, "orValue": constant, "value": constant,

	operators.Add:       addEffort,
	operators.Equals:    deepEffort,
	operators.NotEquals: deepEffort,
	operators.In:        deepEffort, operators.OldIn: deepEffort, "in": deepEffort,
	"hasValue":        deepEffort,
	"optional.unwrap": itemsEffort, "unwrapOpt": itemsEffort,

	"bool": readEffort, "int": readEffort, "uint": readEffort, "double": readEffort, "duration": readEffort, "timestamp": readEffort,
	"size": readEffort, "contains": readEffort, "startsWith": readEffort, "endsWith": readEffort,
	operators.Less: readEffort, operators.LessEquals: readEffort, operators.Greater: readEffort, operators.GreaterEquals: readEffort,
	"string": copyEffort, "bytes": copyEffort, "charAt": copyEffort, "substring": copyEffort, "trim": copyEffort,
	"lowerAscii": copyEffort, "upperAscii": copyEffort,
	"strings.quote": func(args []ref.Val) int { return 2 * copyEffort(args) },
	"indexOf":       searchEffort, "lastIndexOf": searchEffort,
	"matches": matchesEffort, patternCall: func(args []ref.Val) int { return intOf(args[2]) * (1 + len(textOf(args[0]))) },
	"replace": replaceEffort, "split": splitEffort, "join": joinEffort, "format": formatEffort,

	"getDate": zoneEffort, "getDayOfMonth": zoneEffort, "getDayOfWeek": zoneEffort, "getDayOfYear": zoneEffort, "getFullYear": zoneEffort,
	"getHours": zoneEffort, "getMilliseconds": zoneEffort, "getMinutes": zoneEffort, "getMonth": zoneEffort, "getSeconds": zoneEffort,

	"slice": itemsEffort, "reverse": func(args []ref.Val) int { return copyEffort(args) + itemsEffort(args) },
	"flatten": func(args []ref.Val) int { return effortPerByte * weigh(args[0], maxEffort) },
	"sort":    sortEffort, "@sortByAssociatedKeys": func(args []ref.Val) int { return sortEffort(args[1:]) },
	"lists.range":   func(args []ref.Val) int { return effortPerItem * min(max(0, intOf(args[0])), maxEffort) },
	"distinct":      func(args []ref.Val) int { return pairsEffort(args[0], args[0]) },
	"sets.contains": setsEffort, "sets.intersects": setsEffort, "sets.equivalent": func(args []ref.Val) int { return 2 * setsEffort(args) },

	"ip": readEffort, "isIP": readEffort, "cidr": readEffort, "isCIDR": readEffort, "ip.isCanonical": copyEffort,
	"containsIP": readEffort, "containsCIDR": readEffort, "family": constant, "isGlobalUnicast": constant, "isLinkLocalMulticast": constant,
	"isLinkLocalUnicast": constant, "isLoopback": constant, "isMask": constant, "isUnspecified": constant, "masked": constant, "prefixLength": constant,
	"base64.decode": copyEffort, "base64.decodeUrl": copyEffort, "base64.encode": copyEffort, "base64.encodeUrl": copyEffort,
	"json.encode": func(args []ref.Val) int { return 8 * effortPerByte * weigh(args[0], maxEffort) },
	"json.parse":  func(args []ref.Val) int { return 8 * copyEffort(args) },
	withinCall:    func(args []ref.Val) int { return effortPerZone + 4*copyEffort(args) },

	literalCall: itemsEffort, knownCall: constant, truthCall: constant, absentCall: constant,
}

// The names under which a list or map literal, and a match with a constant pattern, count as calls.
const (
	literalCall = "literal"
	patternCall = "matches pattern"
)

func textOf(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return string(v)
	case types.Bytes:
		return string(v)
	}
	return ""
}

func intOf(v ref.Val) int {
	n, _ := v.(types.Int)
	return int(n)
}

// items returns the number of items of a list or members of a map.
func items(v ref.Val) int {
	switch v := v.(type) {
	case traits.Lister:
		return intOf(v.Size())
	case traits.Mapper:
		return intOf(v.Size())
	}
	return 0
}

func readEffort(args []ref.Val) int {
	n := 0
	for _, v := range args {
		n += len(textOf(v))
	}
	return n
}

func copyEffort(args []ref.Val) int { return effortPerByte * readEffort(args) }

// addEffort does not count the items of lists, which are not copied. It limits their number.
func addEffort(args []ref.Val) int {
	if list, ok := args[0].(traits.Lister); ok && intOf(list.Size())+items(args[1]) > maxItems {
		return maxEffort + 1
	}
	return copyEffort(args)
}

func deepEffort(args []ref.Val) int {
	n := 0
	for _, v := range args {
		n += weigh(v, maxEffort)
	}
	return n
}

func itemsEffort(args []ref.Val) int { return effortPerItem * items(args[0]) }

// sortEffort assumes twenty comparisons of each item.
func sortEffort(args []ref.Val) int {
	return itemsEffort(args) + 20*effortPerByte*min(weigh(args[0], maxEffort), maxEffort)
}

func setsEffort(args []ref.Val) int { return pairsEffort(args[0], args[1]) }

// pairsEffort returns the effort of the comparison of each item of a with each item of b.
func pairsEffort(a, b ref.Val) int {
	inA, inB := weigh(a, maxEffort), weigh(b, maxEffort)
	if max(inA, inB) > maxEffort {
		return maxEffort + 1
	}
	return effortPerItem*items(a) + (max(1, items(a))*inB+max(1, items(b))*inA)/8
}

func searchEffort(args []ref.Val) int {
	return copyEffort(args) + len(textOf(args[0]))*min(len(textOf(args[1])), maxEffort)
}

// matchesEffort returns the effort of a pattern that is not constant and must be compiled.
func matchesEffort(args []ref.Val) int {
	const compiling = 100
	steps := regexSteps(textOf(args[1]))
	if steps > maxPattern {
		return maxEffort + 1
	}
	return steps * (compiling + len(textOf(args[0])))
}

func replaceEffort(args []ref.Val) int {
	in, times := textOf(args[0]), strings.Count(textOf(args[0]), textOf(args[1]))
	if len(args) > 3 && intOf(args[3]) >= 0 {
		times = min(times, intOf(args[3]))
	}
	return effortPerByte * (len(in) + times*len(textOf(args[2])))
}

func splitEffort(args []ref.Val) int {
	in := textOf(args[0])
	return effortPerByte*len(in) + effortPerItem*(strings.Count(in, textOf(args[1]))+1)
}

func joinEffort(args []ref.Val) int {
	n := weigh(args[0], maxEffort)
	if len(args) > 1 {
		n += items(args[0]) * min(len(textOf(args[1])), maxEffort)
	}
	return effortPerByte * n
}

// formatEffort assumes the longest form of each value: binary digits, or a number with an exponent of 300.
func formatEffort(args []ref.Val) int {
	const longest = 400 + maxPrecision
	in := textOf(args[0])
	return effortPerByte * (len(in) + strings.Count(in, "%")*longest + 8*weigh(args[1], maxEffort))
}

func zoneEffort(args []ref.Val) int {
	if len(args) < 2 {
		return 0
	}
	return effortPerZone + copyEffort(args)
}

// weigh returns roughly how many bytes v has when it is written out, or any number above most. A value
// that occurs in several places counts in each, because comparing and writing visit each.
func weigh(v ref.Val, most int) int {
	const scalar = 8
	n := scalar + len(textOf(v))
	switch v := v.(type) {
	case *types.Optional:
		if v.HasValue() {
			n += weigh(v.GetValue(), most-n)
		}
	case traits.Mapper:
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			key := it.Next()
			n += weigh(key, most-n)
			n += weigh(v.Get(key), most-n)
		}
	case traits.Lister:
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			n += weigh(it.Next(), most-n)
		}
	}
	return n
}

// bound checks the effort of each call before the call.
func (c *compiler) bound(checked *ast.AST) interpreter.InterpretableDecoratorV2 {
	nullable := nulls(checked)
	return func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		switch i := i.(type) {
		case interpreter.InterpretableConstructor:
			for _, v := range i.InitVals() {
				if _, same := v.(interpreter.InterpretableConst); !same {
					return interpreter.NewCall(i.ID(), literalCall, literalCall, []interpreter.InterpretableV2{i}, itself), nil
				}
			}
		case interpreter.InterpretableCall:
			name := i.Function()
			need, known := efforts[name]
			if !known {
				return nil, fmt.Errorf("the function %s cannot be used: its memory has no bound", name)
			}
			if name == "matches" {
				if pattern, ok := i.Args()[1].(interpreter.InterpretableConst); ok {
					return matchPattern(i, textOf(pattern.Value()))
				}
			}
			free, null := need == nil || cheap(checked, i), slices.Contains(takesNull, name) || len(i.Args()) == 0
			if free && null {
				return i, nil
			}
			impl, err := c.implementation(name, i.OverloadID())
			if err != nil {
				return nil, err
			}
			if !free {
				impl = bounded(name, impl)
			}
			overload := i.OverloadID()
			if !null {
				impl, overload = strict(name, impl), "" // CEL would replace an "in" that it recognizes
			}
			return interpreter.NewCall(i.ID(), name, overload, i.Args(), impl), nil
		}
		return nullable(i), nil
	}
}

var errTooLarge = errors.New("the values are too large: this call would take too much time or memory")

func itself(args ...ref.Val) ref.Val { return args[0] }

func displayed(function string) string {
	if symbol, ok := operators.FindReverse(function); ok && symbol != "" {
		return symbol
	}
	return function
}

// bounded returns impl with an error for arguments that would take too long.
func bounded(name string, impl functions.FunctionOp) functions.FunctionOp {
	need := efforts[name]
	return func(args ...ref.Val) ref.Val {
		if need(args) > maxEffort {
			return types.WrapErr(fmt.Errorf("%s: %w", displayed(name), errTooLarge))
		}
		return impl(args...)
	}
}

// matchPattern returns a call of matches whose constant pattern is compiled once.
func matchPattern(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableV2, error) {
	steps := regexSteps(pattern)
	if steps > maxPattern {
		return nil, fmt.Errorf("the pattern of matches is too large: with its repetitions written out, it has more than %d characters", maxPattern)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	args := append(slices.Clone(call.Args()), interpreter.NewConstValue(call.ID(), types.Int(steps)))
	return interpreter.NewCall(call.ID(), patternCall, call.OverloadID(), args, strict(patternCall, bounded(patternCall, func(args ...ref.Val) ref.Val {
		in, ok := args[0].(types.String)
		if !ok {
			return types.NewErr("no such overload: matches")
		}
		return types.Bool(compiled.MatchString(string(in)))
	}))), nil
}

// regexSteps returns how many steps a pattern may take for each character of a text. It returns more than
// maxPattern for a pattern that is too large to compile, and 0 for an invalid pattern.
func regexSteps(pattern string) int {
	if len(pattern) > maxExpression {
		return maxPattern + 1
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return patternSize(re)
}

func patternSize(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	if re.Op == syntax.OpCharClass {
		n = 2
	}
	for _, sub := range re.Sub {
		n += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return min(n, maxPattern+1)
}

var scalarKinds = []types.Kind{
	types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.TimestampKind, types.DurationKind, types.NullTypeKind,
}

// cheap reports whether the types of the call's arguments make it cheap for all
// their values.
func cheap(checked *ast.AST, call interpreter.InterpretableCall) bool {
	var kinds []types.Kind
	for _, a := range call.Args() {
		kinds = append(kinds, checked.GetType(a.ID()).Kind())
	}
	scalar := func(k types.Kind) bool { return slices.Contains(scalarKinds, k) }
	switch call.Function() {
	case operators.Equals, operators.NotEquals:
		// A text is read once, which CEL counts, and equals no list or map.
		return slices.Contains(kinds, types.StringKind) || slices.ContainsFunc(kinds, scalar)
	case operators.In, operators.OldIn:
		return kinds[1] == types.MapKind
	}
	return !slices.ContainsFunc(kinds, func(k types.Kind) bool { return !scalar(k) })
}

// implementation returns the implementation of the overload in the environment. If CEL chooses the
// overload at run time, it returns the implementation of the function.
func (c *compiler) implementation(function, overload string) (functions.FunctionOp, error) {
	switch function {
	case operators.Equals:
		return func(args ...ref.Val) ref.Val { return types.Equal(args[0], args[1]) }, nil
	case operators.NotEquals:
		return func(args ...ref.Val) ref.Val { return types.Bool(types.Equal(args[0], args[1]) != types.True) }, nil
	}
	decl, ok := c.env.Functions()[function]
	if !ok {
		return nil, fmt.Errorf("there is no function %s", function)
	}
	bound, err := decl.Bindings()
	if err != nil {
		return nil, err
	}
	var found *functions.Overload
	for _, b := range bound {
		if b.Operator == overload || b.Operator == function && found == nil {
			found = b
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the function %s cannot be called", function)
	}
	return func(args ...ref.Val) ref.Val {
		switch {
		case len(args) > 0 && found.OperandTrait != 0 && !args[0].Type().HasTrait(found.OperandTrait):
		case len(args) == 1 && found.Unary != nil:
			return found.Unary(args[0])
		case len(args) == 2 && found.Binary != nil:
			return found.Binary(args[0], args[1])
		case found.Function != nil:
			return found.Function(args...)
		}
		return types.NewErr("no such overload: %s", displayed(function))
	}, nil
}

// effortCost adds up the efforts of the calls of one evaluation.
type effortCost struct{}

// CallCost returns the share of a call in maxCost, or nil for CEL's own count.
func (effortCost) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	need, known := efforts[function]
	if !known || need == nil {
		return nil
	}
	cost := uint64(1 + min(need(args), maxEffort)/effortPerCost)
	return &cost
}

// limits returns the options of a program that bounds each call.
func (c *compiler) limits(checked *cel.Ast) []cel.ProgramOption {
	return []cel.ProgramOption{
		cel.CostTracking(effortCost{}), cel.CostLimit(maxCost),
		cel.CustomDecoratorV2(c.bound(checked.NativeRep())),
	}
}
