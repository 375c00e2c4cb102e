package host

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"soar.example/okta/sdk"
)

// A Plugin is a connector in a process of its own. It is safe for concurrent use.
//
// If the process dies, the call that is under way returns an unavailable error
// that says so, and that it is not known whether the action took effect. The next
// call starts the process anew and opens its session again. A process that dies
// five times within a minute is left alone until the minute is over.
type Plugin struct {
	config   Config
	base     context.Context // what Launch was called with, without its end
	cancel   context.CancelFunc
	turn     chan struct{} // held by whoever starts the process
	retiring sync.WaitGroup
	ended    chan struct{} // closed when Close is through

	mu     sync.Mutex
	now    *instance // nil: there is no process
	deaths deaths
	closed bool
}

var _ sdk.Backend = (*Plugin)(nil)

// Launch starts the plugin and returns once it answers; ctx bounds the start and
// not the plugin's life. Errors are [sdk.Error]s: invalid_input for a file that is
// missing, not executable, not a connector plugin, of another protocol version
// or not the one expected; unavailable if the process ended or did not answer in
// time.
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
		turn: make(chan struct{}, 1), ended: make(chan struct{}),
	}, nil
}

// Manifest says what the connector offers.
func (p *Plugin) Manifest(ctx context.Context) (m *sdk.Manifest, err error) {
	err = p.do(ctx, "", func(i *instance) error {
		m, err = i.backend.Manifest(ctx)
		return err
	})
	return m, err
}

// Validate checks the parameters of a trigger as Poll would.
func (p *Plugin) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	return p.do(ctx, "", func(i *instance) error { return i.backend.Validate(ctx, trigger, params) })
}

// Open opens a session, which outlives the process: it is opened again, with the
// same settings, in the one that follows.
func (p *Plugin) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	s := newSession(p, settings)
	err := p.do(ctx, "", func(i *instance) error {
		remote, err := i.backend.Open(sdk.WithHostKey(ctx, p.config.Key), s.settings)
		s.at, s.remote = i, remote
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// PID returns the id of the process, or 0 if there is none now.
func (p *Plugin) PID() int {
	p.mu.Lock()
	i := p.now
	p.mu.Unlock()
	if i == nil || !i.process.alive() {
		return 0
	}
	pid, err := strconv.Atoi(i.process.ID())
	if err != nil {
		return 0
	}
	return pid
}

// Close takes no more calls, waits for those that are under way, up to the grace
// of the Config, and ends the process, which closes the sessions. It may be
// called again. When it returns, there is no process and no file left of it.
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
	p.cancel() // a start that is under way
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
