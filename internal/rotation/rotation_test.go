package rotation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

func TestMain(m *testing.M) {
	// The Okta SDK starts this goroutine for each client and ends it when the client is collected.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"))
}

// files holds the settings that a connection would read from its files.
type files struct {
	mu   sync.Mutex
	text string
	err  error
}

func (f *files) settings() (json.RawMessage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return json.RawMessage(f.text), f.err
}

func (f *files) set(text string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text, f.err = text, err
}

func settingsOf(org *oktasim.Server, token string) string {
	return fmt.Sprintf(`{"org_url":%q,"token":%q}`, org.URL, token)
}

// openCounted opens a rotating session on an org, and counts the sessions that are open.
func openCounted(t *testing.T, org *oktasim.Server) (*Session, *files, *atomic.Int64) {
	t.Helper()
	backend, err := okta.Backend()
	if err != nil {
		t.Fatal(err)
	}
	f, open := &files{text: settingsOf(org, org.Token)}, new(atomic.Int64)
	s, err := Open(t.Context(), Options{Settings: f.settings, Open: func(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
		one, err := backend.Open(ctx, settings)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return counted{one, open}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s, f, open
}

type counted struct {
	sdk.Session
	open *atomic.Int64
}

func (c counted) Close() error {
	c.open.Add(-1)
	return c.Session.Close()
}

func run(t *testing.T, s sdk.Session, action, input string) (sdk.Result, error) {
	t.Helper()
	return s.Run(t.Context(), action, json.RawMessage(input))
}

// TestRotationUnderLoad rotates the token 30 times while calls go on. No call may fail, and each former session must be
// closed. Reads survive if the former token becomes invalid as soon as the file has the new one. For writes, it stays
// valid until the calls that use it have ended: a write whose result cannot be read is never repeated.
func TestRotationUnderLoad(t *testing.T) {
	for name, actions := range map[string][]string{"reads": {"get_user"}, "reads and writes": {"get_user", "suspend_user", "unsuspend_user"}} {
		t.Run(name, func(t *testing.T) { rotateUnderLoad(t, actions, len(actions) > 1) })
	}
}

func rotateUnderLoad(t *testing.T, actions []string, overlap bool) {
	org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
	s, f, open := openCounted(t, org)
	if _, err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var calls atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := actions[:1]
			if i == 0 {
				own = actions
			}
			for n := 0; ctx.Err() == nil; n++ {
				action := own[n%len(own)]
				if _, err := run(t, s, action, `{"user":"alice.moreau@corp.example"}`); err != nil {
					t.Errorf("%s: %v", action, err)
					return
				}
				calls.Add(1)
			}
		})
	}
	admin, former := adminOf(t, org), ""
	for i := range 30 {
		token := fmt.Sprintf("rotated-token-%d", i)
		org.AddAPIToken(oktasim.NewAPIToken{Token: token, User: admin})
		f.set(settingsOf(org, token), nil)
		if overlap {
			s.due()
			until(t, func() bool { return s.uses(settingsOf(org, token)) && open.Load() == 1 })
		}
		org.RevokeAPIToken(former)
		former = token
		target := calls.Load() + 20
		until(t, func() bool { return calls.Load() >= target && s.uses(settingsOf(org, token)) })
	}
	stop()
	wg.Wait()
	if n := open.Load(); n != 1 {
		t.Errorf("%d sessions are open, want 1", n)
	}
	if err := s.Close(); err != nil || open.Load() != 0 {
		t.Errorf("%v, %d sessions are open at the end", err, open.Load())
	}
}

// until waits for a condition, or for a failure of the test.
func until(t *testing.T, met func() bool) {
	t.Helper()
	for !met() && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
}

// due makes the next call read the files.
func (s *Session) due() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = time.Time{}
}

func (s *Session) uses(settings string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.settings) == settings
}

func adminOf(t *testing.T, org *oktasim.Server) string {
	t.Helper()
	backend, err := okta.Backend()
	if err != nil {
		t.Fatal(err)
	}
	one, err := backend.Open(t.Context(), json.RawMessage(settingsOf(org, org.Token)))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	health, err := one.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(health.Account)[0]
}

// TestRejectedSecrets checks that a connection keeps its secrets if the new ones cannot be used.
func TestRejectedSecrets(t *testing.T) {
	other := oktasim.Start(t, oktasim.Options{})
	for name, set := range map[string]func(f *files, org *oktasim.Server){
		"unreadable file":    func(f *files, _ *oktasim.Server) { f.set("", errors.New("the file is empty")) },
		"invalid settings":   func(f *files, _ *oktasim.Server) { f.set(`{"token":"x"}`, nil) },
		"wrong token":        func(f *files, org *oktasim.Server) { f.set(settingsOf(org, "wrong-token"), nil) },
		"token of other org": func(f *files, _ *oktasim.Server) { f.set(settingsOf(other, other.Token), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
			s, f, open := openCounted(t, org)
			defer s.Close()
			if _, err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			set(f, org)
			s.due()
			if _, err := run(t, s, "get_user", `{"user":"alice.moreau@corp.example"}`); err != nil {
				t.Error(err)
			}
			if open.Load() != 1 {
				t.Errorf("%d sessions are open, want 1", open.Load())
			}
		})
	}
}

// TestWarningsAreRare checks that a file that cannot be read is not logged at every call.
func TestWarningsAreRare(t *testing.T) {
	org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
	s, f, _ := openCounted(t, org)
	defer s.Close()
	var log bytes.Buffer
	s.o.Logger = hclog.New(&hclog.LoggerOptions{Output: &log})
	f.set("", errors.New("the file is empty"))
	for range 5 {
		s.due()
		if _, err := run(t, s, "get_user", `{"user":"alice.moreau@corp.example"}`); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "the file is empty"); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, &log)
	}
}

// TestClosedSessionOpensNoOther checks that new secrets after the end open no session.
func TestClosedSessionOpensNoOther(t *testing.T) {
	org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
	s, f, open := openCounted(t, org)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	org.AddAPIToken(oktasim.NewAPIToken{Token: "later-token", User: adminOf(t, org)})
	f.set(settingsOf(org, "later-token"), nil)
	s.due()
	if _, err := run(t, s, "get_user", `{"user":"alice.moreau@corp.example"}`); err == nil {
		t.Error("a call on a closed session succeeded")
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

// TestCallThatChangedSomethingIsNotRepeated checks which requests forbid a repetition.
func TestCallThatChangedSomethingIsNotRepeated(t *testing.T) {
	for _, c := range []struct {
		call sdk.Call
		want bool
	}{
		{sdk.Call{Method: "GET", Status: 200}, false},
		{sdk.Call{Method: "HEAD", Status: 0}, false},
		{sdk.Call{Method: "POST", Status: 401}, false},
		{sdk.Call{Method: "POST", Status: 200}, true},
		{sdk.Call{Method: "POST", Status: 0}, true},
		{sdk.Call{Method: "DELETE", Status: 502}, true},
	} {
		if got := mayHaveChanged(c.call); got != c.want {
			t.Errorf("%s %d: got %t", c.call.Method, c.call.Status, got)
		}
	}
}
