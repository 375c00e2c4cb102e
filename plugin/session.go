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
	result := sdk.Result{Output: document(r.GetOutput()), Calls: decodeCalls(r.GetCalls())}
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
