package terminal

import (
	"bytes"
	"fmt"
	"testing"
)

// TestTerminalWritesInParts checks that writes may be split anywhere: within a character or within a color
// code.
func TestTerminalWritesInParts(t *testing.T) {
	var want bytes.Buffer
	term := &Terminal{w: &want, mark: "\x1bSECRET", tty: true}
	text := term.Red("é") + "\u202e\U000e0041\U0001f600\xff\x1b[31mx" + term.Bold("z") + "\xc3"
	_, _ = term.Write([]byte(text))
	_ = term.Close()
	if s := want.String(); s != "\x1b[31;1mé\x1b[0m"+`\u202e\udb40\udc41😀\ufffd\u001b[31mx`+"\x1b[1mz\x1b[0m\ufffd" {
		t.Errorf("%q", s)
	}
	for cut := range text {
		for _, step := range []int{1, 3, len(text)} {
			var got bytes.Buffer
			term.w = &got
			_, _ = term.Write([]byte(text[:cut]))
			for rest := text[cut:]; rest != ""; rest = rest[min(step, len(rest)):] {
				_, _ = term.Write([]byte(rest[:min(step, len(rest))]))
			}
			_ = term.Close()
			if got.String() != want.String() {
				t.Fatalf("cut at %d, step %d: %q", cut, step, got.String())
			}
		}
	}
}

// TestJSONForPrograms checks that JSON for a program stays unchanged, except for invalid UTF-8.
func TestJSONForPrograms(t *testing.T) {
	for in, want := range map[string]string{
		"{\"a\":\"\u202e\x7f\U000e0041\"}\n": "{\"a\":\"\u202e\x7f\U000e0041\"}\n", "\"\xff\xfe\"": "\"\ufffd\"", "\"\xe2\x80": "\"\ufffd",
	} {
		var out bytes.Buffer
		term := New(&out)
		_, _ = term.JSONWriter().Write([]byte(in))
		_ = term.Close()
		if out.String() != want {
			t.Errorf("%q: %q", in, out.String())
		}
	}
}

func TestStatusLine(t *testing.T) {
	var out bytes.Buffer
	term := &Terminal{w: &out, interactive: true}
	line := term.NewStatusLine()
	fmt.Fprintln(term, "before")
	line.Set("1")
	line.Set("1")
	fmt.Fprintln(term, "between")
	line.Set("2")
	line.Set("")
	fmt.Fprintln(term, "after")
	drawn := func(s string) string { return wrapOff + s + wrapOn }
	want := "before\n" + clearLine + drawn("1") + clearLine + "between\n" + drawn("1") + clearLine + drawn("2") + clearLine + "after\n"
	if got := out.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestFitTable(t *testing.T) {
	for name, c := range map[string]struct {
		columns int
		rows    [][]string
		want    string
	}{
		"a table that fits is not cut": {40, [][]string{{"WHEN", "WHO"}, {"now", "alice"}}, "WHEN  WHO\nnow   alice\n"},
		"the longest cells are cut":    {20, [][]string{{"A", "B", "C"}, {"1234", "abcdefghijklm", "xyz"}}, "A     B          C\n1234  abcdefgh…  xyz\n"},
		"empty columns are left out":   {40, [][]string{{"A", "B", "C"}, {"1", "", "3"}}, "A  C\n1  3\n"},
		"characters count, not bytes":  {14, [][]string{{"A", "B"}, {"é", "éééééééééééééé"}}, "A  B\né  éééééééééé…\n"},
		"line breaks stay in the line": {40, [][]string{{"A", "B"}, {"1", "x\ny"}}, "A  B\n1  x\\ny\n"},
		"the first column is whole":    {10, [][]string{{"A", "B"}, {"1234567890", "abcdefghij"}}, "A           B\n1234567890  abcde…\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			out := New(&b)
			out.FitTable(c.rows, c.columns)
			if err := out.Close(); err != nil || b.String() != c.want {
				t.Errorf("%q, want %q (%v)", b.String(), c.want, err)
			}
		})
	}
}
