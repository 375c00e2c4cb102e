// Package terminal writes text and JSON for people and programs. It escapes characters that
// are not printable, because attackers choose the text of events.
package terminal

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

	"github.com/mattn/go-isatty"
)

// A Terminal writes to a terminal, a file or a pipe. Write escapes every character that is not
// printable. Colors appear only on a terminal, and not if NO_COLOR is set
// (https://no-color.org).
type Terminal struct {
	mu          sync.Mutex
	w           io.Writer
	tty         bool        // w is a terminal
	interactive bool        // w can redraw lines, and a person watches it
	mark        string      // precedes each of our color codes; "" means no colors
	rest        []byte      // start of a character that the next write completes
	buffer      []byte      // reused
	status      *StatusLine // nil means none
	failure     error       // error of the first write that failed
}

// New returns a Terminal that writes to w.
func New(w io.Writer) *Terminal {
	t := &Terminal{w: w}
	if f, ok := w.(*os.File); ok {
		t.tty = isatty.IsTerminal(f.Fd())
		t.interactive = t.tty && os.Getenv("TERM") != "dumb"
		if t.interactive && os.Getenv("NO_COLOR") == "" {
			// The mark is random. Therefore no text from outside contains it.
			t.mark = "\x1b" + rand.Text()
		}
	}
	return t
}

// Write writes b without interruption by other writes. It is safe for concurrent use.
func (t *Terminal) Write(b []byte) (int, error) { return t.write(b, false) }

// JSONWriter returns the writer for JSON. Unless it writes to a terminal, the JSON stays
// unchanged, except that invalid UTF-8 is replaced.
func (t *Terminal) JSONWriter() io.Writer { return jsonWriter{t} }

type jsonWriter struct{ t *Terminal }

func (w jsonWriter) Write(b []byte) (int, error) { return w.t.write(b, true) }

func (t *Terminal) write(b []byte, isJSON bool) (int, error) {
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

func (t *Terminal) put(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	err := t.status.above(t.w, text)
	if t.failure == nil {
		t.failure = err
	}
	return err
}

// Close writes an unfinished character at the end as U+FFFD. It returns the error of the
// first write that failed, nil if everything was written.
func (t *Terminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.put(bytes.ToValidUTF8(t.rest, []byte("\ufffd")))
	t.rest = nil
	return t.failure
}

// JSON writes v as JSON on one line.
func (t *Terminal) JSON(v any) { t.encode(v, "") }

// IndentedJSON writes v as JSON that people can read.
func (t *Terminal) IndentedJSON(v any) { t.encode(v, "  ") }

func (t *Terminal) encode(v any, indent string) {
	enc := json.NewEncoder(t.JSONWriter())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	_ = enc.Encode(v) // Close returns the error
}

// Table writes rows in columns. The first row is the heading.
func (t *Terminal) Table(rows [][]string) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = OneLine(cell)
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
			line = t.Faint(line)
		}
		_, _ = io.WriteString(t, line+"\n")
	}
}

// paint returns s in the style of an SGR code, such as 32 for green.
func (t *Terminal) paint(s, code string) string {
	s = strings.ReplaceAll(s, "\n", `\n`)
	if t.mark == "" {
		return s
	}
	return t.mark + code + "m" + s + t.mark + "0m"
}

// Red returns s in bold red, for Write.
func (t *Terminal) Red(s string) string { return t.paint(s, "31;1") }

// Green returns s in green, for Write.
func (t *Terminal) Green(s string) string { return t.paint(s, "32") }

// Yellow returns s in yellow, for Write.
func (t *Terminal) Yellow(s string) string { return t.paint(s, "33") }

// Bold returns s in bold type, for Write.
func (t *Terminal) Bold(s string) string { return t.paint(s, "1") }

// Faint returns s in faint type, for Write.
func (t *Terminal) Faint(s string) string { return t.paint(s, "2") }

// A StatusLine is the last line of a terminal. Other output appears above it.
type StatusLine struct {
	mu   sync.Mutex
	t    *Terminal
	text string // "" hides the line
}

const (
	clearLine = "\r\x1b[K"
	// Without wrapping, the terminal cuts off a long line, and clearLine clears all of it.
	wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
)

// NewStatusLine returns a status line, or nil if t cannot redraw lines. The output of the other terminals, which
// write to the same screen, also appears above the line.
func (t *Terminal) NewStatusLine(others ...*Terminal) *StatusLine {
	if !t.interactive {
		return nil
	}
	s := &StatusLine{t: t}
	for _, o := range append(others, t) {
		if o.interactive {
			o.mu.Lock()
			o.status = s
			o.mu.Unlock()
		}
	}
	return s
}

// Set replaces the text of the line. "" removes the line.
func (s *StatusLine) Set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text = string(appendPrintable(nil, []byte(text), s.t.mark)); text == s.text {
		return
	}
	_, _ = io.WriteString(s.t.w, clearLine)
	s.text = text
	s.draw()
}

// draw shows the text. The caller must hold the lock.
func (s *StatusLine) draw() {
	if s.text != "" {
		_, _ = io.WriteString(s.t.w, wrapOff+s.text+wrapOn)
	}
}

// above clears the status line, writes text, and draws the line again. The text consists of whole lines. s may
// be nil.
func (s *StatusLine) above(w io.Writer, text []byte) error {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.text != "" {
			_, _ = io.WriteString(s.t.w, clearLine)
			defer s.draw()
		}
	}
	_, err := w.Write(text)
	return err
}
