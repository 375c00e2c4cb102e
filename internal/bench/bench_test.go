// Package bench measures the connector as a host uses it: the plugin's own binary over go-plugin, against an
// embedded org.
package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/plugin/host"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

func binary(b *testing.B, name string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/"+name).CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

func settings(url, token string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q}`, url, token))
}

// orgProcess runs an org in a separate process and returns its address. Both compared callers then have the same
// distance to the org.
func orgProcess(b *testing.B, token string) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary(b, "soar"), "org", "--json", "--listen", "127.0.0.1:0", "--token", token)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // an error, because the process was killed
	})
	var line struct{ URL string }
	if err := json.NewDecoder(out).Decode(&line); err != nil {
		b.Fatal(err)
	}
	return line.URL
}

func launch(b *testing.B, path string) *host.Plugin {
	b.Helper()
	p, err := host.Launch(b.Context(), host.Config{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func open(b *testing.B, backend sdk.Backend, url, token string) sdk.Session {
	b.Helper()
	s, err := backend.Open(b.Context(), settings(url, token))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkActionCall runs get_user, one request to an org in a third process. It alternates between a call in this
// process and a call through the plugin. Changes of the machine's speed then affect both equally. The difference is
// the cost of the plugin's process.
func BenchmarkActionCall(b *testing.B) {
	const token, turn = "bench-token", 50
	url := orgProcess(b, token)
	backend, err := oktaconnector.Backend()
	if err != nil {
		b.Fatal(err)
	}
	plugin := launch(b, binary(b, "soar-plugin-okta"))
	b.Cleanup(func() { _ = plugin.Close() })
	sessions := []sdk.Session{open(b, backend, url, token), open(b, plugin, url, token)}
	ctx := hclog.WithContext(b.Context(), hclog.NewNullLogger())
	input := json.RawMessage(`{"user":"alice.moreau@corp.example"}`)
	took := make([][]time.Duration, len(sessions))
	for b.Loop() {
		for i, s := range sessions {
			for range turn {
				start := time.Now()
				if _, err := s.Run(ctx, "get_user", input); err != nil {
					b.Fatal(err)
				}
				took[i] = append(took[i], time.Since(start))
			}
		}
	}
	inProcess, through := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op") // meaningless for two alternating measurements
	b.ReportMetric(float64(inProcess.Microseconds()), "in-process-µs")
	b.ReportMetric(float64(through.Microseconds()), "plugin-µs")
	b.ReportMetric(float64((through - inProcess).Microseconds()), "overhead-µs")
}

// BenchmarkLaunch measures the time until the first response of a new plugin process, including mutual TLS.
func BenchmarkLaunch(b *testing.B) {
	path := binary(b, "soar-plugin-okta")
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		p := launch(b, path)
		if _, err := p.Manifest(b.Context()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(median(took).Microseconds())/1000, "median-ms")
}

// BenchmarkPluginMemory measures the memory of the plugin's process after 10,000 and after 100,000 polled
// events.
func BenchmarkPluginMemory(b *testing.B) {
	const page = 1000
	org := oktasim.Start(b, oktasim.Options{})
	path := binary(b, "soar-plugin-okta")
	pad := strings.Repeat("x", 600) // makes an event about 2 KB
	events := make([]oktasim.Event, page)
	for i := range events {
		events[i] = oktasim.Event{"eventType": "user.session.start", "debugContext": map[string]any{"debugData": map[string]any{"pad": pad}}}
	}
	for range 100 {
		org.Append(events...)
	}
	for b.Loop() {
		p := launch(b, path)
		session, err := p.Open(b.Context(), settings(org.URL, org.Token))
		if err != nil {
			b.Fatal(err)
		}
		var place json.RawMessage
		params := json.RawMessage(`{"event_types":["user.session.*"],"look_back":"1h"}`)
		var after10 float64
		read := 0
		for more := true; more; {
			got, err := session.Poll(b.Context(), "system_log", params, place)
			if err != nil {
				b.Fatal(err)
			}
			place, more = got.Next, got.More
			if read += len(got.Events); read == 10*page {
				after10 = rss(b, p.PID())
			}
		}
		if read != 100*page {
			b.Fatalf("%d events were read", read)
		}
		b.ReportMetric(after10, "MB-after-10k")
		b.ReportMetric(rss(b, p.PID()), "MB-after-100k")
		_ = session.Close()
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func rss(b *testing.B, pid int) float64 {
	b.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc, which this system does not have")
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kb float64
		if _, err := fmt.Sscanf(s.Text(), "VmRSS: %f kB", &kb); err == nil {
			return kb / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
