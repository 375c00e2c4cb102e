package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"soar.example/okta/internal/archive"
)

// The scripts run soar with the minimal connector, which was built from an archive of this
// module, as that of another author.
func TestConnectorOfAnotherModule(t *testing.T) {
	c := archive.New(t, "../..", "../../examples/connector-minimal")
	for _, program := range []string{".", "./badges/serve"} {
		if _, err := c.Go(t, "build", "-o", filepath.Join(c.Dir, "bin")+"/", program); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/connector",
		Setup: func(env *testscript.Env) error {
			service := exec.CommandContext(t.Context(), filepath.Join(c.Dir, "bin", "serve"), "127.0.0.1:0")
			out, err := service.StdoutPipe()
			if err != nil {
				return err
			}
			if err := service.Start(); err != nil {
				return err
			}
			env.Defer(func() {
				_ = service.Process.Kill()
				_ = service.Wait()
				killLeftOver(filepath.Join(env.WorkDir, "pid"))
			})
			address, err := bufio.NewReader(out).ReadString('\n')
			env.Setenv("SERVICE", strings.TrimSpace(address))
			env.Setenv("PLUGIN", filepath.Join(c.Dir, "bin", "connector"))
			env.Setenv("EXAMPLE", c.Dir)
			env.Setenv("HOME", env.WorkDir)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "exits": exits, "signal": signalWatcher,
		},
	})
}
