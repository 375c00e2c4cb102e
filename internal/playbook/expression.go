package playbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"soar.example/okta/schema"
)

// The limits of one expression. The cost is CEL's own measure: about 1 for each operation and for each
// ten characters that it reads.
const (
	maxExpression = 4 << 10
	maxCost       = 1_000_000
)

// The variables of expressions.
const (
	eventVar  = "event"
	eventsVar = "events"
	rawVar    = "raw"
	stepsVar  = "steps"
	varsVar   = "vars"

	failureVar = "failure" // in on_failure only
)

var (
	variables    = []string{eventVar, eventsVar, rawVar, stepsVar, varsVar}
	allVariables = append(slices.Clone(variables), failureVar)
)

// An expression is a compiled CEL expression.
type expression struct {
	text    string
	result  *types.Type
	uses    map[string]bool // variables that it reads
	program cel.Program
}

// constant reports whether the value is the same in every evaluation.
func (x *expression) constant() bool { return len(x.uses) == 0 || len(x.uses) == 1 && x.uses[varsVar] }

func (x *expression) eval(b binding) (ref.Val, error) {
	v, _, err := x.program.Eval(b)
	if err != nil {
		// The message may repeat a value, and a value may be long.
		return nil, fmt.Errorf("%s: %s", shorten(x.text), cut(err.Error(), 400))
	}
	if weigh(v, maxEffort) > maxEffort {
		return nil, fmt.Errorf("%s: the value is too large: written out, it has more than %d million bytes", shorten(x.text), maxEffort/1_000_000)
	}
	return v, nil
}

func shorten(s string) string { return cut(s, 120) }

// cut returns s as one line of at most most characters.
func cut(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// A compiler compiles the expressions of one file.
type compiler struct {
	*report
	objects *objects
	env     *cel.Env
	names   []string                // of all variables, including those that the file does not mention
	used    map[string]bool         // variables that an expression has read so far
	nodes   map[string]*schema.Node // schemas of variables
	vars    map[string]any          // values of vars
}

// newCompiler returns a compiler for variables of these types. names are the names of all variables
// that could exist.
func newCompiler(r *report, o *objects, variables map[string]*types.Type, names []string) (*compiler, error) {
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(o.Registry),
		cel.CustomTypeProvider(o),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsMaxPrecision(maxPrecision)),
		ext.Lists(ext.ListsVersion(2)), ext.Sets(), ext.Network(), ext.Encoders(ext.EncodersVersion(2)),
		windowFunction(),
		cel.EnableIdentifierEscapeSyntax(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals()),
	}
	options = append(options, nullFunctions()...)
	for name, t := range variables {
		options = append(options, cel.Variable(name, t))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	return &compiler{report: r, objects: o, env: env, names: names, used: map[string]bool{}}, nil
}

// compile compiles the expression at offset in n's text. It returns nil if the report has a problem of
// the expression.
func (c *compiler) compile(expr string, n *node, offset, reader int) *expression {
	fail := func(at int, format string, args ...any) *expression {
		c.inside(n, offset+at, format, args...)
		return nil
	}
	if len(expr) > maxExpression {
		return fail(0, "an expression has at most %d bytes, this one has %d", maxExpression, len(expr))
	}
	c.objects.reader, c.objects.missed = reader, nil
	source := common.NewTextSource(expr)
	offsetOf := func(at common.Location) int { // in characters
		found, _ := source.LocationOffset(at)
		return min(max(0, int(found)), utf8.RuneCountInString(expr))
	}
	parsed, issues := c.env.ParseSource(source)
	if issues.Err() != nil {
		first := issues.Errors()[0]                                 // the others follow from it
		message, _, _ := strings.Cut(first.Message, " expecting {") // a list of all tokens
		return fail(offsetOf(first.Location), "%s%s", message, operatorHint(expr))
	}
	compareWithNull(parsed.NativeRep())
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			fail(offsetOf(e.Location), "%s", c.explain(parsed.NativeRep(), e))
		}
		return nil
	}
	if why := c.tooCostly(checked); why != "" {
		return fail(0, "%s, and the limit is %d", why, maxCost)
	}
	if !c.checkLiterals(checked.NativeRep(), func(x ast.Expr) int { return offsetOf(checked.NativeRep().SourceInfo().GetStartLocation(x.ID())) }, n, offset) {
		return nil
	}
	prepared, issues := c.env.ParseSource(source)
	if issues.Err() == nil {
		compareWithNull(prepared.NativeRep())
		propagateNull(prepared.NativeRep())
		prepared, issues = c.env.Check(prepared)
	}
	if issues.Err() != nil {
		return fail(0, "%v", issues.Err())
	}
	program, err := c.env.Program(prepared, append(c.limits(prepared), cel.EvalOptions(cel.OptOptimize))...)
	if err != nil {
		return fail(0, "%v", err)
	}
	x := &expression{text: expr, result: checked.OutputType(), program: program, uses: map[string]bool{}}
	firstEvents := utf8.RuneCountInString(expr)
	for id, r := range checked.NativeRep().ReferenceMap() {
		name := strings.TrimPrefix(r.Name, ".")
		if slices.Contains(c.names, name) {
			c.used[name] = true
			x.uses[name] = true
		}
		if name == eventsVar {
			firstEvents = min(firstEvents, offsetOf(checked.NativeRep().SourceInfo().GetStartLocation(id)))
		}
	}
	for name := range x.uses {
		if allowed := reader == alertReader && (name == failureVar || name == varsVar) || reader != alertReader && name != failureVar; !allowed {
			return fail(0, "on_failure can read failure and vars, and only on_failure can read failure")
		}
	}
	if reader < 0 && x.uses[eventsVar] {
		return fail(firstEvents, "only steps can read events; read event here")
	}
	return x
}

// tooCostly says why an expression costs too much before any event is known, or "". The cost on a large
// event is checked when the expression runs.
func (c *compiler) tooCostly(checked *cel.Ast) string {
	least, err := c.env.EstimateCost(checked, unknownSizes{})
	if err == nil && least.Min > maxCost {
		return fmt.Sprintf("the expression can never be evaluated: it costs at least %d steps", least.Min)
	}
	ordinary := ordinarySizes{}
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind {
			ordinary[x.AsComprehension().IterRange().ID()] = true
		}
	}))
	most, err := c.env.EstimateCost(checked, ordinary, cost.OverloadCostEstimate("string_replace_string_string", replaceCost),
		cost.OverloadCostEstimate("string_replace_string_string_int", replaceCost),
		cost.OverloadCostEstimate("json_parse_string", sameSizeCost), cost.OverloadCostEstimate("json_encode_dyn", sameSizeCost))
	if err == nil && most.Max > ordinaryMargin*maxCost {
		return fmt.Sprintf("the expression grows too fast: with texts of %d characters and lists of %d items it costs up to %d steps",
			ordinaryText, ordinaryList, most.Max)
	}
	return ""
}

// unknownSizes estimates costs without knowing how large an event is.
type unknownSizes struct{ ordinarySizes }

func (unknownSizes) EstimateSize(cost.AstNode) *cost.SizeEstimate { return nil }

// The sizes of an ordinary event's values. An expression is rejected if its estimated cost on such an
// event is ordinaryMargin times the limit, because the estimate is an upper bound.
const (
	ordinaryText   = 100
	ordinaryList   = 10
	ordinaryMargin = 20
)

// ordinarySizes estimates costs on an ordinary event. Its members are the IDs of the lists that loops go
// over: the type of such a list may be unknown.
type ordinarySizes map[int64]bool

func (o ordinarySizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	size := cost.FixedSizeEstimate(ordinaryText)
	if kind := n.Type().Kind(); kind == types.ListKind || kind == types.MapKind || n.Expr() != nil && o[n.Expr().ID()] {
		size = cost.FixedSizeEstimate(ordinaryList)
	}
	return &size
}

func (ordinarySizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// replaceCost estimates replace. A text does not grow if a shorter text replaces a literal. Otherwise the
// new text may follow each character, as it does after the empty text.
func replaceCost(sizes cost.Estimator, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	size, with := cost.EstimateSize(sizes, *target), cost.EstimateSize(sizes, args[1])
	if old := args[0].Expr(); old.Kind() != ast.LiteralKind || with.Max > uint64(len(textOf(old.AsLiteral()))) {
		size = size.Multiply(with).Add(size).Add(with)
	}
	return cost.NewCallEstimate(size.MultiplyByCostFactor(1), &size)
}

// sameSizeCost estimates a function whose result is about as large as its argument.
func sameSizeCost(sizes cost.Estimator, _ *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	size := cost.EstimateSize(sizes, args[0])
	return cost.NewCallEstimate(size.MultiplyByCostFactor(1), &size)
}

// predicate compiles a bool expression, with or without ${{ }} around it.
func (l *loader) predicate(n *node, reader int) *expression {
	x := l.expression(n, reader)
	if x == nil || x.result.Kind() == types.BoolKind {
		return x
	}
	hint := ""
	if x.result.Kind() == types.DynKind {
		hint = "; compare it, as in … == true"
	}
	l.on(n, "the expression must give true or false, not %s%s", typeName(x.result), hint)
	return nil
}

// expression compiles an expression of the file, with or without ${{ }} around it. YAML reads a bare
// true or false as a boolean, which is an expression too.
func (l *loader) expression(n *node, reader int) *expression {
	if n == nil {
		return nil
	}
	if n.kind != text && n.kind != boolean {
		l.on(n, "an expression must be a text: got %s", n.kind)
		return nil
	}
	source, offset := n.text, 0
	if n.kind == boolean {
		source = strconv.FormatBool(n.truth)
	}
	if strings.HasPrefix(strings.TrimSpace(source), "${{") {
		parts, ok := l.template(n, source)
		if !ok {
			return nil
		}
		one := single(parts)
		if one == nil {
			l.on(n, "write the whole expression inside one ${{ }}, or without ${{ }}")
			return nil
		}
		source, offset = one.text, one.offset
	}
	if strings.TrimSpace(source) == "" {
		l.on(n, "an expression is missing here")
		return nil
	}
	return l.compiler.compile(source, n, offset, reader)
}
