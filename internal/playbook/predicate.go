package playbook

import (
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
)

// predicate compiles a bool expression, which may stand in ${{ }}.
func (l *loader) predicate(n *node, reader int) *expression {
	x := l.expression(n, reader)
	if x != nil && x.result.Kind() != types.BoolKind {
		hint := ""
		if x.result.Kind() == types.DynKind {
			hint = "; compare it, as in … == true"
		}
		l.on(n, "the expression must give true or false, not %s%s", typeName(x.result), hint)
		return nil
	}
	return x
}

// expression compiles the expression that n is, with or without ${{ }} around it.
// YAML reads a bare true or false as a boolean, which is an expression too.
func (l *loader) expression(n *node, reader int) *expression {
	if n == nil {
		return nil
	}
	if n.kind != text && n.kind != boolean {
		l.on(n, "an expression must be a text, not a %s", n.kind)
		return nil
	}
	source, offset := n.text, 0
	if n.kind == boolean {
		source = strconv.FormatBool(n.truth)
	}
	if strings.HasPrefix(strings.TrimSpace(source), "${{") {
		parts, wrong := template(source)
		if wrong != nil {
			line, column := l.locate(n, wrong.offset)
			l.at(line, column, "%s", wrong.message)
			return nil
		}
		one := single(parts)
		if one == nil {
			l.on(n, "either the whole is one expression in ${{ }}, or it has no ${{ }} at all")
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
