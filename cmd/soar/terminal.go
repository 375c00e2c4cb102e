package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
)

// A terminal is where output goes. It colours only what a person sees: never a
// file, a pipe, or a terminal whose user set NO_COLOR (https://no-color.org).
type terminal struct {
	mu          sync.Mutex
	w           io.Writer
	interactive bool // a person watches
	coloured    bool
	last        *statusLine // nil: there is none
}

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		t.interactive = isatty.IsTerminal(f.Fd())
		t.coloured = t.interactive && os.Getenv("NO_COLOR") == ""
	}
	return t
}

// Write writes b whole, whoever else writes.
func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != nil {
		return t.last.above(func() (int, error) { return t.w.Write(b) })
	}
	return t.w.Write(b)
}

// keep has everything that is written from now on appear above s.
func (t *terminal) keep(s *statusLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = s
}

// line writes v as JSON on one line.
func (t *terminal) line(v any) {
	enc := json.NewEncoder(t)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// indented writes v as JSON that people can read.
func (t *terminal) indented(v any) {
	enc := json.NewEncoder(t)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v)
}

// table writes rows in columns; the first row is the heading.
func (t *terminal) table(rows [][]string) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		_, _ = io.WriteString(w, strings.Join(row, "\t")+"\n")
	}
	_ = w.Flush()
	for i, line := range strings.SplitAfter(b.String(), "\n") {
		line = strings.TrimRight(line, " \n")
		if line == "" {
			continue
		}
		if i == 0 {
			line = t.faint(line)
		}
		_, _ = io.WriteString(t, line+"\n")
	}
}

// oneLine keeps what came from outside from moving the cursor, colouring the
// screen, or breaking a table.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// lines is oneLine of each line.
func lines(s string) string {
	all := strings.Split(s, "\n")
	for i, line := range all {
		all[i] = oneLine(line)
	}
	return strings.Join(all, "\n")
}

func (t *terminal) paint(s string, attributes ...color.Attribute) string {
	if !t.coloured {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(s)
}

func (t *terminal) red(s string) string    { return t.paint(s, color.FgRed, color.Bold) }
func (t *terminal) green(s string) string  { return t.paint(s, color.FgGreen) }
func (t *terminal) yellow(s string) string { return t.paint(s, color.FgYellow) }
func (t *terminal) bold(s string) string   { return t.paint(s, color.Bold) }
func (t *terminal) faint(s string) string  { return t.paint(s, color.Faint) }
