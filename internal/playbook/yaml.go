package playbook

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The limits of a file. The parser's time grows with the square of the tokens,
// and its stack with their nesting.
const (
	maxBytes   = 1 << 20
	maxTokens  = 20_000
	maxNesting = 50
	maxNodes   = 20_000 // after aliases are followed
)

// parseYAML reads the one document of a file. It returns nil if there is none
// that could be looked at further; the report says why.
func (r *report) parseYAML(source string) (root *node) {
	if !utf8.ValidString(source) {
		line := strings.Count(source[:firstInvalid(source)], "\n") + 1
		r.at(line, 1, "the file is not UTF-8 text")
		return nil
	}
	// Lexer and parser are somebody else's, and files are anybody's.
	defer func() {
		if recover() != nil {
			r.at(1, 1, "the file cannot be read as YAML")
			root = nil
		}
	}()
	tokens := lexer.Tokenize(source)
	if !r.bounded(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.CommentGroupNode:
		default:
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		r.at(1, 1, "the file is empty")
		return nil
	}
	c := converter{report: r, anchors: map[string]*node{}}
	root = c.convert(bodies[0], position(bodies[0]))
	if len(bodies) > 1 {
		at := position(bodies[1])
		r.at(at.Line, at.Column, "a file holds one playbook, and a second document begins here")
	}
	if root.kind != object && len(r.problems) == 0 {
		if root.kind == null {
			r.at(1, 1, "the file is empty")
			return nil
		}
		r.at(root.line, root.column, "a playbook is a mapping with name, trigger and steps, not a %s", root.kind)
	}
	if root.kind != object || c.broken {
		return nil
	}
	return root
}

func firstInvalid(s string) int {
	for i, c := range s {
		if c == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}

func (r *report) bounded(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		at := tokens[maxTokens].Position
		r.at(at.Line, at.Column, "the file is too long: from here on it has more than %d YAML tokens", maxTokens)
		return false
	}
	depth, run := 0, 0
	for i, tk := range tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		}
		switch tk.Type {
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			if i > 0 && tokens[i-1].Position.Line == tk.Position.Line {
				run++
			} else {
				run = 1
			}
		default:
			run = 0
		}
		if depth > maxNesting || run > maxNesting || tk.Position.Column > 100*maxNesting && tk.Indicator == token.BlockStructureIndicator {
			r.at(tk.Position.Line, tk.Position.Column, "nested too deeply: at most %d levels", maxNesting)
			return false
		}
	}
	return true
}

func (r *report) syntax(err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		r.at(1, 1, "the file cannot be read as YAML: %v", err)
		return
	}
	at := syntax.GetToken().Position
	hint := ""
	if at.Line >= 1 && at.Line <= len(r.lines) {
		line := strings.TrimLeft(r.lines[at.Line-1], " -")
		if strings.Contains(line, "${{") || strings.HasPrefix(line, "if:") || strings.HasPrefix(line, "condition:") {
			hint = `; put the whole expression in quotes: YAML gives {, [, ", ": " and " #" a meaning of their own`
		}
	}
	r.at(at.Line, at.Column, "not valid YAML: %s%s", strings.ReplaceAll(syntax.GetMessage(), "\t", `\t`), hint)
}

func position(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return position(m.Values[0])
	}
	if m, ok := n.(*ast.MappingValueNode); ok && m.Key != nil {
		return position(m.Key)
	}
	if n != nil {
		if tk := n.GetToken(); tk != nil && tk.Position != nil {
			return tk.Position
		}
	}
	return &token.Position{Line: 1, Column: 1}
}

// converter turns the parser's tree into nodes.
type converter struct {
	*report
	anchors map[string]*node
	total   int
	broken  bool // what was read is not what was written: nothing more can be said of it
}

func (c *converter) convert(n ast.Node, at *token.Position) *node {
	out := &node{line: at.Line, column: at.Column, kind: null, size: 1}
	if c.total++; c.total > maxNodes {
		c.overflow(out)
		return out
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.StringNode:
		out.kind, out.text = text, n.Value
		switch n.Token.Type {
		case token.SingleQuoteType:
			out.style = singleStyle
		case token.DoubleQuoteType:
			out.style = doubleStyle
		}
	case *ast.LiteralNode:
		out.kind, out.style = text, blockStyle
		if n.Value != nil {
			out.text = n.Value.Value
		}
	case *ast.BoolNode:
		out.kind, out.truth = boolean, n.Value
	case *ast.IntegerNode:
		out.kind = number
		switch v := n.Value.(type) {
		case int64:
			out.text = strconv.FormatInt(v, 10)
		case uint64:
			out.text = strconv.FormatUint(v, 10)
		}
	case *ast.FloatNode:
		out.kind, out.text = number, strconv.FormatFloat(n.Value, 'g', -1, 64)
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			c.on(out, "a number that JSON cannot write")
			out.kind = null
		}
	case *ast.InfinityNode, *ast.NanNode:
		c.on(out, "a number that JSON cannot write")
	case *ast.MappingNode:
		c.object(out, n.Values)
	case *ast.MappingValueNode:
		c.object(out, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out.kind = list
		for _, item := range n.Values {
			v := c.convert(item, position(item))
			out.items = append(out.items, v)
			out.size += v.size
		}
	case *ast.AnchorNode:
		v := c.convert(n.Value, position(n.Value))
		if n.Name != nil {
			c.anchors[n.Name.GetToken().Value] = v
		}
		return v
	case *ast.AliasNode:
		return c.alias(n, out)
	case *ast.TagNode:
		c.broken = true // the parser takes the next lines for the tag's value
		c.on(out, "tags such as %s are not supported; an expression that begins with ! must be in quotes", n.Start.Value)
	default:
		c.on(out, "this form of YAML is not supported")
	}
	return out
}

func (c *converter) alias(n *ast.AliasNode, out *node) *node {
	name := ""
	if n.Value != nil {
		name = n.Value.GetToken().Value
	}
	target, ok := c.anchors[name]
	if !ok {
		c.on(out, "there is no anchor &%s before this alias", name)
		return out
	}
	if c.total += target.size; c.total > maxNodes {
		c.overflow(out)
		return out
	}
	return target
}

func (c *converter) overflow(n *node) {
	if !c.broken {
		c.broken = true
		c.on(n, "the file is too large: with its aliases followed, it has more than %d values", maxNodes)
	}
}

func (c *converter) object(out *node, values []*ast.MappingValueNode) {
	out.kind = object
	first := map[string]int{}
	for _, mv := range values {
		at := position(mv.Key)
		key, ok := keyText(mv.Key)
		if !ok {
			c.at(at.Line, at.Column, "a key must be a plain text, without anchors, tags or merging (<<)")
			continue
		}
		valueAt := at
		if _, implicit := mv.Value.(*ast.NullNode); mv.Value != nil && !implicit {
			valueAt = position(mv.Value)
		}
		v := c.convert(mv.Value, valueAt)
		out.size += v.size
		if line, double := first[key]; double {
			c.at(at.Line, at.Column, "%s is given twice: first in line %d", key, line)
			continue
		}
		first[key] = at.Line
		out.members = append(out.members, member{key, at.Line, at.Column, v})
	}
}

func keyText(key ast.MapKeyNode) (string, bool) {
	switch key := key.(type) {
	case *ast.StringNode:
		return key.Value, true
	case *ast.MappingKeyNode:
		if s, ok := key.Value.(*ast.StringNode); ok {
			return s.Value, true
		}
	}
	return "", false
}
