//go:build linux

package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
)

// logEvent contains the members of an event that the check needs.
type logEvent struct {
	UUID   string          `json:"uuid"`
	Type   string          `json:"eventType"`
	Target json.RawMessage `json:"target"` // raw, because some events are malformed
}

// settle waits until every run has ended, stops w, and checks the results.
func (s *fixture) settle(w *watch) string {
	s.Helper()
	s.waitForRuns(w, s.events)
	w.stop()
	return s.check()
}

// waitForRuns waits until this number of runs has ended.
func (s *fixture) waitForRuns(w *watch, runs int) {
	s.Helper()
	s.until(fmt.Sprintf("end of %d runs", runs), 45*time.Second, func() bool {
		if w.ended() {
			s.Fatalf("soar watch ended: %s", w.output())
		}
		return s.finished() >= runs
	})
}

// finished returns the number of ended runs in the store.
func (s *fixture) finished() int {
	if _, err := os.Stat(s.store); err != nil {
		return 0
	}
	store, err := embedded.OpenStore(s.Context(), s.store)
	if err != nil {
		return 0 // the store is being created
	}
	defer store.Close()
	n := 0
	for _, status := range []engine.Status{engine.Succeeded, engine.Failed} {
		runs, err := store.Runs(s.Context(), embedded.Query{Status: status, Limit: 10 * (s.events + 1)})
		if err != nil {
			return 0
		}
		n += len(runs)
	}
	return n
}

// check checks that every matching event of the org started its playbook exactly once, and that no user was
// suspended twice. It reads the events from the org's log over HTTP and the runs from the store.
func (s *fixture) check() string {
	s.Helper()
	s.interceptWith(nil)
	s.org.ClearFaults()
	s.org.ClearLimits()
	want, suspended := map[string]bool{}, map[string]int{}
	for _, e := range s.readLog() {
		switch e.Type {
		case trigger:
			want[e.UUID] = true
		case "user.lifecycle.suspend":
			var targets []struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(e.Target, &targets); err != nil {
				s.Error(err)
			}
			for _, t := range targets {
				suspended[t.ID]++
			}
		}
	}
	if len(want) != s.events {
		s.Errorf("the org's log has %d matching events, not %d: the test is wrong", len(want), s.events)
	}
	store, err := embedded.OpenStore(context.Background(), s.store)
	if err != nil {
		s.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(context.Background(), embedded.Query{Limit: 10 * (s.events + 1)})
	if err != nil {
		s.Fatal(err)
	}
	got := map[string]int{}
	for _, run := range runs {
		got[run.EventID]++
		if run.Status != engine.Succeeded {
			s.Errorf("the run of event %s is %s: %+v", run.EventID, run.Status, run.Error)
		}
		if !want[run.EventID] {
			s.Errorf("a run of event %s, which is missing in the org or does not match", run.EventID)
		}
	}
	for id := range want {
		if got[id] != 1 {
			s.Errorf("event %s started %d runs", id, got[id])
		}
	}
	for user, times := range suspended {
		if times != 1 {
			s.Errorf("user %s was suspended %d times", user, times)
		}
	}
	if len(suspended) != s.users {
		s.Errorf("%d of %d users are suspended", len(suspended), s.users)
	}
	return fmt.Sprintf("each of %d events started once", len(want))
}

// readLog reads the whole log over HTTP.
func (s *fixture) readLog() []logEvent {
	s.Helper()
	now := time.Now()
	q := url.Values{
		"since": {now.Add(-80 * 24 * time.Hour).UTC().Format(time.RFC3339)}, "until": {now.Add(48 * time.Hour).UTC().Format(time.RFC3339)}, "limit": {"1000"},
	}
	var all []logEvent
	for next := s.server.URL + logPath + "?" + q.Encode(); next != ""; {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, next, nil)
		if err != nil {
			s.Fatal(err)
		}
		req.Header.Set("Authorization", "SSWS "+s.token)
		resp, err := s.server.Client().Do(req)
		if err != nil {
			s.Fatal(err)
		}
		var page []logEvent
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			s.Fatalf("read the org's log: status %d, %v", resp.StatusCode, err)
		}
		all = append(all, page...)
		next = ""
		for _, link := range resp.Header.Values("Link") {
			if target, rel, _ := strings.Cut(link, ">"); strings.Contains(rel, `"next"`) {
				next = strings.TrimPrefix(target, "<")
			}
		}
	}
	return all
}
