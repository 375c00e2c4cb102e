package inputfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxListSize is the maximum size of a list in bytes.
	MaxListSize = 16 << 20
	// MaxItems is the maximum number of items of a list.
	MaxItems = 10_000

	maxItemSize = 4096 // in bytes
	maxFaults   = 10   // maximum number of bad rows in an error
)

// An Item is one item of a list with its line number.
type Item struct {
	Text string
	Line int // starts at 1
}

// ParseLine returns the items of one line, which are separated by commas. An item that contains a comma or a quote is
// in double quotes, as in CSV (RFC 4180).
func ParseLine(text string) ([]Item, error) {
	var f faults
	rows := csv.NewReader(strings.NewReader(text))
	rows.FieldsPerRecord, rows.TrimLeadingSpace = -1, true
	all, err := rows.ReadAll()
	if err != nil {
		return nil, fmt.Errorf(`%w. Write a name with a comma or a quote in double quotes, and each quote in it twice: "Doe, ""JD"" Jane"`, err)
	}
	var items []Item
	for i, row := range all {
		for n, field := range row {
			f.check(fmt.Sprintf("item %d", n+1), field)
			items = append(items, Item{strings.TrimSpace(field), i + 1})
		}
	}
	return items, f.err(len(items))
}

// ParseList returns the items of a file with one item per line. It ignores blank lines and lines that start with
// #.
func ParseList(text []byte) ([]Item, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	var f faults
	var items []Item
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f.check(fmt.Sprintf("line %d", i+1), line)
		items = append(items, Item{line, i + 1})
	}
	return items, f.err(len(items))
}

// ParseColumn returns the items of one column of a CSV file (RFC 4180). The first row contains the names of the
// columns. The rows use commas, semicolons or tabs as separators.
func ParseColumn(text []byte, column string) ([]Item, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	rows := csv.NewReader(bytes.NewReader(text))
	if !bytes.ContainsRune(first, ',') {
		for _, separator := range ";\t" {
			if bytes.ContainsRune(first, separator) {
				rows.Comma = separator
				break
			}
		}
	}
	head, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("is empty: a CSV file begins with the names of its columns")
	} else if err != nil {
		return nil, err
	}
	at, err := columnOf(head, column)
	if err != nil {
		return nil, err
	}
	var f faults
	var items []Item
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return items, f.err(len(items))
		}
		var bad *csv.ParseError
		switch {
		case errors.Is(err, csv.ErrFieldCount) && errors.As(err, &bad):
			f.add("line %d has %d columns, but the first line has %d", bad.Line, len(row), len(head))
			continue
		case err != nil:
			return nil, err // after a wrong quote, the ends of rows are unknown
		}
		line, _ := rows.FieldPos(at)
		field := strings.TrimSpace(row[at])
		f.check(fmt.Sprintf("line %d", line), field)
		items = append(items, Item{field, line})
	}
}

// columnOf returns the index of a column. The case of the name is ignored if only one column has the name.
func columnOf(head []string, column string) (int, error) {
	var names []string
	var found []int
	for i, name := range head {
		name = strings.TrimSpace(name)
		names = append(names, fmt.Sprintf("%q", name))
		if strings.EqualFold(name, strings.TrimSpace(column)) {
			found = append(found, i)
		}
	}
	if exact := slices.DeleteFunc(slices.Clone(found), func(i int) bool { return strings.TrimSpace(head[i]) != column }); len(exact) == 1 {
		found = exact
	}
	known := strings.Join(names, ", ")
	switch {
	case column == "":
		return 0, fmt.Errorf("is a CSV file: name the column with the items in --column. The columns are %s", known)
	case len(found) == 0:
		return 0, fmt.Errorf("has no column %q. The columns are %s", column, known)
	case len(found) > 1:
		return 0, fmt.Errorf("has several columns %q. The columns are %s", column, known)
	}
	return found[0], nil
}

// plain returns text in UTF-8 without a byte order mark, with \n at the end of each line.
func plain(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errors.New("is in UTF-16: save it in UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, fmt.Errorf("line %d is not in UTF-8: save the file in UTF-8", i+1)
		} else if bytes.IndexByte(line, 0) >= 0 {
			return nil, fmt.Errorf("line %d contains a NUL character: this is not a text file", i+1)
		}
	}
	return text, nil
}

// faults collects the bad rows of a list.
type faults struct {
	texts []string
	n     int
}

func (f *faults) add(format string, args ...any) {
	if f.n++; f.n <= maxFaults {
		f.texts = append(f.texts, fmt.Sprintf(format, args...))
	}
}

// check adds a fault if the item at this position cannot be a name.
func (f *faults) check(position, item string) {
	switch {
	case item == "":
		f.add("%s is empty", position)
	case len(item) > maxItemSize:
		f.add("%s has %d bytes; the maximum is %d", position, len(item), maxItemSize)
	case !utf8.ValidString(item):
		f.add("%s is not in UTF-8", position)
	default:
		if i := strings.IndexFunc(item, unicode.IsControl); i >= 0 {
			r, _ := utf8.DecodeRuneInString(item[i:])
			f.add("%s contains the control character %U", position, r)
		}
	}
}

// err returns the error for a list of n items, or nil.
func (f *faults) err(n int) error {
	switch {
	case f.n > maxFaults:
		return fmt.Errorf("%s, and %d more bad rows", strings.Join(f.texts, "; "), f.n-maxFaults)
	case f.n > 0:
		return errors.New(strings.Join(f.texts, "; "))
	case n == 0:
		return errors.New("has no items")
	case n > MaxItems:
		return fmt.Errorf("has %d items; the maximum is %d. Split the list", n, MaxItems)
	}
	return nil
}
