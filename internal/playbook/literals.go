package playbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
)

// A literalCheck checks the literals that an expression compares with values of a schema. A literal that such a value never
// has is a mistake: the comparison would always have the same result.
type literalCheck struct {
	*compiler
	tree  *ast.AST
	local map[string]*schema.Node // schemas of the variables of comprehensions
	found func(x ast.Expr, warning bool, message string)
}

// checkLiterals reports the literals that cannot be right. It returns false if one is an error. at returns the offset of a
// node of the tree in the expression, which begins at offset in n's text.
func (c *compiler) checkLiterals(tree *ast.AST, at func(ast.Expr) int, n *node, offset int) (ok bool) {
	ok = true
	l := &literalCheck{compiler: c, tree: tree, local: map[string]*schema.Node{}}
	l.found = func(x ast.Expr, warning bool, message string) {
		if warning {
			c.warn(n, offset+at(x), message)
			return
		}
		ok = false
		c.inside(n, offset+at(x), "%s", message)
	}
	l.check(tree.Expr())
	return ok
}

// check visits x and everything below it.
func (l *literalCheck) check(x ast.Expr) {
	switch x.Kind() {
	case ast.SelectKind:
		l.check(x.AsSelect().Operand())
	case ast.ListKind:
		for _, e := range x.AsList().Elements() {
			l.check(e)
		}
	case ast.MapKind:
		for _, e := range x.AsMap().Entries() {
			l.check(e.AsMapEntry().Value())
		}
	case ast.ComprehensionKind:
		c := x.AsComprehension()
		l.check(c.IterRange())
		defer l.bind(c)()
		l.check(c.LoopStep())
		l.check(c.Result())
	case ast.CallKind:
		call := x.AsCall()
		if call.IsMemberFunction() {
			l.check(call.Target())
		}
		for _, a := range call.Args() {
			l.check(a)
		}
		switch call.FunctionName() {
		case operators.Equals, operators.NotEquals:
			l.compare(call.Args()[0], call.Args()[1])
			l.compare(call.Args()[1], call.Args()[0])
		case operators.In:
			l.compare(call.Args()[0], call.Args()[1])
			l.compare(call.Args()[1], call.Args()[0])
		case withinCall:
			if at, err := windowProblem(x); err != nil {
				l.found(at, false, err.Error())
			}
		}
	}
}

// bind declares the variable of a comprehension over a list until the returned function is called.
func (l *literalCheck) bind(c ast.ComprehensionExpr) (unbind func()) {
	outer, hidden := l.local[c.IterVar()]
	l.local[c.IterVar()] = itemsOf(l.node(c.IterRange()))
	return func() {
		if delete(l.local, c.IterVar()); hidden {
			l.local[c.IterVar()] = outer
		}
	}
}

// compare checks the literals in with, which value is compared with.
func (l *literalCheck) compare(value, with ast.Expr) {
	n := l.node(value)
	if n != nil && n.Items != nil {
		n = n.Items // a literal in a list
	}
	if n == nil || len(n.Enum) == 0 && len(n.Known) == 0 {
		return
	}
	known := knownValues(n)
	for _, literal := range l.literalsOf(with) {
		if slices.Contains(known, literal.text) {
			continue
		}
		name, err := parser.Unparse(value, l.tree.SourceInfo())
		if err != nil {
			name = "this value"
		}
		hint := nearest.Hint(literal.text, known)
		const most = 12
		switch {
		case hint == "" && len(known) > most:
			hint = "; its values are " + strings.Join(known[:most], ", ") + ", …"
		case hint == "":
			hint = "; its values are " + strings.Join(known, ", ")
		case len(n.Known) > 0:
			l.found(literal.at, false, fmt.Sprintf("%q is not a value of %s%s", shorten(literal.text), shorten(name), hint))
			continue
		}
		if len(n.Known) > 0 {
			l.found(literal.at, true, fmt.Sprintf("%q is not a known value of %s%s", shorten(literal.text), shorten(name), hint))
		} else {
			l.found(literal.at, false, fmt.Sprintf("%q is never the value of %s%s", shorten(literal.text), shorten(name), hint))
		}
	}
}

func knownValues(n *schema.Node) []string {
	known := slices.Clone(n.Known)
	for _, raw := range n.Enum {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			known = append(known, text)
		}
	}
	return known
}

type literalText struct {
	text string
	at   ast.Expr
}

// literalsOf returns the texts that are literals in x, or that a variable of the file has.
func (l *literalCheck) literalsOf(x ast.Expr) (all []literalText) {
	add := func(v any) {
		if text, ok := v.(string); ok {
			all = append(all, literalText{text, x})
		}
	}
	switch x.Kind() {
	case ast.LiteralKind:
		if text, ok := x.AsLiteral().(types.String); ok {
			add(string(text))
		}
	case ast.ListKind:
		for _, e := range x.AsList().Elements() {
			all = append(all, l.literalsOf(e)...)
		}
	case ast.CallKind:
		if call := x.AsCall(); call.FunctionName() == operators.Conditional {
			all = append(l.literalsOf(call.Args()[1]), l.literalsOf(call.Args()[2])...)
		}
	case ast.SelectKind:
		if of := x.AsSelect(); of.Operand().Kind() == ast.IdentKind && of.Operand().AsIdent() == varsVar {
			v := l.vars[of.FieldName()]
			add(v)
			if items, ok := v.([]any); ok {
				for _, item := range items {
					add(item)
				}
			}
		}
	}
	return all
}

// node returns the schema of the value of x, or nil if it is not known.
func (l *literalCheck) node(x ast.Expr) *schema.Node {
	switch x.Kind() {
	case ast.IdentKind:
		if n, ok := l.local[x.AsIdent()]; ok {
			return n
		}
		return l.nodes[x.AsIdent()]
	case ast.SelectKind:
		return l.member(x.AsSelect().Operand(), x.AsSelect().FieldName())
	case ast.CallKind:
		call := x.AsCall()
		switch call.FunctionName() {
		case operators.Index, operators.OptIndex:
			if n := l.node(call.Args()[0]); n != nil && n.Items != nil {
				return n.Items
			}
			if key := call.Args()[1]; key.Kind() == ast.LiteralKind {
				return l.member(call.Args()[0], textOf(key.AsLiteral()))
			}
		case operators.OptSelect:
			return l.member(call.Args()[0], textOf(call.Args()[1].AsLiteral()))
		case operators.Conditional:
			if a, b := l.node(call.Args()[1]), l.node(call.Args()[2]); a == b {
				return a
			}
		case "orValue", "value", "distinct", "sort", "reverse", "slice":
			if call.IsMemberFunction() {
				return l.node(call.Target())
			}
		case "first", "last":
			return itemsOf(l.node(call.Target()))
		}
	case ast.ComprehensionKind:
		// The step of filter and map is accu + [item], perhaps in a condition.
		c := x.AsComprehension()
		step := c.LoopStep()
		if step.Kind() == ast.CallKind && step.AsCall().FunctionName() == operators.Conditional {
			step = step.AsCall().Args()[1]
		}
		if step.Kind() != ast.CallKind || step.AsCall().FunctionName() != operators.Add {
			return nil
		}
		added := step.AsCall().Args()[1]
		if added.Kind() != ast.ListKind || added.AsList().Size() != 1 {
			return nil
		}
		defer l.bind(c)()
		if item := l.node(added.AsList().Elements()[0]); item != nil {
			return &schema.Node{Items: item}
		}
	}
	return nil
}

func (l *literalCheck) member(of ast.Expr, name string) *schema.Node {
	n := l.node(of)
	if n == nil {
		return nil
	}
	if p := n.Property(name); p != nil {
		return p
	}
	return members(n)
}
