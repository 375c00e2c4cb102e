//go:build unix

package main

import (
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	pictureFile  = "../../docs/demo.svg"
	pictureLines = 18.0 // height of a line in pixels
	pictureChars = 7.8  // width of a character in pixels
)

var (
	// sgr matches an escape sequence that starts or ends a style.
	sgr = regexp.MustCompile(`\x1b\[(\d+)m`)
	// styles are the attributes of text by the number of its escape sequence.
	styles = map[string]string{
		"1": `font-weight="bold" fill="#fff"`, "2": `fill="#8b949e"`, "31": `fill="#ff7b72"`, "32": `fill="#56d364"`, "33": `fill="#e3b341"`,
	}
	// changing matches times, IDs, ports, process numbers and durations.
	changing = regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3}Z|\b[0-9a-f]{12}\b|127\.0\.0\.1:\d+|process \d+|\b[\d.]+ ?m?s\b`)
	svgTag   = regexp.MustCompile(`<[^>]*>`)
)

// Checks that the picture of the demo in the README shows the output of the program, apart
// from times and IDs. With -update it writes the picture.
func TestPicture(t *testing.T) {
	shown := inTerminal(t, t.TempDir(), nil, "demo").end()
	shown, _, _ = strings.Cut(strings.ReplaceAll(shown, "\r\n", "\n"), "\n\nWhat to type next")
	picture := svg("$ soar demo\n" + shown)
	if *update {
		if err := os.WriteFile(pictureFile, []byte(picture), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := func(picture string) string {
		return changing.ReplaceAllString(svgTag.ReplaceAllString(html.UnescapeString(picture), ""), "…")
	}
	have, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(string(have)), text(picture); got != want {
		t.Errorf("the picture of the demo is out of date. Run make picture.\npicture:\n%s\noutput:\n%s", got, want)
	}
}

// svg draws the output of a terminal. It knows the styles that the program uses.
func svg(output string) string {
	lines := strings.Split(output, "\n")
	var b strings.Builder
	width := 0
	for i, line := range lines {
		width = max(width, len([]rune(sgr.ReplaceAllString(line, ""))))
		fmt.Fprintf(&b, `<text x="16" y="%.0f">`, 30+float64(i)*pictureLines)
		for _, part := range strings.Split("\x1b[0m"+line, "\x1b[")[1:] {
			number, text, _ := strings.Cut(part, "m")
			if style := styles[number]; style != "" {
				fmt.Fprintf(&b, "<tspan %s>%s</tspan>", style, html.EscapeString(text))
			} else {
				b.WriteString(html.EscapeString(text))
			}
		}
		b.WriteString("</text>\n")
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" font-family="Menlo, Consolas, 'DejaVu Sans Mono', monospace" `+
		`font-size="13" fill="#c9d1d9" style="white-space: pre" xml:space="preserve">
<title>Output of soar demo</title>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
%s</svg>
`, 32+float64(width)*pictureChars, 30+float64(len(lines))*pictureLines, b.String())
}
