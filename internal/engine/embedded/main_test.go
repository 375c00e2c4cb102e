package embedded

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"soar.example/okta/internal/fixedseed"
)

// TestMain also makes this binary the process that the tests kill.
func TestMain(m *testing.M) {
	if os.Getenv(childWrites) != "" {
		os.Exit(writesChild())
	}
	if os.Getenv(childUndos) != "" {
		os.Exit(undoChild())
	}
	if path := os.Getenv(childPrune); path != "" {
		os.Exit(pruneChild(path))
	}
	if os.Getenv(childStore) != "" {
		os.Exit(child())
	}
	// Each check writes real files, so the default is few checks.
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(propertyChecks), "rapid.steps": "15"} {
		fixedseed.Default(name, value)
	}
	goleak.VerifyTestMain(m)
}
