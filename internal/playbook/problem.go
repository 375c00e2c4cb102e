package playbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Problem is one thing wrong with a playbook file, at the place where its
// author has to look. Line and Column start at 1; Column counts characters.
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

// Problems is everything wrong with a playbook file, sorted by position.
type Problems []Problem

// Error returns the problems, one on each line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// report gathers the problems of one file.
type report struct {
	file     string
	lines    []string // of the source, without line ends
	problems Problems
	noted    map[*node]bool
	discreet bool // the file may hold secrets: a message repeats nothing of its values
}

// expected is the form that the file must have.
func (r *report) expected() string {
	if r.discreet {
		return "a settings file is a mapping of names such as org_url and token to values"
	}
	return "a playbook is a mapping with name, trigger and steps"
}

func newReport(file, source string) *report {
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return &report{file: file, lines: lines, noted: map[*node]bool{}}
}

// at notes a problem. A place outside the source is moved to the nearest one in
// it: parsers report the end of the file in different ways.
func (r *report) at(line, column int, format string, args ...any) {
	const most = 400
	message := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	if runes := []rune(message); len(runes) > most {
		message = string(runes[:most]) + "…"
	}
	line = min(max(line, 1), len(r.lines))
	column = min(max(column, 1), utf8.RuneCountInString(r.lines[line-1])+1)
	r.problems = append(r.problems, Problem{r.file, line, column, message})
}

// on notes a problem of the whole of n. The first one counts: what follows from
// it helps nobody.
func (r *report) on(n *node, format string, args ...any) {
	if !r.noted[n] {
		r.noted[n] = true
		r.at(n.line, n.column, format, args...)
	}
}

// err returns what was noted, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(r.problems)
}
