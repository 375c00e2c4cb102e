package plugin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"soar.example/okta/plugin/internal/inflight"
	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// server answers the calls of a host with a backend.
type server struct {
	pb.UnimplementedConnectorServer
	backend    sdk.Backend
	logger     hclog.Logger
	largest    int // bytes that an answer may have
	calls      inflight.Calls
	sessions   sessions
	registered atomic.Bool // whether it ever came up
}

func newServer(b sdk.Backend, logger hclog.Logger) *server {
	return &server{backend: b, logger: logger, largest: MaxMessage}
}

// serve makes one call, unless the process is about to end. failed returns the
// response that replaces one that is too large.
func serve[R proto.Message](ctx context.Context, s *server, call func(context.Context) R, failed func(R, *pb.Error) R) (R, error) {
	if !s.calls.Begin() {
		var none R
		return none, status.Error(statusNotStarted, ErrNotStarted.Error())
	}
	defer s.calls.End()
	response := call(hclog.WithContext(ctx, s.logger))
	if size := proto.Size(response); size > s.largest {
		err := sdk.Errorf(sdk.Internal, "the response has %d bytes, which is more than the %d that a host takes", size, s.largest)
		return failed(response, encodeError(err)), nil
	}
	return response, nil
}

func (s *server) Manifest(ctx context.Context, _ *pb.ManifestRequest) (*pb.ManifestResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.ManifestResponse {
		raw, err := s.manifest(ctx)
		return &pb.ManifestResponse{Manifest: raw, Error: encodeError(err)}
	}, func(_ *pb.ManifestResponse, e *pb.Error) *pb.ManifestResponse { return &pb.ManifestResponse{Error: e} })
}

func (s *server) manifest(ctx context.Context) (raw []byte, err error) {
	defer recovered(ctx, "describing the connector", &err)
	m, err := s.backend.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	return encodeJSON(m)
}

func (s *server) Validate(ctx context.Context, r *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.ValidateResponse {
		return &pb.ValidateResponse{Error: encodeError(s.validate(ctx, r))}
	}, func(_ *pb.ValidateResponse, e *pb.Error) *pb.ValidateResponse { return &pb.ValidateResponse{Error: e} })
}

func (s *server) validate(ctx context.Context, r *pb.ValidateRequest) (err error) {
	defer recovered(ctx, "checking parameters", &err)
	return s.backend.Validate(ctx, r.GetTrigger(), document(r.GetParams()))
}

func (s *server) Open(ctx context.Context, r *pb.OpenRequest) (*pb.OpenResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.OpenResponse {
		session, err := s.open(sdk.WithHostKey(ctx, r.GetHostKey()), r.GetSettings())
		if err != nil {
			return &pb.OpenResponse{Error: encodeError(err)}
		}
		if err := ctx.Err(); err != nil {
			// The host does not receive the ID of this session.
			return &pb.OpenResponse{Error: encodeError(errors.Join(err, closeSession(ctx, session)))}
		}
		return &pb.OpenResponse{Session: s.sessions.add(ctx, session)}
	}, func(_ *pb.OpenResponse, e *pb.Error) *pb.OpenResponse { return &pb.OpenResponse{Error: e} })
}

func (s *server) open(ctx context.Context, settings []byte) (session sdk.Session, err error) {
	defer recovered(ctx, "opening a session", &err)
	return s.backend.Open(ctx, document(settings))
}

func (s *server) Close(ctx context.Context, r *pb.CloseRequest) (*pb.CloseResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.CloseResponse {
		return &pb.CloseResponse{Error: encodeError(s.sessions.close(ctx, r.GetSession()))}
	}, func(_ *pb.CloseResponse, e *pb.Error) *pb.CloseResponse { return &pb.CloseResponse{Error: e} })
}

func (s *server) Check(ctx context.Context, r *pb.CheckRequest) (*pb.CheckResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.CheckResponse {
		raw, err := s.check(ctx, r)
		return &pb.CheckResponse{Health: raw, Error: encodeError(err)}
	}, func(_ *pb.CheckResponse, e *pb.Error) *pb.CheckResponse { return &pb.CheckResponse{Error: e} })
}

func (s *server) check(ctx context.Context, r *pb.CheckRequest) (raw []byte, err error) {
	defer recovered(ctx, "check", &err)
	ctx, done, session, err := s.sessions.use(ctx, r.GetSession())
	if err != nil {
		return nil, err
	}
	defer done()
	health, err := session.Check(ctx)
	raw, broken := encodeJSON(health)
	if err == nil {
		err = broken
	}
	return raw, err
}

func (s *server) Run(ctx context.Context, r *pb.RunRequest) (*pb.RunResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.RunResponse {
		result, err := s.run(ctx, r)
		return &pb.RunResponse{Output: result.Output, Calls: each(result.Calls, encodeCall), Error: encodeError(err)}
	}, func(large *pb.RunResponse, e *pb.Error) *pb.RunResponse {
		return &pb.RunResponse{Calls: large.Calls, Error: e}
	})
}

func (s *server) run(ctx context.Context, r *pb.RunRequest) (result sdk.Result, err error) {
	defer recovered(ctx, "action "+r.GetAction(), &err)
	ctx, done, session, err := s.sessions.use(ctx, r.GetSession())
	if err != nil {
		return sdk.Result{}, err
	}
	defer done()
	result, err = session.Run(ctx, r.GetAction(), document(r.GetInput()))
	if err == nil {
		err = s.action(ctx, r.GetAction()).CheckDryRun(r.GetInput(), result.Output)
	}
	return result, err
}

// action describes an action, by its name alone if the connector does not.
func (s *server) action(ctx context.Context, name string) *sdk.ActionInfo {
	if m, err := s.backend.Manifest(ctx); err == nil {
		if a := m.Action(name); a != nil {
			return a
		}
	}
	return &sdk.ActionInfo{Name: name}
}

func (s *server) Poll(ctx context.Context, r *pb.PollRequest) (*pb.PollResponse, error) {
	return serve(ctx, s, func(ctx context.Context) *pb.PollResponse {
		return encodePage(s.poll(ctx, r))
	}, func(large *pb.PollResponse, e *pb.Error) *pb.PollResponse {
		return &pb.PollResponse{Calls: large.Calls, Error: e}
	})
}

func (s *server) poll(ctx context.Context, r *pb.PollRequest) (page sdk.RawPage, err error) {
	defer recovered(ctx, "trigger "+r.GetTrigger(), &err)
	ctx, done, session, err := s.sessions.use(ctx, r.GetSession())
	if err != nil {
		return sdk.RawPage{}, err
	}
	defer done()
	return session.Poll(ctx, r.GetTrigger(), document(r.GetParams()), document(r.GetFrom()))
}

// end closes every session and waits, up to grace, until that and the calls
// that are under way are through. Nothing begins any more.
func (s *server) end(ctx context.Context, grace time.Duration) {
	idle := s.calls.Drain()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.sessions.closeAll(ctx)
		<-idle
		s.sessions.closeAll(ctx) // one more may have been opened meanwhile
	}()
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case <-closed:
	case <-limit.C:
		s.logger.Warn("calls or sessions did not end in time", "grace", grace)
	}
}

// recovered turns a panic into an error, so that one bad call does not take every
// other one down with the process.
func recovered(ctx context.Context, what string, err *error) {
	if r := recover(); r != nil {
		hclog.FromContext(ctx).Error("panic", "in", what, "panic", schema.MaskText(fmt.Sprint(r)), "stack", string(debug.Stack()))
		*err = &sdk.Error{Code: sdk.Internal, Message: what + " broke down half-way; whatever it had done by then stands"}
	}
}

// sessions are the open sessions of a process by id. The zero value is empty.
type sessions struct {
	mu   sync.Mutex
	open map[string]opened
}

type opened struct {
	session sdk.Session
	life    context.Context // ends when the session is closed
	end     context.CancelFunc
}

// add keeps session under a new id, which cannot be guessed: it is all that
// keeps two users of one process apart.
func (s *sessions) add(ctx context.Context, session sdk.Session) string {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]opened{}
	}
	s.open[id] = opened{session, life, end}
	return id
}

// use returns the session and a context that ends with it. done must be called.
func (s *sessions) use(ctx context.Context, id string) (_ context.Context, done func(), _ sdk.Session, _ error) {
	s.mu.Lock()
	o, ok := s.open[id]
	s.mu.Unlock()
	if !ok {
		return nil, nil, nil, sdk.Invalid("the session is not open")
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(o.life, cancel)
	return ctx, func() { stop(); cancel() }, o.session, nil
}

// close ends a session; one that is not open is no error.
func (s *sessions) close(ctx context.Context, id string) error {
	s.mu.Lock()
	o, ok := s.open[id]
	delete(s.open, id)
	s.mu.Unlock()
	if !ok {
		return nil
	}
	o.end()
	return closeSession(ctx, o.session)
}

// closeAll ends every session, all at the same time: one that hangs must not
// keep the others open.
func (s *sessions) closeAll(ctx context.Context) {
	s.mu.Lock()
	all := s.open
	s.open = nil
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, o := range all {
		wg.Go(func() {
			o.end()
			if err := closeSession(ctx, o.session); err != nil {
				hclog.FromContext(ctx).Warn("session did not close well", "error", err)
			}
		})
	}
	wg.Wait()
}

func closeSession(ctx context.Context, session sdk.Session) (err error) {
	defer recovered(ctx, "closing a session", &err)
	return session.Close()
}
