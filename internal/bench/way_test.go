package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/bench/pages"
)

// A way is the cost of the whole path from the log of an org to lines of text.
type way struct {
	host, plugin usage
	took         time.Duration
	early, most  float64 // MB of both processes: after a tenth of the events, and the maximum
}

// cpu returns the processor time of both processes since their start, in microseconds per event.
func (w way) cpu(events int) float64 { return w.host.each(events) + w.plugin.each(events) }

// built is the folder of the built host, which contains the connector. TestMain removes it.
var built string

// buildHost builds the host once per process.
var buildHost = sync.OnceValue(func() error {
	var err error
	if built, err = os.MkdirTemp("", "soar-bench-"); err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-o", built, "../../cmd/soar").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
})

// measureWay starts an org with this number of events and runs soar, which prints all events in the format. The
// org's process is not measured.
func measureWay(tb testing.TB, format string, events int) way {
	tb.Helper()
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		tb.Skip("the cost of a process is read from /proc, which exists on Linux only")
	}
	if err := buildHost(); err != nil {
		tb.Fatal(err)
	}
	url, certificate := startLogOrg(tb, events)
	soar := exec.CommandContext(tb.Context(), filepath.Join(built, "soar"), "events", "tail", "--json", "--format", format, "--look-back", "1h", "--every", "1m")
	soar.Env = append(os.Environ(), "SSL_CERT_FILE="+certificate, "OKTA_ORG_URL="+url, "OKTA_API_TOKEN=bench-token")
	soar.Dir = filepath.Dir(certificate) // a folder without a settings file
	var complaints bytes.Buffer
	soar.Stderr = &complaints
	out, err := soar.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	start := time.Now()
	if err := soar.Start(); err != nil {
		tb.Fatal(err)
	}
	w, err := follow(out, soar.Process.Pid, events)
	w.took = time.Since(start)
	_ = soar.Process.Signal(syscall.SIGTERM) // it may have ended already
	_ = soar.Wait()
	if err != nil {
		tb.Fatalf("%v\n%s", err, complaints.Bytes())
	}
	return w
}

// follow reads the lines and checks that each is the next event. It measures the two processes meanwhile.
func follow(out io.Reader, host, events int) (w way, err error) {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	plugin := 0
	for n := 0; n < events; n++ {
		if !lines.Scan() {
			return w, fmt.Errorf("the output ended after %d events of %d: %w", n, events, lines.Err())
		}
		if !bytes.Contains(lines.Bytes(), []byte(`"`+pages.UUID(n)+`"`)) {
			return w, fmt.Errorf("line %d is not event %d", n+1, n)
		}
		if (n+1)%(5*pages.Full) != 0 && n+1 != events {
			continue
		}
		if plugin == 0 {
			if plugin, err = childOf(host); err != nil {
				return w, err
			}
		}
		if w.host, err = usageOf(host); err != nil {
			return w, err
		}
		if w.plugin, err = usageOf(plugin); err != nil {
			return w, err
		}
		both := w.host.share + w.plugin.share
		w.most = max(w.most, both)
		if n+1 >= events/10 && w.early == 0 {
			w.early = both
		}
	}
	return w, nil
}

// TestWholeWay checks that both processes output the whole backlog in order, and that the measurement fails
// otherwise.
func TestWholeWay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	const events = 5000
	w := measureWay(t, "ecs", events)
	if w.cpu(events) <= 0 || w.most <= 0 || w.host.peak <= 0 || w.plugin.peak <= 0 || w.took <= 0 {
		t.Errorf("measured nothing: %+v", w)
	}
	if _, err := follow(bytes.NewReader(nil), os.Getpid(), events); err == nil {
		t.Error("a missing event was measured")
	}
}

// BenchmarkWay measures the path from an org's log over TLS to a line of text for each event.
func BenchmarkWay(b *testing.B) {
	for _, format := range []string{"okta", "ecs"} {
		b.Run(format, func(b *testing.B) { benchmarkWay(b, format, 100_000) })
	}
}

// BenchmarkMillion measures the same path for a million events. It takes minutes.
func BenchmarkMillion(b *testing.B) { benchmarkWay(b, "okta", 1_000_000) }

func benchmarkWay(b *testing.B, format string, events int) {
	for b.Loop() {
		w := measureWay(b, format, events)
		b.ReportMetric(w.cpu(events), "cpu-µs")
		b.ReportMetric(w.host.each(events), "host-µs")
		b.ReportMetric(w.plugin.each(events), "plugin-µs")
		b.ReportMetric(w.most, "MB")
		b.ReportMetric(w.early, "early-MB")
		b.ReportMetric(w.host.peak, "host-MB")
		b.ReportMetric(w.plugin.peak, "plugin-MB")
		b.ReportMetric(float64(events)/w.took.Seconds(), "events/s")
	}
	b.ReportMetric(0, "ns/op")
}
