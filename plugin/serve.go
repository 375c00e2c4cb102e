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
	// Usage is the line for people who start the plugin themselves: what the program is, and
	// which command to use instead.
	Usage string
	// LogLevel is the lowest level of the log. Default: the level that the host sets, or
	// Info.
	LogLevel hclog.Level
}

const (
	drainTime = 10 * time.Second       // for calls under way when the process is asked to end
	flushTime = time.Second            // for the last of their answers to get to the host
	endTime   = 500 * time.Millisecond // for what is cut off, and for closing sessions
)

// Serve serves b to the host that started this process, until the host ends it or dies,
// or ctx ends. It returns the exit status for os.Exit: 0; 1 if it could not serve; 2 if a
// person started the process. Then it only prints one line to stderr.
//
// When ctx ends or the process gets SIGTERM, Serve finishes the calls in progress and
// accepts no others. It ignores an interrupt, because the host handles it. When the host
// has died, Serve cancels the calls at once. It always closes the sessions. The context of
// each call has the logger. The process uses one processor unless the environment variable
// GOMAXPROCS says otherwise. Nothing may be printed to stdout.
func Serve(ctx context.Context, b sdk.Backend, o ServeOptions) int {
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		fmt.Fprintln(os.Stderr, usageLine(o.Usage))
		return 2
	}
	// Otherwise the first log line after the host's death would end the process before its
	// cleanup.
	signal.Ignore(syscall.SIGPIPE)
	ctx, release := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer release()

	if os.Getenv("GOMAXPROCS") == "" {
		// A connector waits for its service. With one processor the steps of a call
		// follow each other; with more, each would wake another one first.
		runtime.GOMAXPROCS(1)
	}
	// go-plugin replaces os.Stderr, so the logger must exist before.
	logger := hclog.New(&hclog.LoggerOptions{Level: level(o.LogLevel), Output: os.Stderr, JSONFormat: true})
	s := newServer(b, logger)
	made := make(chan *grpc.Server, 1)
	served := make(chan struct{})
	gone := watchHost(served)
	var stopper sync.WaitGroup
	stopper.Go(func() { s.stop(ctx, gone, served, made) })

	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  Handshake,
		VersionedPlugins: pluginSet(s),
		Logger:           logger,
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			rpc := grpc.NewServer(append(opts, serverOptions()...)...)
			made <- rpc
			return rpc
		},
	})
	close(served)
	stopper.Wait()
	s.end(hclog.WithContext(context.WithoutCancel(ctx), logger), endTime)
	select {
	case <-gone:
		// The host cannot clear this away any more. It goes only if it is empty.
		_ = os.Remove(os.Getenv(goplugin.EnvUnixSocketDir))
	default:
	}
	if s.registered.Load() {
		return 0
	}
	return 1
}

// stop ends the gRPC server. go-plugin itself ends it only at the request of the host.
func (s *server) stop(ctx context.Context, gone, served <-chan struct{}, made <-chan *grpc.Server) {
	var rpc *grpc.Server
	select {
	case rpc = <-made:
	case <-served:
		return
	}
	select {
	case <-served:
		return
	case <-gone:
		s.logger.Warn("the host is gone")
	case <-ctx.Done():
		s.logger.Info("asked to end; calls that are under way are finished", "grace", drainTime)
		if await(drainTime, s.calls.Drain(), gone, served) {
			// The last answers are still on their way, and gRPC cannot wait for them
			// without waiting for go-plugin's streams, which end with the host only.
			await(flushTime, nil, gone, served)
		}
	}
	rpc.Stop()
}

// await reports whether done is closed before waiting becomes useless.
func await(limit time.Duration, done, gone, served <-chan struct{}) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-gone:
	case <-served:
	case <-t.C:
	}
	return false
}

func usageLine(usage string) string {
	if line := strings.Join(strings.Fields(usage), " "); line != "" {
		return line
	}
	return "This is a connector plugin: a SOAR host starts it, and it does nothing by itself."
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

// lookEvery is the interval at which a plugin checks that its host is alive. go-plugin does
// not end a plugin whose host is killed, and the plugin would be a second poller.
const lookEvery = 250 * time.Millisecond

// watchHost returns a channel that is closed when the host has died. It stops when done is
// closed.
func watchHost(done <-chan struct{}) <-chan struct{} {
	parent := os.Getppid()
	host, err := strconv.Atoi(os.Getenv(EnvHostPID))
	if err != nil {
		host = 0
	}
	gone := make(chan struct{})
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for os.Getppid() == parent && (host <= 0 || alive(host)) {
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
		close(gone)
	}()
	return gone
}

// alive reports whether a process with this ID exists. If that is unknown, it reports true.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
