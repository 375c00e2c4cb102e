package playbook

import (
	"regexp"
	"slices"
	"strings"
)

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// The words that CEL keeps for itself (langdef.md, "Syntax").
	reserved = strings.Fields("true false null in as break const continue else for function if import let loop package namespace return var void while")
)

func (l *loader) vars(p *Playbook) {
	p.vars = map[string]any{}
	n := l.root.member("vars")
	l.literals(n, "vars")
	var fields []field
	if n != nil && n.kind == object {
		for _, m := range n.members {
			if !identifier.MatchString(m.key) || slices.Contains(reserved, m.key) {
				l.at(m.line, m.column, "%q cannot be the name of a variable: it must be letters, digits and underscores, and no word of CEL's own", shorten(m.key))
			}
		}
		values, err := shape(nil, unescaped(n.plain()))
		if err != nil {
			l.on(n, "%v", err)
			values = map[string]any{}
		}
		p.vars = values.(map[string]any)
		for name, v := range p.vars {
			fields = append(fields, field{name, ofLiteral(v)})
		}
		slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	l.constants = binding{varsVar: p.vars}
	l.objects.declare(varsVar, fields)
}

// literals refuses expressions where none are evaluated.
func (l *loader) literals(n *node, where string) {
	if n == nil {
		return
	}
	if n.kind == text {
		parts, wrong := template(n.text)
		if wrong != nil || slices.ContainsFunc(parts, func(p part) bool { return p.expression }) {
			l.on(n, "%s holds literals; ${{ }} is evaluated in a step's with and if. $${{ stands for the characters themselves", where)
		}
	}
	for _, m := range n.members {
		l.literals(m.value, where)
	}
	for _, item := range n.items {
		l.literals(item, where)
	}
}

// unescaped puts ${{ where a literal says $${{.
func unescaped(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "$${{", "${{")
	case []any:
		for i := range v {
			v[i] = unescaped(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = unescaped(v[name])
		}
	}
	return v
}
