package playbook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Problem is one mistake in a playbook file and its position. Line and Column start at 1; Column
// counts characters.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

// String returns the problem in the form that editors and terminals link:
// file:line:column: message.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems holds all mistakes of a playbook file, sorted by position.
type Problems []Problem

// Error returns the problems, one on each line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// A report collects the problems of one file.
type report struct {
	file     string
	lines    []string // of the source, without line ends
	problems Problems
	warnings Problems
	noted    map[*node]bool
	discreet bool // the file may hold secrets, so messages repeat no values
}

// expected describes the form of the file.
func (r *report) expected() string {
	if r.discreet {
		return "a settings file is a mapping of names such as org_url and token to values"
	}
	return "a playbook is a mapping with name, trigger and steps"
}

func newReport(file, source string) *report {
	return &report{file: file, lines: strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n"), noted: map[*node]bool{}}
}

// at records a problem. It moves a position outside the source to the nearest one inside, because
// parsers report the end of a file in different ways.
func (r *report) at(line, column int, format string, args ...any) {
	message := cut(fmt.Sprintf(format, args...), 400)
	line = min(max(line, 1), len(r.lines))
	column = min(max(column, 1), utf8.RuneCountInString(r.lines[line-1])+1)
	r.problems = append(r.problems, Problem{r.file, line, column, message})
}

// warn records a likely mistake at the character at offset in n's text.
func (r *report) warn(n *node, offset int, message string) {
	line, column := r.locate(n, offset)
	if p := (Problem{r.file, line, column, message}); !slices.Contains(r.warnings, p) {
		r.warnings = append(r.warnings, p)
	}
}

// on records a problem of n, unless n already has one. Later problems usually follow from the first.
func (r *report) on(n *node, format string, args ...any) {
	if !r.noted[n] {
		r.noted[n] = true
		r.at(n.line, n.column, format, args...)
	}
}

// err returns the recorded problems as [Problems], or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(r.problems)
}

// check returns the violations of s.Check in a fixed order: only the first one of each value is reported.
func check(s *schema.Schema, raw json.RawMessage) []schema.Violation {
	all := s.Check(raw)
	slices.SortFunc(all, func(a, b schema.Violation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Message, b.Message))
	})
	return all
}

// violation reports a schema violation of a value of the file. at is the value that was checked. owner
// has the position for members that are missing.
func (l *loader) violation(at, owner *node, root *schema.Node, v schema.Violation) {
	found := at.find(v.Pointer)
	name := found.last
	if found.parent != nil && found.parent.kind == list && name != "" {
		name = "item " + name
	}
	if name != "" {
		name += ": "
	}
	switch {
	case found.node == at && at != owner:
		l.on(owner, "%s", v.Message)
	case found.node == nil && found.parent != nil:
		if found.parent == at {
			found.parent = owner
		}
		l.at(found.parent.line, found.parent.column, "%s%s", name, v.Message)
	case found.node == nil:
		l.at(owner.line, owner.column, "%s: %s", v.Pointer, v.Message)
	case found.key != nil && !declared(root, v.Pointer):
		l.at(found.key.line, found.key.column, "%s%s", name, v.Message)
	default:
		l.on(found.node, "%s%s", name, v.Message)
	}
}

// declared reports whether the schema describes the value at the pointer.
func declared(n *schema.Node, pointer string) bool {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		if n = cmp.Or(n.Property(step), n.Items, members(n)); n == nil {
			return false
		}
	}
	return true
}

// ParamProblems returns the violations that [sdk.Backend.Validate] found in the playbook's Params, at
// their positions in the file. It returns any other error unchanged.
func (p *Playbook) ParamProblems(err error) error {
	var e *sdk.Error
	switch {
	case !errors.As(err, &e) || e.Code != sdk.InvalidInput || p.paramProblems == nil:
		return err
	case len(e.Violations) == 0:
		return p.paramProblems([]schema.Violation{{Message: e.Message}})
	}
	return p.paramProblems(e.Violations)
}
