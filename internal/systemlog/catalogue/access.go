package catalogue

import (
	_ "embed"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
)

// A Field is a documented member of the events of a type.
type Field struct {
	// Path in Okta's event. In a path such as target[1].id, the number is the index of the target.
	Path    string `json:"path"`
	Meaning string `json:"meaning"` // Meaning of the member.
}

var (
	// accessTable has the event types of Okta Identity Governance, which are access requests and
	// security access reviews. The last column names the object that is the target.
	//
	//go:embed access.csv
	accessTable string
	//go:embed accessfields.csv
	accessFieldsTable string // the members that Okta documents for all these types
)

var accessRows = sync.OnceValue(func() [][]string { return csvtable.Rows(accessTable) })

// access returns the description and the fields of an access event type. It returns "" and nil
// for any other event type.
func access(name string) (description string, fields []Field) {
	for _, row := range accessRows() {
		if row[0] != name {
			continue
		}
		for _, f := range csvtable.Rows(accessFieldsTable) {
			fields = append(fields, Field{f[0], strings.ReplaceAll(f[1], "OBJECT", row[2])})
		}
		return row[1], fields
	}
	return "", nil
}
