// Package csvtable reads CSV tables that are embedded in the program.
package csvtable

import (
	"encoding/csv"
	"strings"
)

// Header returns the column names of a table.
func Header(text string) []string { return read(text)[0] }

// Rows returns the rows of a table without the header.
func Rows(text string) [][]string { return read(text)[1:] }

// Map returns a map from the first column of a table to the second.
func Map(text string) map[string]string {
	all := map[string]string{}
	for _, row := range Rows(text) {
		all[row[0]] = row[1]
	}
	return all
}

// read returns all rows. A line that begins with # is a comment. read panics if the CSV is invalid,
// because the CSV is a part of the program.
func read(text string) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic(err)
	}
	return rows
}
