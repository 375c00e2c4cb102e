package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// process runs the plugin for go-plugin. It also records how the process ended, and the first and
// last line of its output, which go-plugin does not report.
type process struct {
	cmd    *exec.Cmd
	dir    string // directory of its socket
	stdout *listener
	stderr *listener
	done   chan struct{} // closed when the process has ended; never if it did not start

	mu     sync.Mutex
	failed error  // reason why it did not start
	pid    int    // 0 before the start
	state  string // state after the end
	killed bool   // killed, possibly before the start
}

var _ runner.Runner = (*process)(nil)

// pipeLimit limits how long the output is read after the end of the process, because a child
// process can keep the pipes open.
const pipeLimit = 500 * time.Millisecond

func newProcess(cmd *exec.Cmd, dir string) *process {
	// The plugin must not read the input of the host.
	cmd.Stdin = nil
	return &process{cmd: cmd, dir: dir, stdout: new(listener), stderr: new(listener), done: make(chan struct{})}
}

// Start starts the process.
func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = p.start()
	return p.failed
}

func (p *process) start() error {
	if p.killed {
		return context.Canceled
	}
	stdout, err := p.stdout.open()
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := p.stderr.open()
	if err != nil {
		_ = p.stdout.Close()
		return err
	}
	defer stderr.Close()
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		_ = p.stdout.Close()
		_ = p.stderr.Close()
		return err
	}
	p.pid = p.cmd.Process.Pid
	go p.reap()
	return nil
}

func (p *process) reap() {
	_ = p.cmd.Wait() // the state has the result
	p.mu.Lock()
	p.state = p.cmd.ProcessState.String()
	p.mu.Unlock()
	p.stdout.limit(pipeLimit)
	p.stderr.limit(pipeLimit)
	close(p.done)
}

// Wait waits for the end of the process. go-plugin calls it after it has read all output.
func (p *process) Wait(context.Context) error {
	<-p.done
	_ = p.stdout.Close()
	_ = p.stderr.Close()
	return nil
}

// Kill ends the process at once, or keeps it from starting.
func (p *process) Kill(context.Context) error {
	p.kill()
	return nil
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.pid != 0 {
		_ = p.cmd.Process.Kill() // it may have ended by itself
	}
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ended returns how the process ended, or "" if it has not ended.
func (p *process) ended() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// startError returns why the process did not start, or nil.
func (p *process) startError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// ID returns the process ID, or "" before the start.
func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid == 0 {
		return ""
	}
	return strconv.Itoa(p.pid)
}

// Stdout returns the output on which the plugin prints its address.
func (p *process) Stdout() io.ReadCloser { return p.stdout }

// Stderr returns the output on which the plugin logs.
func (p *process) Stderr() io.ReadCloser { return p.stderr }

// Name returns the binary.
func (p *process) Name() string { return p.cmd.Path }

// Diagnose returns nothing: diagnose explains a failure.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost returns its arguments: plugin and host run on one machine.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin returns its arguments.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

func (p *process) removeDir() { _ = os.RemoveAll(p.dir) }

// listener reads one output of a process, and keeps its first and last line for errors.
type listener struct {
	r *os.File

	mu     sync.Mutex
	first  []byte
	whole  bool // first is complete
	last   []byte
	closed bool // last is complete; further text begins another line
}

// maxLine is the number of bytes of a line that are kept.
const maxLine = 4 << 10

// open returns the writing end of the pipe.
func (l *listener) open() (*os.File, error) {
	r, w, err := os.Pipe()
	l.r = r
	return w, err
}

// Read reads the next bytes. A closed pipe counts as the end.
func (l *listener) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(b[:n])
	return n, err
}

func (l *listener) remember(b []byte) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		if !l.whole {
			l.first = appendUpTo(l.first, line)
			l.whole = ended
		}
		if l.closed && len(bytes.TrimSpace(line)) > 0 {
			l.last, l.closed = l.last[:0], false
		}
		if !l.closed {
			l.last = appendUpTo(l.last, line)
			l.closed = ended && len(l.last) > 0
		}
	}
}

func appendUpTo(to, from []byte) []byte {
	return append(to, from[:min(len(from), max(0, maxLine-len(to)))]...)
}

// lines returns the first and the last line.
func (l *listener) lines() (first, last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.first)), string(bytes.TrimSpace(l.last))
}

// limit ends reading after d.
func (l *listener) limit(d time.Duration) { _ = l.r.SetReadDeadline(time.Now().Add(d)) }

// Close ends reading at once.
func (l *listener) Close() error { return l.r.Close() }
