package playbook

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxFile is the maximum size in bytes of a playbook file and of a settings file.
const MaxFile = maxBytes

// A Member is one member of a mapping, or an item of a list, and its position in the file: that of the
// key or of the item.
type Member struct {
	Name         string // of an item: its index
	Line, Column int
	Value        any      // in the types of encoding/json, numbers as json.Number
	Members      []Member // of the value
}

// Document reads a file of one mapping, such as settings, with the parser and the limits of playbooks.
// A file without a document has no members. The error is [Problems]; the messages do not repeat values of
// the file, which may be secrets.
func Document(file string, source []byte) ([]Member, error) {
	r, text := open(file, source)
	r.discreet = true
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	if blank(text) {
		return nil, nil
	}
	root := r.parseYAML(text)
	if root == nil || len(r.problems) > 0 {
		return nil, r.err()
	}
	return root.positions(), nil
}

// positions returns the members of a mapping or the items of a list.
func (n *node) positions() (members []Member) {
	for _, m := range n.members {
		members = append(members, Member{m.key, m.line, m.column, m.value.plain(), m.value.positions()})
	}
	for i, item := range n.items {
		members = append(members, Member{strconv.Itoa(i), item.line, item.column, item.plain(), item.positions()})
	}
	return members
}

// blank reports whether a file contains only comments.
func blank(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// The limits of a file. The parser's time grows with the square of the tokens,
// and its stack with their nesting.
const (
	maxBytes   = 512 << 10
	maxTokens  = 20_000
	maxNesting = 50
)

// open starts the report of a file and returns its text. It reports bytes that break a YAML parser or
// that a parser ignores.
func open(file string, source []byte) (*report, string) {
	text := strings.TrimPrefix(string(source), mark)
	r := newReport(file, text)
	bad := func(at int, format string, args ...any) {
		before := text[:at]
		r.at(strings.Count(before, "\n")+1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])+1, format, args...)
	}
	if len(source) > maxBytes {
		r.at(1, 1, "the file has at most %d bytes, and this one has %d", maxBytes, len(source))
		return r, text
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		r.at(1, 1, "the file is UTF-16 or UTF-32 text; save it as UTF-8")
		return r, text
	}
	if at := firstInvalid(text); at < len(text) {
		bad(at, "the file is not UTF-8 text")
		return r, text
	}
	if at := strings.Index("\n"+text, "\n"+mark); at >= 0 {
		bad(at, "a byte order mark precedes this line; delete it")
	}
	if at := strings.IndexFunc(text, unprintable); at >= 0 {
		c, _ := utf8.DecodeRuneInString(text[at:])
		bad(at, "the character %U is not allowed in this file; delete it", c)
	}
	return r, text
}

// mark is the byte order mark.
const mark = "\ufeff"

// unprintable reports whether c must not occur in a file. YAML does not allow some control characters (YAML 1.2, 5.1).
// Line breaks of YAML 1.1 could hide a setting in a comment. Other characters show a line in another order than it is
// read.
func unprintable(c rune) bool {
	switch c {
	case '\t', '\n', '\r':
		return false
	case '\u2028', '\u2029', '\ufffe', '\uffff':
		return true
	}
	return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)
}

// parseYAML reads the one document of a file. It returns nil, and reports why, if the document cannot be
// checked further.
func (r *report) parseYAML(source string) (root *node) {
	// The lexer and the parser of the library may panic on hostile files.
	defer func() {
		if recover() != nil {
			r.at(1, 1, "the file cannot be read as YAML")
			root = nil
		}
	}()
	// A carriage return alone would end a line for the parser, and not for people.
	tokens := lexer.Tokenize(strings.ReplaceAll(source, "\r\n", "\n"))
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
	c := converter{report: r}
	root = c.convert(bodies[0], position(bodies[0]))
	if len(bodies) > 1 {
		at := position(bodies[1])
		r.at(at.Line, at.Column, "a second document begins here, and a file has one; join them without ---")
	}
	switch {
	case root.kind == object && !c.broken:
		return root
	case root.kind == object || len(r.problems) > 0:
	case root.kind == null:
		r.at(1, 1, "the file is empty")
	default:
		r.at(root.line, root.column, "%s: got %s", r.expected(), root.kind)
	}
	return nil
}

func firstInvalid(s string) int {
	for i, c := range s {
		if c == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(s)
}

func (r *report) bounded(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		at := tokens[maxTokens].Position
		r.at(at.Line, at.Column, "the file is too long: the limit is %d YAML tokens, up to here", maxTokens)
		return false
	}
	depth, run := 0, 0
	for i, tk := range tokens {
		switch tk.Type {
		case token.AnchorType, token.AliasType:
			r.at(tk.Position.Line, tk.Position.Column, "anchors (&) and aliases (*) are not supported: write the value out, or put the text in quotes")
			return false
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
		r.at(1, 1, "the file cannot be read as YAML")
		return
	}
	at := syntax.GetToken().Position
	if r.discreet {
		r.at(at.Line, at.Column, "not valid YAML")
		return
	}
	hint := ""
	line := strings.TrimLeft(r.lines[min(max(at.Line, 1), len(r.lines))-1], " -")
	if strings.Contains(line, "${{") || strings.HasPrefix(line, "if:") || strings.HasPrefix(line, "condition:") {
		hint = `; put the whole expression in quotes: {, [, ", ": " and " #" have a meaning in YAML`
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
	if n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
		return n.GetToken().Position
	}
	return &token.Position{Line: 1, Column: 1}
}

// converter turns the parser's tree into nodes.
type converter struct {
	*report
	broken bool // the tree differs from the text, so it is not checked further
}

func (c *converter) convert(n ast.Node, at *token.Position) *node {
	out := &node{line: at.Line, column: at.Column, kind: null}
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
		out.kind, out.text = number, fmt.Sprint(n.Value) // an int64 or uint64
		c.exact(out, n.Token.Value)
	case *ast.FloatNode:
		out.kind, out.text = number, strconv.FormatFloat(n.Value, 'g', -1, 64)
		c.exact(out, n.Token.Value)
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
			out.items = append(out.items, c.convert(item, position(item)))
		}
	case *ast.TagNode:
		c.broken = true // the parser takes the next lines for the tag's value
		tag := n.Start.Value
		if c.discreet {
			tag = "!x"
		}
		c.on(out, "tags such as %s are not supported; an expression that begins with ! must be in quotes", tag)
	default:
		c.on(out, "this form of YAML is not supported")
	}
	return out
}

// exact reports a number whose leading zero makes it octal: 010 would be 8.
func (c *converter) exact(n *node, written string) {
	digits := strings.TrimLeft(written, "+-")
	if len(digits) > 1 && digits[0] == '0' && strings.IndexByte("0123456789_", digits[1]) >= 0 {
		c.on(n, "a number that begins with 0 is octal in YAML: put the number in quotes, or delete the 0")
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
		if line, double := first[key]; double {
			c.at(at.Line, at.Column, "%s is given twice: first in line %d", shorten(key), line)
			continue
		}
		first[key] = at.Line
		out.members = append(out.members, member{key, at.Line, at.Column, v})
	}
}

func keyText(key ast.MapKeyNode) (string, bool) {
	var n ast.Node = key
	if k, ok := key.(*ast.MappingKeyNode); ok {
		n = k.Value
	}
	s, ok := n.(*ast.StringNode)
	if !ok {
		return "", false
	}
	return s.Value, true
}
