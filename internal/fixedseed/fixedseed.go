// Package fixedseed lets the property tests of a package that imports it start from one
// seed, so that they try the same cases on every run. RAPID_SEED=N in the environment, or
// the flag -rapid.seed, starts from another one:
//
//	RAPID_SEED=$RANDOM RAPID_CHECKS=1000 go test ./internal/reliability -run TestHistories
package fixedseed

import (
	"flag"
	"os"
	"strings"

	_ "pgregory.net/rapid" // registers its flags first
)

// The flags are parsed later: the command line still decides.
var _ = set("rapid.seed", "1")

// Default sets a flag of a property test. The command line, which is parsed later, and
// the environment, such as RAPID_CHECKS for rapid.checks, take precedence. It panics if
// there is no such flag.
func Default(name, value string) {
	if err := set(name, value); err != nil {
		panic(err)
	}
}

func set(name, value string) error {
	if os.Getenv(strings.ToUpper(strings.ReplaceAll(name, ".", "_"))) != "" {
		return nil
	}
	return flag.Set(name, value)
}
