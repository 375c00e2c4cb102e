package terminal

import (
	"slices"
	"unicode/utf8"
)

// FitTable is like Table, but lines have at most columns characters. It omits empty columns and shortens the
// longest cells. The first column is never shortened.
func (t *Terminal) FitTable(rows [][]string, columns int) {
	const gap, narrowest = 2, 6
	var widths []int
	cells := make([][]string, len(rows))
	for c := range rows[0] {
		width := 0
		for _, row := range rows[1:] {
			width = max(width, utf8.RuneCountInString(OneLine(row[c])))
		}
		if width == 0 {
			continue
		}
		widths = append(widths, max(width, utf8.RuneCountInString(rows[0][c])))
		for r, row := range rows {
			cells[r] = append(cells[r], OneLine(row[c]))
		}
	}
	for over := gap*(len(widths)-1) - columns; len(widths) > 1; {
		sum := over
		for _, w := range widths {
			sum += w
		}
		widest := 1 + slices.Index(widths[1:], slices.Max(widths[1:]))
		if sum <= 0 || widths[widest] <= narrowest {
			break
		}
		widths[widest]--
	}
	for _, row := range cells {
		for c, width := range widths {
			if runes := []rune(row[c]); len(runes) > width {
				row[c] = string(runes[:width-1]) + "…"
			}
		}
	}
	t.Table(cells)
}
