package watch

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// A resumer is a store and an org. Watches that poll once read the org's log, one after
// another.
type resumer struct {
	*testing.T
	org     *oktasim.Server
	path    string
	session sdk.Session
	m       *sdk.Manifest
	notices []string
	events  map[string][]string // ids by event type
}

func newResumer(t *testing.T) *resumer {
	t.Helper()
	r := &resumer{T: t, org: oktasim.Start(t, oktasim.Options{}), path: filepath.Join(t.TempDir(), "soar.db"), events: map[string][]string{}}
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	if r.m, err = backend.Manifest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.session, err = backend.Open(t.Context(), json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q}`, r.org.URL, r.org.Token))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.session.Close() })
	return r
}

const (
	push  = "user.mfa.okta_verify.deny_push"
	start = "user.session.start"
	lock  = "user.account.lock"
)

// happen adds an event of each type, some seconds ago.
func (r *resumer) happen(types ...string) {
	r.Helper()
	for _, kind := range types {
		at := time.Now().Add(-20 * time.Second).UTC().Format(time.RFC3339Nano)
		id := r.org.Append(oktasim.Event{"eventType": kind, "published": at, "outcome": map[string]any{"result": "FAILURE"}})
		r.events[kind] = append(r.events[kind], id...)
	}
}

// A book describes a playbook: its name, its event type and its other parameters.
type book struct{ name, kind, params string }

func (r *resumer) watcher(store *embedded.Store, books ...book) *Watcher {
	r.Helper()
	w := &Watcher{Connections: []embedded.Connection{{Name: "okta", Org: r.org.URL, Manifest: r.m, Session: r.session}}, Store: store}
	for _, b := range books {
		const form = "name: %s\ntitle: B\ntrigger: system_log\nevent_types: [%s]\nparams: {%s}\nsteps: [{id: look, action: get_user, with: {user: ann}}]\n"
		source := fmt.Sprintf(form, b.name, b.kind, b.params)
		loaded, err := playbook.Load(b.name+".yaml", []byte(source), playbook.Connections{"okta": r.m})
		if err != nil {
			r.Fatal(err)
		}
		w.Playbooks = append(w.Playbooks, loaded)
	}
	return w
}

// watch reads the whole log as a watch of the playbooks does, and stops.
func (r *resumer) watch(books ...book) {
	r.Helper()
	store, err := embedded.OpenStore(r.Context(), r.path)
	if err != nil {
		r.Fatal(err)
	}
	defer store.Close()
	w := r.watcher(store, books...)

	engine, err := embedded.New(store, embedded.Options{Connections: w.Connections})
	if err != nil {
		r.Fatal(err)
	}
	defer engine.Close()
	feeds, err := w.Feeds()
	if err != nil {
		r.Fatal(err)
	}
	if err := store.Resume(r.Context(), w.readings(feeds)); err != nil {
		r.Fatal(err)
	}
	for _, f := range feeds {
		checkpoint, err := store.Checkpoint(r.Context(), f.key)
		if err != nil {
			r.Fatal(err)
		}
		for more := true; more; {
			page, err := r.session.Poll(hclog.WithContext(r.Context(), hclog.NewNullLogger()), f.trigger, f.params, checkpoint)
			if err != nil {
				r.Fatal(err)
			}
			if _, err := engine.Accept(r.Context(), f.key, page, f.playbooks); err != nil {
				r.Fatal(err)
			}
			checkpoint, more = page.Next, page.More
			r.notices = append(r.notices, page.Notices...)
		}
	}
}

// started returns the number of a playbook's runs. It fails if an event has several runs.
func (r *resumer) started(name string) map[string]bool {
	r.Helper()
	store, err := embedded.OpenStore(r.Context(), r.path)
	if err != nil {
		r.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(r.Context(), embedded.Query{Playbook: name, Limit: 1000})
	if err != nil {
		r.Fatal(err)
	}
	ids := map[string]bool{}
	for _, run := range runs {
		if ids[run.EventID] {
			r.Errorf("event %s started %s twice", run.EventID, name)
		}
		ids[run.EventID] = true
	}
	return ids
}

func (r *resumer) all(name string, kinds ...string) {
	r.Helper()
	ids := r.started(name)
	n := 0
	for _, kind := range kinds {
		for i, id := range r.events[kind] {
			n++
			if !ids[id] {
				r.Errorf("%s event %d of %d did not start %s", kind, i+1, len(r.events[kind]), name)
			}
		}
	}
	if n != len(ids) {
		r.Errorf("%s has %d runs, want %d", name, len(ids), n)
	}
}

// TestEditedPlaybooksMissNoEvent checks that events that happen while no watch runs start each
// playbook once, however the playbooks were edited meanwhile.
func TestEditedPlaybooksMissNoEvent(t *testing.T) {
	for name, test := range map[string]struct {
		before, after []book
		notice        bool
	}{
		"nothing":                 {[]book{{"a", push, ""}}, []book{{"a", push, ""}}, false},
		"page size":               {[]book{{"a", push, "page_size: 500"}}, []book{{"a", push, "page_size: 1000"}}, false},
		"page size given":         {[]book{{"a", push, ""}}, []book{{"a", push, "page_size: 5"}}, false},
		"look-back given":         {[]book{{"a", push, ""}}, []book{{"a", push, "look_back: 1s"}}, false},
		"look-back and page size": {[]book{{"a", push, "look_back: 2s"}}, []book{{"a", push, "look_back: 1s, page_size: 2"}}, false},
		"format named":            {[]book{{"a", push, ""}}, []book{{"a", push, "format: okta"}}, false},
		"default given":           {[]book{{"a", push, ""}}, []book{{"a", push, "own_events: false"}}, false},
		"filter added":            {[]book{{"a", push, ""}}, []book{{"a", push, `filter: 'outcome.result eq "FAILURE"'`}}, true},
		"filter edited": {[]book{{"a", push, `filter: 'outcome.result eq "FAILURE"'`}},
			[]book{{"a", push, `filter: 'outcome.result ne "SUCCESS"'`}}, true},
		"filter removed":             {[]book{{"a", push, `filter: 'outcome.result eq "FAILURE"'`}}, []book{{"a", push, ""}}, true},
		"filter and page size":       {[]book{{"a", push, "page_size: 3"}}, []book{{"a", push, `filter: 'outcome.result eq "FAILURE"', look_back: 1s`}}, true},
		"severity added":             {[]book{{"a", push, ""}}, []book{{"a", push, "severity: [INFO]"}}, true},
		"matched here alone":         {[]book{{"a", push, ""}}, []book{{"a", push, "own_events: true"}}, false},
		"a playbook more":            {[]book{{"a", push, ""}}, []book{{"a", push, ""}, {"b", lock, ""}}, true},
		"a playbook more, first":     {[]book{{"a", push, ""}}, []book{{"b", lock, ""}, {"a", push, ""}}, true},
		"a playbook more, alike":     {[]book{{"a", push, ""}}, []book{{"a", push, ""}, {"b", push, ""}}, false},
		"a playbook more, by itself": {[]book{{"a", push, ""}}, []book{{"a", push, ""}, {"b", lock, `filter: 'severity eq "INFO"'`}}, false},
		"a playbook less":            {[]book{{"a", push, ""}, {"b", lock, ""}}, []book{{"a", push, ""}}, true},
		"another order":              {[]book{{"a", push, ""}, {"b", lock, ""}}, []book{{"b", lock, ""}, {"a", push, ""}}, false},
		"one of two edited":          {[]book{{"a", push, ""}, {"b", lock, ""}}, []book{{"a", push, ""}, {"b", lock, "severity: [INFO]"}}, true},
		"one leaves the shared poll": {[]book{{"b", lock, ""}, {"a", push, ""}}, []book{{"b", lock, ""}, {"a", push, `filter: 'outcome.result eq "FAILURE"'`}}, true},
		"one joins the shared poll":  {[]book{{"b", lock, ""}, {"a", push, `filter: 'outcome.result eq "FAILURE"'`}}, []book{{"b", lock, ""}, {"a", push, ""}}, true},
		"two polls of one selection": {[]book{{"a", push, ""}, {"b", push, "page_size: 5"}}, []book{{"a", push, "page_size: 7"}, {"b", push, ""}}, false},
		"two polls become one":       {[]book{{"a", push, ""}, {"b", push, "page_size: 5"}}, []book{{"a", push, ""}, {"b", push, ""}}, false},
		"one poll becomes two":       {[]book{{"a", push, ""}, {"b", push, ""}}, []book{{"a", push, ""}, {"b", push, "page_size: 5"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newResumer(t)
			r.watch(test.before...)
			r.happen(push, push)
			r.watch(test.before...)
			r.happen(push, push, push) // while no watch runs
			r.notices = nil
			r.watch(test.after...)
			r.happen(push)
			r.watch(test.after...)
			r.all("a", push)
			if said := strings.Contains(strings.Join(r.notices, "\n"), "reading again from"); said != test.notice {
				t.Errorf("said %q", r.notices)
			}
		})
	}
}

// TestRenamedPlaybooksContinue checks that a renamed playbook continues at the checkpoint of
// its selection, and does not start on the same events again. If its selection changed, too,
// it continues at the checkpoint of the playbook that is gone.
func TestRenamedPlaybooksContinue(t *testing.T) {
	r := newResumer(t)
	r.watch(book{"a", push, ""})
	r.happen(push, push)
	r.watch(book{"a", push, ""})
	r.happen(push)
	r.watch(book{"b", push, ""})
	if n := len(r.started("b")); n != 1 {
		t.Errorf("the renamed playbook has %d runs, want 1", n)
	}
	r.happen(push)
	r.watch(book{"c", push, `filter: 'outcome.result eq "FAILURE"'`})
	if ids := r.started("c"); !ids[r.events[push][3]] {
		t.Errorf("an event was lost when name and filter were edited: %v", ids)
	}
}

// TestBackToAnOldSelection checks that a return to an old selection reads each event in between once.
func TestBackToAnOldSelection(t *testing.T) {
	old, other := book{"a", push, ""}, book{"a", lock, ""}
	r := newResumer(t)
	r.watch(old)
	for range 3 {
		for _, b := range []book{old, other, other, old} {
			r.happen(push, lock)
			r.watch(b)
		}
	}
	ids := r.started("a")
	for i, id := range r.events[push] {
		if !ids[id] {
			t.Errorf("event %d of the old selection did not start the playbook", i)
		}
	}
}

// TestAlternatingWatches checks that watches of different playbooks on one store do not affect each other.
func TestAlternatingWatches(t *testing.T) {
	a, b := book{"a", push, ""}, book{"b", start, ""}
	r := newResumer(t)
	r.watch(a, b)
	for range 3 {
		r.happen(push, start)
		r.watch(a)
		r.happen(push, start)
		r.watch(b)
	}
	r.watch(a, b)
	r.all("a", push)
	r.all("b", start)
}
