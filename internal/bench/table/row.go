package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// A row is one figure of the table.
type row struct {
	What      string  `json:"what"`
	Figure    float64 `json:"figure"`
	Unit      string  `json:"unit"`
	Bound     string  `json:"bound,omitempty"`     // what it must be
	Kept      *bool   `json:"kept,omitempty"`      // whether it is
	Reference string  `json:"reference,omitempty"` // of the same run
}

// atMost and atLeast are r with a bound, and whether its figure keeps it.
func (r row) atMost(bound float64) row  { return r.bounded("at most", bound, r.Figure <= bound) }
func (r row) atLeast(bound float64) row { return r.bounded("at least", bound, r.Figure >= bound) }

func (r row) bounded(word string, bound float64, kept bool) row {
	r.Bound, r.Kept = word+" "+number(bound), &kept
	return r
}

// number writes a figure with as many digits as it is good for.
func number(v float64) string {
	switch {
	case v >= 1000:
		var b []byte
		digits := fmt.Sprintf("%.0f", v)
		for i, c := range []byte(digits) {
			if i > 0 && (len(digits)-i)%3 == 0 {
				b = append(b, ',')
			}
			b = append(b, c)
		}
		return string(b)
	case v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// markdown is the table as people read it.
func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| what | figure | bound | beside it |\n|---|---|---|---|\n")
	for _, r := range rows {
		bound := r.Bound
		if r.Kept != nil && !*r.Kept {
			bound += " (missed)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.What, strings.TrimSpace(number(r.Figure)+" "+r.Unit), bound, r.Reference)
	}
	return b.String()
}

// The marks between which a file holds the table.
const (
	beginMark = "<!-- table -->\n"
	endMark   = "<!-- end of table -->\n"
)

// writeInto puts the table between the marks of a file.
func writeInto(path string, rows []row) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(beginMark))
	_, after, ended := bytes.Cut(rest, []byte(endMark))
	if !found || !ended {
		return errors.New(path + " has no marks for a table")
	}
	text := string(before) + beginMark + markdown(rows) + endMark + string(after)
	return os.WriteFile(path, []byte(text), 0o644)
}
