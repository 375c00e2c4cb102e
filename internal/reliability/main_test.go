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
	kills  = flag.Int("kills", 20, "number of random instants at which processes are killed")
	seed   = flag.Uint64("seed", 1, "seed of the random instants; 0 draws a new seed")
	update = flag.Bool("update", false, "write docs/reliability.md")
)

// soarBinary is the program under test.
var soarBinary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	// The rows mostly wait for intervals, backoffs and windows. Therefore many run in parallel.
	for name, value := range map[string]string{"test.parallel": "20", "rapid.checks": histories, "rapid.steps": "12", "rapid.nofailfile": "true"} {
		fixedseed.Default(name, value)
	}
	flag.Parse()
	zerolog.SetGlobalLevel(zerolog.Disabled) // silences the proxy's log
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
			// The proxy does not stop the toxic of a connection that ended during the toxic's work.
			goleak.IgnoreTopFunction("github.com/Shopify/toxiproxy/v2/toxics.(*BandwidthToxic).Pipe"),
		)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}
