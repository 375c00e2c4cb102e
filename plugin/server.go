package plugin

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"soar.example/okta/plugin/internal/inflight"
	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// server serves a backend to a host.
type server struct {
	pb.UnimplementedConnectorServer
	backend    sdk.Backend
	logger     hclog.Logger
	largest    int // maximum size of a response in bytes
	calls      inflight.Calls
	sessions   sessions
	registered atomic.Bool // whether the host has connected
}

func newServer(b sdk.Backend, logger hclog.Logger) *server {
	return &server{backend: b, logger: logger, largest: MaxMessage}
}

// serve makes one call, unless the process is about to end, and adds its error to the response. A
// panic becomes an error, so that it does not end other calls. The argument name is the name of
// the call. A response that is too large keeps only the list of requests.
func serve[R proto.Message](ctx context.Context, s *server, name string, call func(context.Context) (R, error)) (R, error) {
	if !s.calls.Begin() {
		var none R
		return none, status.Error(statusNotStarted, ErrNotStarted.Error())
	}
	defer s.calls.End()
	ctx = hclog.WithContext(ctx, s.logger)
	response, err := func() (response R, err error) {
		defer sdk.Recover(ctx, name, &err)
		return call(ctx)
	}()
	m := response.ProtoReflect()
	if !m.IsValid() {
		m = m.New()
	}
	setError := func(err error) {
		if e := encodeError(err); e != nil {
			m.Set(m.Descriptor().Fields().ByName("error"), protoreflect.ValueOfMessage(e.ProtoReflect()))
		}
	}
	setError(err)
	if size := proto.Size(m.Interface()); size > s.largest {
		m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			if field.Name() != "calls" {
				m.Clear(field)
			}
			return true
		})
		setError(sdk.Errorf(sdk.Internal, "the response has %d bytes, which exceeds the limit of %d for a host", size, s.largest))
	}
	return m.Interface().(R), nil
}

func (s *server) Manifest(ctx context.Context, _ *pb.ManifestRequest) (*pb.ManifestResponse, error) {
	return serve(ctx, s, "describing the connector", func(ctx context.Context) (*pb.ManifestResponse, error) {
		m, err := s.backend.Manifest(ctx)
		if err != nil {
			return nil, err
		}
		raw, err := encodeJSON(m)
		return &pb.ManifestResponse{Manifest: raw}, err
	})
}

func (s *server) Validate(ctx context.Context, r *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	return serve(ctx, s, "checking parameters", func(ctx context.Context) (*pb.ValidateResponse, error) {
		return nil, s.backend.Validate(ctx, r.GetTrigger(), document(r.GetParams()))
	})
}

func (s *server) Open(ctx context.Context, r *pb.OpenRequest) (*pb.OpenResponse, error) {
	return serve(ctx, s, "opening a session", func(ctx context.Context) (*pb.OpenResponse, error) {
		ctx = sdk.WithHostKey(ctx, r.GetHostKey())
		session, err := s.backend.Open(ctx, document(r.GetSettings()))
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			// The host will not receive the ID of this session.
			return nil, errors.Join(err, closeSession(ctx, session))
		}
		return &pb.OpenResponse{Session: s.sessions.add(ctx, session)}, nil
	})
}

func (s *server) Close(ctx context.Context, r *pb.CloseRequest) (*pb.CloseResponse, error) {
	return serve(ctx, s, "closing a session", func(ctx context.Context) (*pb.CloseResponse, error) {
		return nil, s.sessions.close(ctx, r.GetSession())
	})
}

func (s *server) Check(ctx context.Context, r *pb.CheckRequest) (*pb.CheckResponse, error) {
	return serve(ctx, s, "check", func(ctx context.Context) (*pb.CheckResponse, error) {
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
		return &pb.CheckResponse{Health: raw}, err
	})
}

func (s *server) Run(ctx context.Context, r *pb.RunRequest) (*pb.RunResponse, error) {
	return serve(ctx, s, "action "+r.GetAction(), func(ctx context.Context) (*pb.RunResponse, error) {
		ctx, done, session, err := s.sessions.use(ctx, r.GetSession())
		if err != nil {
			return nil, err
		}
		defer done()
		result, err := session.Run(ctx, r.GetAction(), document(r.GetInput()))
		if err == nil {
			m, _ := s.backend.Manifest(ctx)
			err = describe(m, r.GetAction()).CheckDryRun(r.GetInput(), result.Output)
		}
		return &pb.RunResponse{Output: result.Output, Calls: each(result.Calls, encodeCall)}, err
	})
}

// describe returns the description of an action. It returns only the name if m is nil or does not
// describe the action.
func describe(m *sdk.Manifest, action string) *sdk.ActionInfo {
	if m != nil {
		if a := m.Action(action); a != nil {
			return a
		}
	}
	return &sdk.ActionInfo{Name: action}
}

func (s *server) Poll(ctx context.Context, r *pb.PollRequest) (*pb.PollResponse, error) {
	return serve(ctx, s, "trigger "+r.GetTrigger(), func(ctx context.Context) (*pb.PollResponse, error) {
		ctx, done, session, err := s.sessions.use(ctx, r.GetSession())
		if err != nil {
			return nil, err
		}
		defer done()
		return encodePage(session.Poll(ctx, r.GetTrigger(), document(r.GetParams()), document(r.GetFrom()))), nil
	})
}

// end closes every session, and waits up to grace for the sessions and the calls in progress. It
// accepts no more calls.
func (s *server) end(ctx context.Context, grace time.Duration) {
	idle := s.calls.Drain()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.sessions.closeAll(ctx)
		<-idle
		s.sessions.closeAll(ctx) // a call in progress may have opened another one
	}()
	if !await(grace, closed, nil, nil) {
		s.logger.Warn("calls or sessions did not end in time", "grace", grace)
	}
}

// sessions holds the open sessions of a process by ID. The zero value is empty.
type sessions struct {
	mu   sync.Mutex
	open map[string]opened
}

type opened struct {
	session sdk.Session
	life    context.Context // ends when the session is closed
	end     context.CancelFunc
}

// add stores session under a new random ID. The ID protects the sessions of one user of the
// process from another.
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

// use returns the session, and a context that ends with the session. The caller must call done.
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

// close closes a session. It returns no error for a session that is not open.
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

// closeAll closes all sessions concurrently, so that one session that does not end cannot delay
// the others.
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
				hclog.FromContext(ctx).Warn("session closed with an error", "error", err)
			}
		})
	}
	wg.Wait()
}

func closeSession(ctx context.Context, session sdk.Session) (err error) {
	defer sdk.Recover(ctx, "closing a session", &err)
	return session.Close()
}
