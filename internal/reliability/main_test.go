//go:build linux

package reliability

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"soar.example/okta/internal/fixedseed"
)

var (
	kills  = flag.Int("kills", 20, "at how many random instants processes are killed")
	seed   = flag.Uint64("seed", 1, "of the random instants; 0: another each time")
	update = flag.Bool("update", false, "write docs/reliability.md")
)

// soarBinary is the program under test.
var soarBinary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	// Rows wait more than they work: for intervals, backoffs and windows to pass.
	for name, value := range map[string]string{"test.parallel": "20", "rapid.checks": histories, "rapid.steps": "12", "rapid.nofailfile": "true"} {
		fixedseed.Default(name, value)
	}
	flag.Parse()
	zerolog.SetGlobalLevel(zerolog.Disabled) // the proxy's own words
	dir, err := os.MkdirTemp("", "reliability")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	soarBinary = filepath.Join(dir, "soar")
	if out, err := exec.Command("go", "build", "-o", soarBinary, "../../cmd/soar").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build soar: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if code == 0 {
		err := goleak.Find(
			// The token cache of Okta's SDK ends with the garbage collection of its client.
			goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"),
			// The proxy forgets the toxic of a connection that ended in the middle of it.
			goleak.IgnoreTopFunction("github.com/Shopify/toxiproxy/v2/toxics.(*BandwidthToxic).Pipe"),
		)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}
