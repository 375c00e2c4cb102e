//go:build linux

package reliability

import "testing"

// A row is a fault and what is promised under it.
type row struct {
	name    string // of its test, below TestFaults
	promise string
	fault   string
	how     string // it is provoked
	// try provokes the fault and says what came of it. It ends with the same check
	// in every row.
	try func(t *testing.T) string
	// proved names the test that does so elsewhere, "path Name" from the project's
	// root; outcome is what it asserts. Where there is neither try nor proved, outcome
	// says that the promise is not kept, or not proved, and how far it is.
	proved, outcome string
}

func TestFaults(t *testing.T) {
	if raceEnabled {
		t.Skip("the processes under test are not watched for races, and keep to a clock that the detector slows down: run without -race")
	}
	t.Parallel()
	results := make([]string, len(table))
	t.Run("row", func(t *testing.T) {
		for i, r := range table {
			if r.try == nil {
				continue
			}
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				defer func() {
					if t.Failed() {
						results[i] = notKept
					}
				}()
				results[i] = r.try(t)
			})
		}
	})
	comparePage(t, results)
}

// The outcomes that nobody should overlook.
const (
	notKept   = "**not kept**"
	notProved = "**not proved**"
)
