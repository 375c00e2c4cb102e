package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"
)

// A terminal is where output goes. Everything that the program prints passes its
// Write, which escapes what is not printable: names and texts in events come from
// attackers. It colours only what a person sees: never a file, a pipe, or a terminal
// whose user set NO_COLOR (https://no-color.org).
type terminal struct {
	mu          sync.Mutex
	w           io.Writer
	tty         bool        // w is a terminal
	interactive bool        // a person watches, and lines can be drawn again
	mark        string      // before each colour of our own; "": there are none
	rest        []byte      // begin of a character that the next write completes
	buffer      []byte      // reused
	last        *statusLine // nil: there is none
	failure     error       // of the first write that failed
}

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w}
	if f, ok := w.(*os.File); ok {
		t.tty = isatty.IsTerminal(f.Fd())
		t.interactive = t.tty && os.Getenv("TERM") != "dumb"
		if t.interactive && os.Getenv("NO_COLOR") == "" {
			// Random, so that no text from outside contains it.
			t.mark = "\x1b" + rand.Text()
		}
	}
	return t
}

// Write writes text whole, whoever else writes.
func (t *terminal) Write(b []byte) (int, error) { return t.write(b, false) }

// asJSON is the writer for JSON. Where no person reads it, it stays as it is, except
// that it is always valid UTF-8.
func (t *terminal) asJSON() io.Writer { return jsonWriter{t} }

type jsonWriter struct{ t *terminal }

func (w jsonWriter) Write(b []byte) (int, error) { return w.t.write(b, true) }

func (t *terminal) write(b []byte, isJSON bool) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := b
	if len(t.rest) > 0 {
		text = append(t.rest, b...)
	}
	text, later := whole(text, t.mark)
	switch {
	case !isJSON || t.tty:
		t.buffer = appendPrintable(t.buffer[:0], text, t.mark)
		text = t.buffer
	case !utf8.Valid(text):
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	t.rest = bytes.Clone(later)
	if err := t.put(text); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (t *terminal) put(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	write := func() (int, error) { return t.w.Write(text) }
	var err error
	if t.last != nil {
		_, err = t.last.above(write)
	} else {
		_, err = write()
	}
	if t.failure == nil {
		t.failure = err
	}
	return err
}

// lost returns the error of the first write that failed, nil if everything was written.
func (t *terminal) lost() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

// close writes the unfinished character that is left at the end.
func (t *terminal) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.put(bytes.ToValidUTF8(t.rest, []byte("\ufffd")))
	t.rest = nil
}

// drawn returns text as Write writes it.
func (t *terminal) drawn(text string) string {
	return string(appendPrintable(nil, []byte(text), t.mark))
}

// keep has everything that is written from now on appear above s.
func (t *terminal) keep(s *statusLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = s
}

// line writes v as JSON on one line.
func (t *terminal) line(v any) {
	enc := json.NewEncoder(t.asJSON())
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// indented writes v as JSON that people can read.
func (t *terminal) indented(v any) {
	enc := json.NewEncoder(t.asJSON())
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

func (t *terminal) paint(s string, attributes ...color.Attribute) string {
	s = strings.ReplaceAll(s, "\n", `\n`)
	if t.mark == "" {
		return s
	}
	c := color.New(attributes...)
	c.EnableColor()
	const between = "|"
	before, after, _ := strings.Cut(c.Sprint(between), between)
	colour := func(code string) string { return t.mark + strings.TrimPrefix(code, "\x1b[") }
	return colour(before) + s + colour(after)
}

func (t *terminal) red(s string) string    { return t.paint(s, color.FgRed, color.Bold) }
func (t *terminal) green(s string) string  { return t.paint(s, color.FgGreen) }
func (t *terminal) yellow(s string) string { return t.paint(s, color.FgYellow) }
func (t *terminal) bold(s string) string   { return t.paint(s, color.Bold) }
func (t *terminal) faint(s string) string  { return t.paint(s, color.Faint) }
