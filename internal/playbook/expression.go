package playbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"soar.example/okta/internal/nearest"
)

// The limits of one expression. The cost is CEL's own measure, about one for
// each operation and each ten characters that it reads.
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
)

var variables = []string{eventVar, eventsVar, rawVar, stepsVar, varsVar}

// expression is a compiled CEL expression.
type expression struct {
	text    string
	result  *types.Type
	uses    map[string]bool // of the variables
	program cel.Program
}

// constant reports whether every evaluation has the same value.
func (x *expression) constant() bool {
	for name := range x.uses {
		if name != varsVar {
			return false
		}
	}
	return true
}

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

// cut returns s as one line of at most most letters.
func cut(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// compiler compiles the expressions of one file.
type compiler struct {
	*report
	objects *objects
	env     *cel.Env
	names   []string        // of the variables, those that the file does not mention included
	used    map[string]bool // the variables that an expression has read so far
}

// newCompiler returns a compiler of expressions over variables of those types; names
// are those of all variables that there could be.
func newCompiler(r *report, o *objects, variables map[string]*types.Type, names []string) (*compiler, error) {
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(o.Registry),
		cel.CustomTypeProvider(o),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsMaxPrecision(maxPrecision)),
		cel.EnableIdentifierEscapeSyntax(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals()),
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		options = append(options, cel.Variable(name, variables[name]))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	return &compiler{report: r, objects: o, env: env, names: names, used: map[string]bool{}}, nil
}

// compile compiles the expression that begins at offset in n's text. It returns
// nil if there is something wrong with it; the report says what.
func (c *compiler) compile(expr string, n *node, offset, reader int) *expression {
	fail := func(at int, format string, args ...any) *expression {
		line, column := c.locate(n, offset+at)
		c.at(line, column, format, args...)
		return nil
	}
	if len(expr) > maxExpression {
		return fail(0, "an expression has at most %d bytes, this one has %d", maxExpression, len(expr))
	}
	c.objects.reader, c.objects.missed = reader, nil
	parsed, issues := c.env.Parse(expr)
	if issues.Err() != nil {
		first := issues.Errors()[0]                                 // the others follow from it
		message, _, _ := strings.Cut(first.Message, " expecting {") // every token of the language
		return fail(offsetOf(expr, first), "%s", message)
	}
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			fail(offsetOf(expr, e), "%s", c.explain(parsed.NativeRep(), e))
		}
		return nil
	}
	if least, never := c.tooCostly(checked); never {
		return fail(0, "the expression can never be evaluated: it costs %d steps at the least, of %d that it may take", least, maxCost)
	}
	program, err := c.env.Program(checked, append(c.limits(checked), cel.EvalOptions(cel.OptOptimize))...)
	if err != nil {
		return fail(0, "%v", err)
	}
	x := &expression{text: expr, result: checked.OutputType(), program: program, uses: map[string]bool{}}
	for _, r := range checked.NativeRep().ReferenceMap() {
		if name := strings.TrimPrefix(r.Name, "."); slices.Contains(c.names, name) {
			c.used[name] = true
			x.uses[name] = true
		}
	}
	if reader < 0 && x.uses[eventsVar] {
		return fail(firstUse(expr, checked.NativeRep(), eventsVar), "events are what a run has; here, each event is looked at by itself, as event")
	}
	return x
}

// firstUse is where in expr, in characters, the variable is read first.
func firstUse(expr string, checked *ast.AST, variable string) int {
	first := len([]rune(expr))
	for id, r := range checked.ReferenceMap() {
		if strings.TrimPrefix(r.Name, ".") == variable {
			first = min(first, offsetOf(expr, &cel.Error{Location: checked.SourceInfo().GetStartLocation(id)}))
		}
	}
	return first
}

// offsetOf is where in expr, in characters, CEL found e.
func offsetOf(expr string, e *cel.Error) int {
	line, column := e.Location.Line(), e.Location.Column()
	lines := strings.SplitAfter(expr, "\n")
	if line < 1 || column < 0 || line > len(lines) {
		return 0
	}
	before := len([]rune(strings.Join(lines[:line-1], "")))
	return min(before+column, len([]rune(expr)))
}

// explain says what e says, in the words of the file where the syntax tree shows
// that a name is what was wrong.
func (c *compiler) explain(tree *ast.AST, e *cel.Error) string {
	var at ast.Expr
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.ID() == e.ExprID {
			at = x
		}
	}))
	if at == nil {
		return plainTypes(e.Message)
	}
	switch at.Kind() {
	case ast.SelectKind:
		if m, ok := c.takeMissed(at.AsSelect().FieldName()); ok {
			return c.explainMissing(m)
		}
		if list, ok := c.list(tree, at.AsSelect().Operand()); ok {
			return fmt.Sprintf("%s is a list: write %s[0].%s for the first, or choose by %s.filter(x, …)", list, list, at.AsSelect().FieldName(), list)
		}
	case ast.CallKind:
		call := at.AsCall()
		if args := call.Args(); len(args) == 2 && args[1].Kind() == ast.LiteralKind {
			if name, ok := args[1].AsLiteral().(types.String); ok {
				if m, ok := c.takeMissed(string(name)); ok {
					return c.explainMissing(m)
				}
			}
		}
		if !c.env.HasFunction(call.FunctionName()) {
			return fmt.Sprintf("there is no function %q%s", call.FunctionName(), nearest.Hint(call.FunctionName(), c.functions()))
		}
		if symbol, ok := operators.FindReverse(call.FunctionName()); ok && symbol != "" {
			return strings.ReplaceAll(plainTypes(e.Message), call.FunctionName(), symbol)
		}
	case ast.IdentKind:
		if name := at.AsIdent(); !slices.Contains(c.names, name) {
			hint := nearest.Hint(name, c.names)
			if hint == "" {
				hint = "; an expression reads " + strings.Join(c.names, ", ")
			}
			return fmt.Sprintf("there is no variable %q%s", name, hint)
		}
	}
	return plainTypes(e.Message)
}

// list returns the text of an expression within tree if a list comes of it.
func (c *compiler) list(tree *ast.AST, of ast.Expr) (text string, ok bool) {
	text, err := parser.Unparse(of, tree.SourceInfo())
	if err != nil {
		return "", false
	}
	checked, issues := c.env.Compile(text)
	return text, issues.Err() == nil && checked.OutputType().Kind() == types.ListKind
}

// takeMissed returns the first field of that name that was not found, once.
func (c *compiler) takeMissed(name string) (missing, bool) {
	for i, m := range c.objects.missed {
		if m.field == name {
			c.objects.missed = slices.Delete(c.objects.missed, i, i+1)
			return m, true
		}
	}
	return missing{}, false
}

func (c *compiler) explainMissing(m missing) string {
	known := c.objects.names(m.object)
	hint := nearest.Hint(m.field, known)
	if m.object == stepsObject {
		at, defined := c.objects.order[m.field]
		switch {
		case !defined:
			if hint == "" && len(known) > 0 {
				hint = "; before this one come " + strings.Join(known, ", ")
			}
			return fmt.Sprintf("there is no step %q%s", m.field, hint)
		case c.objects.reader < 0:
			return fmt.Sprintf("step %q has not run yet when the %s is decided", m.field, readers[c.objects.reader])
		case at == c.objects.reader:
			return fmt.Sprintf("step %q is this very step", m.field)
		default:
			return fmt.Sprintf("step %q comes later", m.field)
		}
	}
	where := path(m.object)
	if hint == "" {
		hint = fields(known)
		if where == eventVar || strings.HasPrefix(where, eventVar+".") {
			hint = "; raw reaches fields that the trigger does not declare"
		}
	}
	return fmt.Sprintf("there is no field %q in %s%s", m.field, where, hint)
}

// fields lists names at the end of a message, as many as help.
func fields(names []string) string {
	const most = 12
	switch {
	case len(names) == 0:
		return ""
	case len(names) > most:
		return "; it has " + strings.Join(names[:most], ", ") + ", …"
	default:
		return "; it has " + strings.Join(names, ", ")
	}
}

// functions are the names that an author may have meant: not the operators.
func (c *compiler) functions() []string {
	var names []string
	for name := range c.env.Functions() {
		if !strings.ContainsAny(name, "_@!-") {
			names = append(names, name)
		}
	}
	for _, m := range c.env.Macros() {
		names = append(names, m.Function())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
