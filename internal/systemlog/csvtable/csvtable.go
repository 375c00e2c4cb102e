// Package csvtable reads the tables that are embedded in this program as CSV files.
package csvtable

import (
	"encoding/csv"
	"strings"
)

// Head returns the names of the columns of a table.
func Head(text string) []string { return read(text)[0] }

// Rows returns the rows below the head of a table.
func Rows(text string) [][]string { return read(text)[1:] }

// Map returns the second column of a table by the first.
func Map(text string) map[string]string {
	all := map[string]string{}
	for _, row := range Rows(text) {
		all[row[0]] = row[1]
	}
	return all
}

// read returns all rows. A line that begins with a number sign is a comment. It panics if the
// text is not a table, because the text is a part of the program.
func read(text string) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic(err)
	}
	return rows
}
