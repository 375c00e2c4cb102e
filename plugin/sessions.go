package plugin

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

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
