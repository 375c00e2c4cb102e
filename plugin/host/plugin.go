package host

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"

	"soar.example/okta/sdk"
)

// A Plugin is a connector in a separate process. It is safe for concurrent use.
//
// If the process dies, the calls in progress return an unavailable error, which says that it is
// not known whether the action took effect. The next call starts a new process and reopens its
// session. After five deaths within a minute, the next process is started only after that minute.
type Plugin struct {
	config   Config
	base     context.Context // context of Launch, without its cancellation
	cancel   context.CancelFunc
	turn     turn // to start the process
	retiring sync.WaitGroup
	ended    chan struct{} // closed when Close is done

	mu     sync.Mutex
	now    *instance // nil: there is no process
	deaths deaths
	closed bool
}

var _ sdk.Backend = (*Plugin)(nil)

// Launch starts the plugin and returns when the plugin responds. ctx limits only the start of the
// plugin. Errors are of the type [sdk.Error]. The code is invalid_input if the file is missing,
// not executable, not a connector plugin, of another protocol version, or different from the
// checksum. The code is unavailable if the process ended or did not respond in time.
func Launch(ctx context.Context, c Config) (*Plugin, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	if c.pinned, err = pin(c); err != nil {
		return nil, err
	}
	first, err := start(ctx, c)
	if err != nil {
		return nil, errors.Join(err, c.unpin())
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &Plugin{
		config: c, base: base, cancel: cancel, now: first,
		turn: make(turn, 1), ended: make(chan struct{}),
	}, nil
}

// Manifest returns the manifest of the connector.
func (p *Plugin) Manifest(ctx context.Context) (*sdk.Manifest, error) {
	return do(ctx, p, "", func(i *instance) (*sdk.Manifest, error) { return i.backend.Manifest(ctx) })
}

// Validate checks the parameters of a trigger as Poll would.
func (p *Plugin) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	_, err := do(ctx, p, "", func(i *instance) (any, error) { return nil, i.backend.Validate(ctx, trigger, params) })
	return err
}

// Open opens a session. After the death of the process, the next call reopens the session in the
// next process with the same settings.
func (p *Plugin) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	s := &session{plugin: p, settings: slices.Clone(settings), turn: make(turn, 1)}
	_, err := do(ctx, p, "", func(i *instance) (any, error) {
		remote, err := i.backend.Open(sdk.WithHostKey(ctx, p.config.Key), s.settings)
		s.at, s.remote = i, remote
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// PID returns the ID of the process, or 0 if there is none now.
func (p *Plugin) PID() int {
	p.mu.Lock()
	i := p.now
	p.mu.Unlock()
	if i == nil || !i.process.alive() {
		return 0
	}
	pid, _ := strconv.Atoi(i.process.ID()) // 0 before the start
	return pid
}

// Close accepts no more calls and waits for the calls in progress, up to the grace of the Config.
// It then ends the process, which closes the sessions. When Close returns, the process and its
// files are gone. Close may be called again.
func (p *Plugin) Close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		<-p.ended
		return nil
	}
	defer close(p.ended)
	p.cancel() // cancels a start in progress
	p.turn <- struct{}{}
	p.mu.Lock()
	last := p.now
	p.mu.Unlock()
	if last != nil {
		p.retire(last)
	}
	p.retiring.Wait()
	return p.config.unpin()
}
