package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// client is the backend in a plugin process, seen from its host.
type client struct {
	rpc      pb.ConnectorClient
	manifest atomic.Pointer[sdk.Manifest] // the latest one, nil before the first
}

var _ sdk.Backend = (*client)(nil)

func (c *client) Manifest(ctx context.Context) (*sdk.Manifest, error) {
	r, err := c.rpc.Manifest(ctx, &pb.ManifestRequest{})
	if err != nil {
		return nil, pipeError(ctx, err, "")
	}
	if err := decodeError(r.GetError()); err != nil {
		return nil, err
	}
	m := new(sdk.Manifest)
	if err := json.Unmarshal(r.GetManifest(), m); err != nil {
		if e := (*sdk.Error)(nil); errors.As(err, &e) {
			return nil, e // a schema_version that this host does not know
		}
		return nil, unreadable(err)
	}
	c.manifest.Store(m)
	return m, nil
}

// action describes an action, by its name alone if that is all that is known.
func (c *client) action(name string) *sdk.ActionInfo {
	if m := c.manifest.Load(); m != nil {
		if a := m.Action(name); a != nil {
			return a
		}
	}
	return &sdk.ActionInfo{Name: name}
}

func (c *client) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	if err := fits(params); err != nil {
		return err
	}
	r, err := c.rpc.Validate(ctx, &pb.ValidateRequest{Trigger: text(trigger), Params: params})
	if err != nil {
		return pipeError(ctx, err, "")
	}
	return decodeError(r.GetError())
}

func (c *client) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	if err := fits(settings); err != nil {
		return nil, err
	}
	r, err := c.rpc.Open(ctx, &pb.OpenRequest{Settings: settings, HostKey: sdk.HostKey(ctx)})
	if err != nil {
		return nil, pipeError(ctx, err, "")
	}
	if err := decodeError(r.GetError()); err != nil {
		return nil, err
	}
	if r.GetSession() == "" {
		return nil, unreadable(errors.New("a session without an id"))
	}
	return &session{client: c, id: r.GetSession(), base: context.WithoutCancel(ctx)}, nil
}

// fits refuses documents that could not be sent. The rest of a message is small.
func fits(documents ...json.RawMessage) error {
	const room = MaxMessage - 1<<20
	size := 0
	for _, d := range documents {
		size += len(d)
	}
	if size > room {
		return sdk.Errorf(sdk.InvalidInput, "the input has %d bytes, which is more than the %d that a plugin takes", size, room)
	}
	return nil
}

// closeLimit bounds Close, which has no context of its own.
const closeLimit = 5 * time.Second

// session is a session in a plugin process, seen from its host.
type session struct {
	*client
	id     string
	base   context.Context // what Open was called with, without its end
	closed atomic.Bool
}

var _ sdk.Session = (*session)(nil)

func (s *session) Check(ctx context.Context) (sdk.Health, error) {
	if err := s.usable(ctx); err != nil {
		return sdk.Health{}, err
	}
	r, err := s.rpc.Check(ctx, &pb.CheckRequest{Session: s.id})
	if err != nil {
		return sdk.Health{}, pipeError(ctx, err, "")
	}
	var health sdk.Health
	if raw := r.GetHealth(); len(raw) > 0 {
		if err := json.Unmarshal(raw, &health); err != nil {
			return sdk.Health{}, unreadable(err)
		}
	}
	return health, decodeError(r.GetError())
}

func (s *session) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	if err := s.usable(ctx, input); err != nil {
		return sdk.Result{}, err
	}
	r, err := s.rpc.Run(ctx, &pb.RunRequest{Session: s.id, Action: text(action), Input: input})
	if err != nil {
		return sdk.Result{}, pipeError(ctx, err, "; whether the action took effect is not known")
	}
	result := sdk.Result{Output: document(r.GetOutput()), Calls: each(r.GetCalls(), decodeCall)}
	if err := decodeError(r.GetError()); err != nil {
		return result, err
	}
	// The process may be anybody's: it is not trusted to check this itself.
	return result, s.action(action).CheckDryRun(input, result.Output)
}

func (s *session) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	if err := s.usable(ctx, params, from); err != nil {
		return sdk.RawPage{}, err
	}
	r, err := s.rpc.Poll(ctx, &pb.PollRequest{Session: s.id, Trigger: text(trigger), Params: params, From: from})
	if err != nil {
		return sdk.RawPage{}, pipeError(ctx, err, "")
	}
	return decodePage(r)
}

func (s *session) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.base, closeLimit)
	defer cancel()
	r, err := s.rpc.Close(ctx, &pb.CloseRequest{Session: s.id})
	if err != nil {
		err = pipeError(ctx, err, "")
		if errors.Is(err, ErrBroken) || errors.Is(err, ErrNotStarted) {
			return nil // the session goes with its process
		}
		return err
	}
	return decodeError(r.GetError())
}

// usable refuses what the session in the plugin would refuse, in its words, and
// what could not get there.
func (s *session) usable(ctx context.Context, documents ...json.RawMessage) error {
	if s.closed.Load() {
		return sdk.Errorf(sdk.InvalidInput, "the session is closed")
	}
	if err := ctx.Err(); err != nil {
		return sdk.AsError(err)
	}
	return fits(documents...)
}
