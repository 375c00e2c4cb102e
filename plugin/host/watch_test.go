package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// A response is the result of one poll of the trigger ticks.
type response struct {
	events int
	more   bool
	err    error
	pause  time.Duration
}

type checkpoint struct {
	At int `json:"at"`
}

type fact struct {
	Number int `json:"number" jsonschema_description:"Number of the event."`
}

// watched is a session with a trigger that responds as the test determines. It records the time
// and the checkpoint of each poll.
type watched struct {
	sdk.Session
	start time.Time
	polls []poll
}

type poll struct {
	after time.Duration
	from  int
}

func ticks(t *testing.T, next func(n, from int) response) *watched {
	t.Helper()
	w := &watched{start: time.Now()}
	type none struct{}
	b, err := sdk.Connector[none, *watched]{
		Name: "ticks", Title: "Ticks", Summary: "Ticks.", Docs: "https://example.com", Version: "1.0.0",
		Open:  func(context.Context, none) (*watched, error) { return w, nil },
		Check: func(context.Context, *watched) (sdk.Health, error) { return sdk.Health{}, nil },
		Triggers: []sdk.AnyTrigger[*watched]{sdk.Trigger[*watched, none, checkpoint, fact]{
			Name: "ticks", Title: "Ticks", Summary: "Ticks.", Docs: "https://example.com", Every: time.Minute,
			Poll: func(ctx context.Context, w *watched, _ none, from checkpoint) (sdk.Page[checkpoint, fact], error) {
				w.polls = append(w.polls, poll{time.Since(w.start), from.At})
				a := next(len(w.polls), from.At)
				if a.err != nil {
					return sdk.Page[checkpoint, fact]{}, a.err
				}
				page := sdk.Page[checkpoint, fact]{Next: checkpoint{from.At + a.events}, More: a.more, Pause: a.pause, Seen: a.events}
				for i := range a.events {
					page.Events = append(page.Events, sdk.Event[fact]{ID: fmt.Sprint(from.At + i), Data: fact{from.At + i}})
				}
				return page, nil
			},
		}},
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	w.Session, err = b.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// waits returns the times between the polls.
func (w *watched) waits() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(w.polls); i++ {
		all = append(all, w.polls[i].after-w.polls[i-1].after)
	}
	return all
}

// watch runs Watch on w until Watch or ctx ends.
func (w *watched) watch(ctx context.Context, o host.WatchOptions) error {
	if o.Handle == nil {
		o.Handle = func(context.Context, sdk.RawPage) error { return nil }
	}
	ctx = hclog.WithContext(ctx, hclog.NewNullLogger())
	return host.Watch(ctx, host.Source{Session: w.Session, Trigger: "ticks", Every: time.Minute}, o)
}

// near fails the test unless each wait is within a tenth of the wanted wait.
func near(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if len(got) < len(want) {
		t.Fatalf("waited %v, want %v", got, want)
	}
	for i := range want {
		if got[i] < want[i]*9/10 || got[i] > want[i]*11/10 {
			t.Errorf("wait %d was %s, want about %s", i, got[i], want[i])
		}
	}
}

// TestWatchPace checks that Watch polls at once, continues at once if there are more pages, and
// otherwise waits. Each poll continues after the previous page.
func TestWatchPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		w := ticks(t, func(n, _ int) response { return response{events: n % 3, more: n == 1 || n == 2} })
		var seen []string
		var statuses []host.Status
		err := w.watch(ctx, host.WatchOptions{
			Handle: func(_ context.Context, page sdk.RawPage) error {
				for _, e := range page.Events {
					seen = append(seen, e.ID)
				}
				return nil
			},
			Observe: func(s host.Status) { statuses = append(statuses, s) },
		})
		if err != nil {
			t.Error(err)
		}
		if w.polls[0].after != 0 {
			t.Errorf("the first poll came after %s", w.polls[0].after)
		}
		near(t, w.waits(), 0, 0, time.Minute, time.Minute, time.Minute)
		if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(seen[:5], want) {
			t.Errorf("handled %v, want %v", seen, want)
		}
		first, third := statuses[0], statuses[2]
		if first.Seen != 1 || first.Matched != 1 || !first.More || first.Wait != 0 || third.More || third.Wait < 54*time.Second {
			t.Errorf("observed %+v, %+v", first, third)
		}
	})
}

// TestWatchFrom checks that Watch starts at the checkpoint of its options.
func TestWatchFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := ticks(t, func(int, int) response { return response{events: 1} })
		err := w.watch(ctx, host.WatchOptions{
			From:    json.RawMessage(`{"at":41}`),
			Observe: func(host.Status) { cancel() },
		})
		if err != nil || len(w.polls) != 1 || w.polls[0].from != 41 {
			t.Errorf("got %v, %v", w.polls, err)
		}
	})
}

// TestWatchStuck checks that a trigger that reports more pages without moving is not polled in a
// tight loop.
func TestWatchStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		w := ticks(t, func(int, int) response { return response{more: true} })
		if err := w.watch(ctx, host.WatchOptions{}); err != nil {
			t.Error(err)
		}
		// The first page moves the checkpoint from nil.
		near(t, w.waits(), 0, time.Minute, time.Minute)
	})
}

// TestWatchBacksOff checks that transient errors are retried with growing waits.
func TestWatchBacksOff(t *testing.T) {
	for _, code := range []sdk.Code{sdk.RateLimited, sdk.Unavailable, sdk.Timeout} {
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				w := ticks(t, func(n, _ int) response {
					if n == 10 {
						return response{events: 1}
					}
					return response{err: sdk.Errorf(code, "not now")}
				})
				var statuses []host.Status
				if err := w.watch(ctx, host.WatchOptions{Observe: func(s host.Status) { statuses = append(statuses, s) }}); err != nil {
					t.Error(err)
				}
				const s = time.Second
				near(t, w.waits(), s, 2*s, 4*s, 8*s, 16*s, 32*s, 60*s, 60*s, 60*s, 60*s, s, 2*s)
				if st := statuses[3]; st.Failures != 4 || st.Err == nil || st.Handling || st.Ended || st.Wait < 7*s {
					t.Errorf("observed %+v", st)
				}
				if w.polls[10].from != 1 || w.polls[9].from != 0 {
					t.Errorf("polled %v", w.polls[8:11])
				}
			})
		})
	}
}

// TestWatchObeysRetryAfter checks that Watch does not poll again before RetryAfter has passed.
func TestWatchObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		wait := []time.Duration{10 * time.Second, time.Millisecond, 5 * time.Hour, -time.Hour}
		w := ticks(t, func(n, _ int) response {
			if n > len(wait) {
				return response{}
			}
			return response{err: &sdk.Error{Code: sdk.RateLimited, Message: "slow down", RetryAfter: wait[n-1]}}
		})
		if err := w.watch(ctx, host.WatchOptions{}); err != nil {
			t.Error(err)
		}
		got := w.waits()
		if got[0] < 10*time.Second || got[0] > 11*time.Second {
			t.Errorf("waited %s for 10s", got[0])
		}
		near(t, got[1:], 2*time.Second) // the backoff is longer
		if got[2] < 5*time.Hour || got[2] > 5*time.Hour+time.Minute {
			t.Errorf("waited %s for 5h", got[2])
		}
		near(t, got[3:], 8*time.Second)
	})
}

// TestWatchKeepsPage checks that a page is kept until it is handled, and that the next page is not
// requested before.
func TestWatchKeepsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		w := ticks(t, func(int, int) response { return response{events: 2} })
		var handled []string
		attempts := 0
		var statuses []host.Status
		err := w.watch(ctx, host.WatchOptions{
			Handle: func(_ context.Context, page sdk.RawPage) error {
				attempts++
				// Not even an error that would end a poll loses the page.
				if attempts <= 9 {
					return sdk.Errorf(sdk.InvalidInput, "disk full")
				}
				for _, e := range page.Events {
					handled = append(handled, e.ID)
				}
				return nil
			},
			Observe: func(s host.Status) { statuses = append(statuses, s) },
		})
		if err != nil {
			t.Error(err)
		}
		if want := []string{"0", "1", "2", "3"}; !slices.Equal(handled[:4], want) {
			t.Errorf("handled %v", handled[:4])
		}
		// The retries take 1+2+4+8+16+32+60+60+60 seconds, and then the usual minute.
		near(t, w.waits(), 303*time.Second, time.Minute)
		if st := statuses[8]; !st.Handling || st.Failures != 9 || st.Matched != 2 || st.Ended {
			t.Errorf("observed %+v", st)
		}
	})
}

// TestWatchEnds checks that a permanent error ends the watch and is returned.
func TestWatchEnds(t *testing.T) {
	permanent := []sdk.Code{sdk.InvalidInput, sdk.Unauthenticated, sdk.Forbidden, sdk.NotFound, sdk.Conflict}
	for _, code := range permanent {
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := ticks(t, func(int, int) response { return response{err: sdk.Errorf(code, "no")} })
				var last host.Status
				err := w.watch(t.Context(), host.WatchOptions{Observe: func(s host.Status) { last = s }})
				var e *sdk.Error
				if !errors.As(err, &e) || e.Code != code || len(w.polls) != 1 || !last.Ended || last.Wait != 0 {
					t.Errorf("got %v after %d polls, %+v", err, len(w.polls), last)
				}
			})
		})
	}
	for name, err := range map[string]error{"internal": errors.New("bug"), "canceled": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := ticks(t, func(n, _ int) response {
					switch n {
					case 4:
						return response{}
					case 9:
						return response{err: sdk.Errorf(sdk.Timeout, "late")} // interrupts the sequence
					}
					return response{err: err}
				})
				got := w.watch(t.Context(), host.WatchOptions{})
				if got == nil || len(w.polls) != 15 {
					t.Errorf("got %v after %d polls", got, len(w.polls))
				}
			})
		})
	}
}

// TestWatchEndOfContext checks that Watch returns nil at once if its context ends, in every state.
func TestWatchEndOfContext(t *testing.T) {
	for _, test := range []struct {
		name     string
		response response
		handle   error
	}{
		{"waiting", response{}, nil},
		{"more pages", response{events: 1, more: true}, nil},
		{"backing off", response{err: sdk.Errorf(sdk.Unavailable, "down")}, nil},
		{"page not handled", response{events: 1}, errors.New("disk full")},
		{"permanent error", response{err: sdk.Errorf(sdk.Forbidden, "no")}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				w := ticks(t, func(n, _ int) response {
					if test.name == "permanent error" || test.name == "more pages" {
						cancel()
					}
					return test.response
				})
				start := time.Now()
				time.AfterFunc(500*time.Millisecond, cancel)
				err := w.watch(ctx, host.WatchOptions{Handle: func(context.Context, sdk.RawPage) error { return test.handle }})
				if err != nil || time.Since(start) > 500*time.Millisecond || len(w.polls) != 1 {
					t.Errorf("got %v after %s and %d polls", err, time.Since(start), len(w.polls))
				}
			})
		})
	}
}

func TestWatchRejectsIncompleteOptions(t *testing.T) {
	w := ticks(t, func(int, int) response { return response{} })
	handle := func(context.Context, sdk.RawPage) error { return nil }
	for name, f := range map[string]func() error{
		"session": func() error {
			return host.Watch(t.Context(), host.Source{Every: time.Second}, host.WatchOptions{Handle: handle})
		},
		"interval": func() error {
			return host.Watch(t.Context(), host.Source{Session: w}, host.WatchOptions{Handle: handle})
		},
		"handler": func() error {
			return host.Watch(t.Context(), host.Source{Session: w, Every: time.Second}, host.WatchOptions{})
		},
		"trigger": func() error {
			return host.Watch(t.Context(), host.Source{Session: w, Every: time.Second}, host.WatchOptions{Handle: handle})
		},
	} {
		if e := sdk.AsError(f()); e == nil || e.Code != sdk.InvalidInput {
			t.Errorf("without %s: %v", name, e)
		}
	}
}

// TestWatchThroughProcess checks that every event of a real process arrives once and in order,
// although the process is killed.
func TestWatchThroughProcess(t *testing.T) {
	t.Parallel()
	p := launch(t)
	s := open(t, p, "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []string
	var notices []string
	var l logs
	err := host.Watch(ctx, host.Source{Session: s, Trigger: "pages", Params: json.RawMessage(`{"events":2}`), Every: time.Hour}, host.WatchOptions{
		Logger: l.logger(hclog.Debug),
		Handle: func(ctx context.Context, page sdk.RawPage) error {
			if len(seen) == 2 {
				_, _ = s.Run(ctx, "crash", nil)
			}
			for _, e := range page.Events {
				seen = append(seen, e.ID)
			}
			notices = append(notices, page.Notices...)
			return nil
		},
		Observe: func(st host.Status) {
			if st.Err == nil && !st.More {
				cancel()
			}
		},
	})
	if err != nil {
		t.Error(err)
	}
	if want := "a-0-0 a-0-1 a-1-0 a-1-1 a-2-0 a-2-1"; strings.Join(seen, " ") != want {
		t.Errorf("saw %v", seen)
	}
	if len(notices) != 1 || !strings.Contains(l.String(), "half-way") {
		t.Errorf("notices %q, log %s", notices, l.String())
	}
}

// TestPauseBeforeNextPage checks that Watch waits before a further page as long as the page asks,
// but at most for its interval.
func TestPauseBeforeNextPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := []time.Duration{0, 5 * time.Second, time.Hour, -time.Second}
		w := ticks(t, func(n, _ int) response {
			return response{events: 1, more: n <= len(pauses), pause: pauses[min(n, len(pauses))-1]}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		if err := w.watch(ctx, host.WatchOptions{}); err != nil {
			t.Fatal(err)
		}
		near(t, w.waits(), 0, 5*time.Second, time.Minute, 0, time.Minute)
	})
}
