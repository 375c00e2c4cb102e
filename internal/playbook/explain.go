package playbook

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"soar.example/okta/internal/nearest"
)

// explain returns the message of e. If the syntax tree shows that a name is wrong, the message names it
// and suggests others.
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
			return fmt.Sprintf("%s is a list: write %s[0].%s for the first item, or select items with %s.filter(x, …)", list, list, at.AsSelect().FieldName(), list)
		}
	case ast.CallKind:
		call := at.AsCall()
		if args := call.Args(); len(args) == 2 && args[1].Kind() == ast.LiteralKind {
			if m, ok := c.takeMissed(textOf(args[1].AsLiteral())); ok {
				return c.explainMissing(m)
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

// operatorHint names CEL's form of an operator that other languages write in another way. It is for expressions that
// cannot be parsed.
func operatorHint(expr string) string {
	forms := map[string]string{"and": "&&", "or": "||", "not": "!", "=": "=="}
	before := ""
	for rest := expr; rest != ""; {
		token := celToken.FindString(rest)
		if token == "" {
			return ""
		}
		rest = rest[len(token):]
		form := forms[strings.ToLower(token)]
		if token == "=" && (strings.ContainsAny(before, "=!<>") || strings.HasPrefix(rest, "=")) || before == "." {
			form = ""
		}
		if form != "" {
			return fmt.Sprintf("; write %s instead of %s", form, token)
		}
		before = token
	}
	return ""
}

// list returns the text of an expression within tree. ok reports whether its value is a list.
func (c *compiler) list(tree *ast.AST, of ast.Expr) (text string, ok bool) {
	text, err := parser.Unparse(of, tree.SourceInfo())
	if err != nil {
		return "", false
	}
	checked, issues := c.env.Compile(text)
	return text, issues.Err() == nil && checked.OutputType().Kind() == types.ListKind
}

// takeMissed removes and returns the first missing field of that name.
func (c *compiler) takeMissed(name string) (m missing, ok bool) {
	i := slices.IndexFunc(c.objects.missed, func(m missing) bool { return m.field == name })
	if i < 0 {
		return m, false
	}
	m = c.objects.missed[i]
	c.objects.missed = slices.Delete(c.objects.missed, i, i+1)
	return m, true
}

func (c *compiler) explainMissing(m missing) string {
	known := c.objects.names(m.object)
	hint := nearest.Hint(m.field, known)
	if m.object == stepsObject {
		at, defined := c.objects.order[m.field]
		switch {
		case !defined:
			if hint == "" && len(known) > 0 {
				hint = "; earlier steps are " + strings.Join(known, ", ")
			}
			return fmt.Sprintf("there is no step %q%s", m.field, hint)
		case c.objects.reader < 0:
			return fmt.Sprintf("step %q has not run when the %s is evaluated", m.field, readers[c.objects.reader])
		case at == c.objects.reader:
			return fmt.Sprintf("step %q is this step itself", m.field)
		default:
			return fmt.Sprintf("step %q comes later", m.field)
		}
	}
	where := path(m.object)
	if hint == "" {
		const most = 12
		switch {
		case where == eventVar || strings.HasPrefix(where, eventVar+"."):
			hint = "; raw has fields that the trigger does not declare"
		case len(known) > most:
			hint = "; it has " + strings.Join(known[:most], ", ") + ", …"
		case len(known) > 0:
			hint = "; it has " + strings.Join(known, ", ")
		}
	}
	return fmt.Sprintf("there is no field %q in %s%s", m.field, where, hint)
}

// functions returns the names that an author may have meant, without the operators.
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
