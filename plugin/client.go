package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// client is the host's end of the connection to a plugin process.
type client struct {
	rpc      pb.ConnectorClient
	manifest atomic.Pointer[sdk.Manifest] // the latest manifest, nil before the first
}

var _ sdk.Backend = (*client)(nil)

// call sends a request and returns the response, with its error. unknown is added to the error of
// a broken connection; it says which effect is not known.
func call[Q any, R interface{ GetError() *pb.Error }](
	ctx context.Context, send func(context.Context, Q, ...grpc.CallOption) (R, error), request Q, unknown string,
) (R, error) {
	r, err := send(ctx, request)
	if err != nil {
		return r, callError(ctx, err, unknown)
	}
	return r, decodeError(r.GetError())
}

func (c *client) Manifest(ctx context.Context) (*sdk.Manifest, error) {
	r, err := call(ctx, c.rpc.Manifest, &pb.ManifestRequest{}, "")
	if err != nil {
		return nil, err
	}
	m := new(sdk.Manifest)
	if err := json.Unmarshal(r.GetManifest(), m); err != nil {
		if e := (*sdk.Error)(nil); errors.As(err, &e) {
			return nil, e // this host does not support the schema_version
		}
		return nil, unreadable(err)
	}
	c.manifest.Store(m)
	return m, nil
}

func (c *client) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	if err := checkSize(params); err != nil {
		return err
	}
	_, err := call(ctx, c.rpc.Validate, &pb.ValidateRequest{Trigger: text(trigger), Params: params}, "")
	return err
}

func (c *client) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	if err := checkSize(settings); err != nil {
		return nil, err
	}
	r, err := call(ctx, c.rpc.Open, &pb.OpenRequest{Settings: settings, HostKey: sdk.HostKey(ctx)}, "")
	if err != nil {
		return nil, err
	}
	if r.GetSession() == "" {
		return nil, unreadable(errors.New("a session without an id"))
	}
	return &session{client: c, id: r.GetSession(), base: context.WithoutCancel(ctx)}, nil
}

// checkSize returns an error if the documents are too large for one message. A message also has some
// small fields.
func checkSize(documents ...json.RawMessage) error {
	const most = MaxMessage - 1<<20
	size := 0
	for _, d := range documents {
		size += len(d)
	}
	if size > most {
		return sdk.Errorf(sdk.InvalidInput, "the input has %d bytes, which exceeds the limit of %d for a plugin", size, most)
	}
	return nil
}

// closeLimit is the deadline of Close, which has no context.
const closeLimit = 5 * time.Second

// session is the host's end of a session in a plugin process.
type session struct {
	*client
	id     string
	base   context.Context // context of Open, without its cancellation
	closed atomic.Bool
}

var _ sdk.Session = (*session)(nil)

func (s *session) Check(ctx context.Context) (sdk.Health, error) {
	if err := s.usable(ctx); err != nil {
		return sdk.Health{}, err
	}
	r, err := call(ctx, s.rpc.Check, &pb.CheckRequest{Session: s.id}, "")
	var health sdk.Health
	if raw := r.GetHealth(); len(raw) > 0 {
		if err := json.Unmarshal(raw, &health); err != nil {
			return sdk.Health{}, unreadable(err)
		}
	}
	return health, err
}

func (s *session) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	if err := s.usable(ctx, input); err != nil {
		return sdk.Result{}, err
	}
	request := &pb.RunRequest{Session: s.id, Action: text(action), Input: input}
	r, err := call(ctx, s.rpc.Run, request, "; whether the action took effect is not known")
	result := sdk.Result{Output: document(r.GetOutput()), Calls: each(r.GetCalls(), decodeCall)}
	if err == nil {
		// The host enforces the dry run itself, because the plugin can be from another vendor.
		err = describe(s.manifest.Load(), action).CheckDryRun(input, result.Output)
	}
	return result, err
}

func (s *session) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	if err := s.usable(ctx, params, from); err != nil {
		return sdk.RawPage{}, err
	}
	r, err := s.rpc.Poll(ctx, &pb.PollRequest{Session: s.id, Trigger: text(trigger), Params: params, From: from})
	if err != nil {
		return sdk.RawPage{}, callError(ctx, err, "")
	}
	return decodePage(r)
}

func (s *session) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.base, closeLimit)
	defer cancel()
	_, err := call(ctx, s.rpc.Close, &pb.CloseRequest{Session: s.id}, "")
	if errors.Is(err, ErrBroken) || errors.Is(err, ErrNotStarted) {
		return nil // the session ends with its process
	}
	return err
}

// usable returns an error for a closed session, an ended context, and documents that are too
// large. The session in the plugin returns the same errors.
func (s *session) usable(ctx context.Context, documents ...json.RawMessage) error {
	if s.closed.Load() {
		return sdk.Errorf(sdk.InvalidInput, "the session is closed")
	}
	if err := ctx.Err(); err != nil {
		return sdk.AsError(err)
	}
	return checkSize(documents...)
}
