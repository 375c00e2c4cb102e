// Package fixedseed lets the property tests of a package that imports it start from one
// seed, so that they try the same cases on every run. RAPID_SEED=N in the environment, or
// the flag -rapid.seed, starts from another one:
//
//	RAPID_SEED=$RANDOM RAPID_CHECKS=1000 go test ./internal/reliability -run TestHistories
package fixedseed

import (
	"flag"
	"os"

	_ "pgregory.net/rapid" // registers its flags first
)

// The flags are parsed later: the command line still decides.
var _ = set()

func set() error {
	if os.Getenv("RAPID_SEED") != "" {
		return nil
	}
	return flag.Set("rapid.seed", "1")
}
