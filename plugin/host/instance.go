package host

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/internal/inflight"
	"soar.example/okta/sdk"
)

// An instance is one process of the plugin.
type instance struct {
	process *process
	client  *goplugin.Client
	backend sdk.Backend
	calls   inflight.Calls
	retired sync.Once
}

// hardLimit is the time that a process has to end after the request to end.
const hardLimit = 2 * time.Second

// start starts the process and returns when it responds. After an error, no process and no file is
// left.
func start(ctx context.Context, c Config) (*instance, error) {
	if c.pinned == nil {
		if err := c.binary(); err != nil {
			return nil, err
		}
	}
	limited, cancel := context.WithTimeout(ctx, c.StartTimeout)
	defer cancel()
	i := new(instance)
	stop := func() bool { return true }
	i.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  plugin.Handshake,
		VersionedPlugins: plugin.Plugins(nil),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		GRPCDialOptions:  plugin.DialOptions(),
		Logger:           c.Logger,
		StartTimeout:     c.StartTimeout,
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, dir string) (runner.Runner, error) {
			cmd := exec.Command(c.program(), c.Args...)
			cmd.Args[0] = c.Path
			cmd.Env = append(environ(c), spec.Env...)
			i.process = newProcess(cmd, dir)
			// go-plugin itself has only a timeout.
			stop = context.AfterFunc(limited, i.process.kill)
			return i.process, nil
		},
	})
	err := i.connect(limited)
	if !stop() && err == nil {
		err = limited.Err() // the process has been killed
	}
	if err == nil {
		c.Logger.Info("plugin started", "path", c.Path, "pid", i.process.ID())
		return i, nil
	}
	if i.process != nil {
		i.process.kill()
		i.end()
	}
	return nil, diagnose(ctx, limited, c, i.process, err)
}

// connect starts the process and makes one call, so that a faulty plugin fails at once.
func (i *instance) connect(ctx context.Context) error {
	rpc, err := i.client.Client()
	if err != nil {
		return err
	}
	raw, err := rpc.Dispense(plugin.Name)
	if err != nil {
		return err
	}
	backend, ok := raw.(sdk.Backend)
	if !ok {
		return fmt.Errorf("dispensed a %T", raw)
	}
	if _, err := backend.Manifest(ctx); err != nil {
		return err
	}
	i.backend = backend
	return nil
}

// end ends the process, gracefully if possible, and removes its files.
func (i *instance) end() {
	// go-plugin requests the end of the process and waits without a limit for the response.
	limit := time.AfterFunc(hardLimit, i.process.kill)
	defer limit.Stop()
	i.client.Kill()
	// go-plugin does not remove the directory of a process that did not start.
	i.process.removeDir()
}
