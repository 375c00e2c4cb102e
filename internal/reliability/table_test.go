//go:build linux

package reliability

import "testing"

// A row is a fault and the promise that is tested with it.
type row struct {
	name    string // name of its test, below TestFaults
	promise string
	fault   string
	how     string // how the fault is caused
	// try causes the fault and returns the result. Every row ends with the same check.
	try func(t *testing.T) string
	// proved names a test of another package, "path Name" from the project's root. outcome is the result that this
	// test asserts. In a row with neither try nor proved, outcome explains why the promise is not kept or not proved.
	proved, outcome string
}

func TestFaults(t *testing.T) {
	if raceEnabled {
		t.Skip("needs real time, and the detector does not check the processes under test: run without -race")
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

// These outcomes are in bold type.
const (
	notKept   = "**not kept**"
	notProved = "**not proved**"
)
