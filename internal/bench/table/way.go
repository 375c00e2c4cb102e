package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"soar.example/okta/internal/bench/pages"
)

// A way is what the whole way from an org's log to lines of text cost.
type way struct {
	host, plugin usage
	took         time.Duration
	early, most  float64 // MB of both together: once a tenth was read, and at the most
}

// cpu is the processor time of both processes, from their start on, an event.
func (w way) cpu(events int) float64 {
	return float64((w.host.cpu + w.plugin.cpu).Nanoseconds()) / 1000 / float64(events)
}

// measureWay starts an org with that many events and has soar print all of them in
// the format. The org's process is not counted.
func measureWay(ctx context.Context, bin, scratch, format string, events int) (way, error) {
	org, url, err := startOrg(ctx, bin, scratch, events)
	if err != nil {
		return way{}, err
	}
	defer end(org)
	soar := exec.CommandContext(ctx, filepath.Join(bin, "soar"), "events", "tail", "--json", "--format", format, "--look-back", "1h", "--every", "1m")
	soar.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(scratch, certFile), "OKTA_ORG_URL="+url, "OKTA_API_TOKEN=bench-token")
	soar.Dir = scratch // where no settings file is
	var complaints bytes.Buffer
	soar.Stderr = &complaints
	out, err := soar.StdoutPipe()
	if err != nil {
		return way{}, err
	}
	start := time.Now()
	if err := soar.Start(); err != nil {
		return way{}, err
	}
	defer end(soar)
	w, err := follow(out, soar.Process.Pid, events)
	if err != nil {
		return way{}, fmt.Errorf("%w\n%s", err, bytes.TrimSpace(complaints.Bytes()))
	}
	w.took = time.Since(start)
	return w, nil
}

// follow reads the lines, each of which must be the next event, and looks at the
// two processes meanwhile.
func follow(out io.Reader, host, events int) (way, error) {
	var w way
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	plugin := 0
	for n := 0; n < events; n++ {
		if !lines.Scan() {
			return w, errors.Join(fmt.Errorf("it ended after %d events of %d", n, events), lines.Err())
		}
		if !bytes.Contains(lines.Bytes(), []byte(`"`+pages.UUID(n)+`"`)) {
			return w, fmt.Errorf("line %d is not event %d", n+1, n)
		}
		if (n+1)%(5*pages.Full) != 0 && n+1 != events {
			continue
		}
		if plugin == 0 {
			var err error
			if plugin, err = childOf(host); err != nil {
				return w, err
			}
		}
		var err error
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

// startOrg starts an org whose certificate lies in scratch, and returns when its
// first pages are ready.
func startOrg(ctx context.Context, bin, scratch string, events int) (*exec.Cmd, string, error) {
	cert, key, err := writeCertificate(scratch)
	if err != nil {
		return nil, "", err
	}
	org := exec.CommandContext(ctx, filepath.Join(bin, "logserver"), "--cert", cert, "--key", key, "--events", strconv.Itoa(events))
	org.Stderr = os.Stderr
	out, err := org.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := org.Start(); err != nil {
		return nil, "", err
	}
	var line struct{ URL string }
	if err := json.NewDecoder(out).Decode(&line); err != nil {
		end(org)
		return nil, "", fmt.Errorf("start the org: %w", err)
	}
	return org, line.URL, nil
}

// end has a process end in good order, and waits for that.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	_ = cmd.Wait()
}
