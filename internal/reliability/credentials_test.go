//go:build linux

package reliability

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// credentialsRejected rejects the credentials for a while: the watch ends, and a later watch continues.
func credentialsRejected(status int, code string, exit int) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(3)
		s.deny(4)
		w := s.watch()
		s.waitForRuns(w, 4)
		s.fault(oktasim.Fault{Status: status, ErrorCode: code})
		s.deny(5)
		if got := w.wait(30 * time.Second); got != exit {
			t.Errorf("exit status %d, not %d: %s", got, exit, w.output())
		}
		s.org.ClearFaults()
		return fmt.Sprintf("ends with exit status %d and keeps its checkpoint; after a restart, %s", exit, s.settle(s.watch()))
	}
}

// secrets searches everything that a watch leaves behind for the token, with failed steps and a killed plugin.
func secrets(t *testing.T) string {
	const canary = "00canaryTokenThatMustNotBeSeen"
	s := newFixture(t, oktasim.Options{Token: canary})
	s.deny(3)
	w := s.watch("--log-level", "trace", "--metrics", "127.0.0.1:0")
	s.waitForRuns(w, 3)
	searched := map[string][]byte{}
	metrics := w.of("metrics")
	if len(metrics) != 1 {
		t.Fatalf("no address for metrics: %s", w.output())
	}
	for _, address := range []string{metrics[0].URL, metrics[0].Health} {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		searched[address] = body.Bytes()
	}
	for _, what := range []string{"environ", "cmdline"} {
		name := fmt.Sprintf("/proc/%d/%s", w.plugin(), what)
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		searched[name] = raw
	}
	s.fault(oktasim.Fault{Status: 401, ErrorCode: "E0000011", Body: `{"errorCode":"E0000011","errorSummary":"Invalid token provided: ` + canary + `"}`,
		Skip: 2, Times: 1})
	if !w.killPlugin() {
		t.Error("there is no plugin process")
	}
	s.deny(3)
	w.wait(30 * time.Second)
	searched["stderr"] = []byte(w.output())
	if !bytes.Contains(searched["stderr"], []byte(`"@level":"trace"`)) {
		t.Error("nothing was logged at the level trace")
	}
	again := s.watch("--log-level", "trace")
	out := s.settle(again)
	searched["stderr again"] = []byte(again.output())
	w.mu.Lock()
	searched["lines"] = []byte(fmt.Sprint(w.lines))
	w.mu.Unlock()
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(s.store + suffix)
		if err != nil && (suffix == "" || !os.IsNotExist(err)) {
			t.Fatal(err)
		}
		searched["store"+suffix] = raw
	}
	for where, raw := range searched {
		if bytes.Contains(raw, []byte(canary)) {
			t.Errorf("the token is in %s", where)
		}
	}
	return "found nowhere; " + out
}
