package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"soar.example/okta/sdk"
)

// ServeOptions configure a plugin process.
type ServeOptions struct {
	// Usage is a line for people who start the plugin themselves. It describes the program, and
	// the command to use instead.
	Usage string
	// LogLevel is the lowest level of the log. Default: the level that the host sets, or
	// Info.
	LogLevel hclog.Level
}

const (
	drainTime = 10 * time.Second       // for calls in progress when the process is asked to end
	flushTime = time.Second            // for the last responses to reach the host
	endTime   = 500 * time.Millisecond // for canceled calls, and for closing sessions
)

// Serve serves b to the host that started this process. It returns when the host ends the process
// or dies, or when ctx ends. The result is the exit status for os.Exit. It is 0 after a normal
// end, and 1 if Serve could not serve. It is 2 if a person started the process; Serve then only
// prints one line to stderr.
//
// When ctx ends or the process receives SIGTERM, Serve finishes the calls in progress and accepts
// no others. It ignores an interrupt, because the host handles it. When the host has died, Serve
// cancels the calls at once. It always closes the sessions. The context of each call has the
// logger.
//
// The process uses one processor unless the environment variable GOMAXPROCS is set. The program
// must not print to stdout.
func Serve(ctx context.Context, b sdk.Backend, o ServeOptions) int {
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		fmt.Fprintln(os.Stderr, usageLine(o.Usage))
		return 2
	}
	// Without this, the first log line after the host's death would end the process before its
	// cleanup.
	signal.Ignore(syscall.SIGPIPE)
	ctx, release := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer release()

	if os.Getenv("GOMAXPROCS") == "" {
		// A connector mostly waits for its service. With one processor, no time is lost waking
		// other processors between the steps of a call.
		runtime.GOMAXPROCS(1)
	}
	// The logger must exist before go-plugin replaces os.Stderr.
	logger := hclog.New(&hclog.LoggerOptions{Level: level(o.LogLevel), Output: os.Stderr, JSONFormat: true})
	s := newServer(b, logger)
	created := make(chan *grpc.Server, 1)
	served := make(chan struct{})
	hostDied := watchHost(served)
	var stopper sync.WaitGroup
	stopper.Go(func() { s.stop(ctx, hostDied, served, created) })

	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  Handshake,
		VersionedPlugins: pluginSet(s),
		Logger:           logger,
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			rpc := grpc.NewServer(append(opts, serverOptions()...)...)
			created <- rpc
			return rpc
		},
	})
	close(served)
	stopper.Wait()
	s.end(hclog.WithContext(context.WithoutCancel(ctx), logger), endTime)
	select {
	case <-hostDied:
		// The host cannot remove this directory any more. Remove deletes only an empty directory.
		_ = os.Remove(os.Getenv(goplugin.EnvUnixSocketDir))
	default:
	}
	if s.registered.Load() {
		return 0
	}
	return 1
}

// stop ends the gRPC server. go-plugin ends it only at the request of the host.
func (s *server) stop(ctx context.Context, hostDied, served <-chan struct{}, created <-chan *grpc.Server) {
	var rpc *grpc.Server
	select {
	case rpc = <-created:
	case <-served:
		return
	}
	select {
	case <-served:
		return
	case <-hostDied:
		s.logger.Warn("the host has died")
	case <-ctx.Done():
		s.logger.Info("asked to end; finishing calls in progress", "grace", drainTime)
		if await(drainTime, s.calls.Drain(), hostDied, served) {
			// The last responses may still be in transit. gRPC cannot wait for them without also
			// waiting for go-plugin's streams, which end only with the host.
			await(flushTime, nil, hostDied, served)
		}
	}
	rpc.Stop()
}

// await waits for done and reports whether it was closed. It stops after limit, or when hostDied or
// served is closed.
func await(limit time.Duration, done, hostDied, served <-chan struct{}) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-hostDied:
	case <-served:
	case <-t.C:
	}
	return false
}

func usageLine(usage string) string {
	if line := strings.Join(strings.Fields(usage), " "); line != "" {
		return line
	}
	return "This is a connector plugin. It works only if a SOAR host starts it."
}

func level(wanted hclog.Level) hclog.Level {
	if wanted == hclog.NoLevel {
		wanted = hclog.LevelFromString(os.Getenv(EnvLogLevel))
	}
	if wanted == hclog.NoLevel {
		wanted = hclog.Info
	}
	return wanted
}

// hostCheckInterval is the interval at which a plugin checks that its host is alive. go-plugin
// does not end a plugin if its host is killed, and such a plugin would continue to poll.
const hostCheckInterval = 250 * time.Millisecond

// watchHost returns a channel that is closed when the host has died. It stops when done is
// closed.
func watchHost(done <-chan struct{}) <-chan struct{} {
	parent := os.Getppid()
	host, err := strconv.Atoi(os.Getenv(EnvHostPID))
	if err != nil {
		host = 0
	}
	hostDied := make(chan struct{})
	go func() {
		tick := time.NewTicker(hostCheckInterval)
		defer tick.Stop()
		for os.Getppid() == parent && (host <= 0 || alive(host)) {
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
		close(hostDied)
	}()
	return hostDied
}

// alive reports whether a process with this ID exists, and true if that is unknown.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
