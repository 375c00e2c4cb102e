package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

// TestExample runs the example with the plugin's own binary, as a user would.
func TestExample(t *testing.T) {
	plugin := filepath.Join(t.TempDir(), "soar-plugin-okta")
	if out, err := exec.Command("go", "build", "-o", plugin, "../../cmd/soar-plugin-okta").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
	t.Setenv("OKTA_ORG_URL", org.URL)
	t.Setenv("OKTA_API_TOKEN", org.Token)
	uuids := org.Append(oktasim.Event{"eventType": "user.session.start"})
	out := stdout(t, func() {
		if err := run(t.Context(), []string{plugin, "alice.moreau@corp.example"}); err != nil {
			t.Error(err)
		}
	})
	for _, want := range []string{"Okta ", "suspend_user", `get_user: {"id":"00u`, `"status":"ACTIVE"`, "user.session.start  " + uuids[0]} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
}

func stdout(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		read <- string(b)
	}()
	kept := os.Stdout
	os.Stdout = w
	f()
	os.Stdout = kept
	_ = w.Close()
	return <-read
}
