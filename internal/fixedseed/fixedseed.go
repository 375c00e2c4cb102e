// Package fixedseed gives the property tests of an importing package a fixed seed. Every run then tests the same
// cases. The environment variable RAPID_SEED=N, or the flag -rapid.seed, sets another seed:
//
//	RAPID_SEED=$RANDOM RAPID_CHECKS=1000 go test ./internal/reliability -run TestHistories
package fixedseed

import (
	"flag"
	"os"
	"strings"

	_ "pgregory.net/rapid" // registers its flags first
)

// The flags are parsed later. Therefore the command line takes precedence.
var _ = set("rapid.seed", "1")

// Default sets the default of a flag of the property tests. The command line and the environment (such as
// RAPID_CHECKS for rapid.checks) take precedence. Default panics if the flag does not exist.
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
