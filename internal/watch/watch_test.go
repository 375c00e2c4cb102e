package watch

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

func newWatcher(t *testing.T, params ...string) *Watcher {
	t.Helper()
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &Watcher{Connections: []embedded.Connection{{Name: "okta", Org: "https://org.example", Manifest: m}}}
	for i, p := range params {
		const form = "name: book_%d\ntitle: B\ntrigger: system_log\nevent_types: [user.session.*]\nparams: %s\n" +
			"steps: [{id: look, action: get_user, with: {user: ann}}]\n"
		source := fmt.Sprintf(form, i, p)
		b, err := playbook.Load("b.yaml", []byte(source), playbook.Connections{"okta": m})
		if err != nil {
			t.Fatal(err)
		}
		w.Playbooks = append(w.Playbooks, b)
	}
	return w
}

// TestFeeds checks that playbooks share one poll if only their selections differ, and that
// parameters of the poll itself separate them.
func TestFeeds(t *testing.T) {
	const all = `{"event_types":["*"],"any":[`
	const warn = `{"event_types":["user.session.*"],"severity":["WARN"]}`
	for name, c := range map[string]struct {
		params []string
		also   string
		want   map[string]string // the feeds' parameters, by their common ones
	}{
		"one":   {[]string{`{severity: [WARN]}`}, "", map[string]string{`{}`: warn}},
		"alike": {[]string{`{}`, `{}`}, "", map[string]string{`{}`: all + `{"event_types":["user.session.*"]},{"event_types":["user.session.*"]}]}`}},
		"not alike": {[]string{`{severity: [WARN]}`, `{own_events: true}`}, "",
			map[string]string{`{}`: all + warn + `,{"event_types":["user.session.*"],"own_events":true}]}`}},
		"and for show": {[]string{`{severity: [WARN]}`}, `{"event_types":["*"]}`, map[string]string{`{}`: all + warn + `,{"event_types":["*"]}]}`}},
		"other requests": {[]string{`{page_size: 10}`, `{severity: [WARN]}`, `{page_size: 10, severity: [WARN]}`}, "", map[string]string{
			`{}`:               `{"event_types":["user.session.*"],"severity":["WARN"]}`,
			`{"page_size":10}`: all + `{"event_types":["user.session.*"]},{"event_types":["user.session.*"],"severity":["WARN"]}],"page_size":10}`,
		}},
	} {
		w := newWatcher(t, c.params...)
		if c.also != "" {
			w.AlsoRead = json.RawMessage(c.also)
		}
		feeds, err := w.Feeds()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		for _, f := range feeds {
			got[f.group] = decoded(t, f.params)
		}
		want := map[string]any{}
		for common, params := range c.want {
			want["https://org.example system_log "+common] = decoded(t, json.RawMessage(params))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func decoded(t *testing.T, raw json.RawMessage) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

// TestManyPlaybooksCostOneRequest checks that a hundred different playbooks cost one request a poll.
func TestManyPlaybooksCostOneRequest(t *testing.T) {
	org := oktasim.Start(t, oktasim.Options{})
	params := make([]string, 100)
	for i := range params {
		params[i] = fmt.Sprintf(`{actor: ["00u1a2b3c4d5e6f7g%03d"], client_ip: [10.0.%d.0/24]}`, i, i)
	}
	w := newWatcher(t, params...)
	feeds, err := w.Feeds()
	if err != nil || len(feeds) != 1 {
		t.Fatalf("%d feeds, %v", len(feeds), err)
	}
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{"org_url": org.URL, "token": org.Token})
	if err != nil {
		t.Fatal(err)
	}
	session, err := backend.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var checkpoint json.RawMessage
	poll := func() sdk.RawPage {
		t.Helper()
		page, err := session.Poll(hclog.WithContext(t.Context(), hclog.NewNullLogger()), feeds[0].trigger, feeds[0].params, checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint = page.Next
		return page
	}
	poll()
	org.Append(oktasim.Event{
		"eventType": "user.session.start", "actor": map[string]any{"id": "00u1a2b3c4d5e6f7g042"}, "client": map[string]any{"ipAddress": "10.0.42.1"},
	}, oktasim.Event{
		"eventType": "user.session.start", "actor": map[string]any{"id": "00u1a2b3c4d5e6f7g042"}, "client": map[string]any{"ipAddress": "10.0.43.1"},
	})
	page := poll()
	if len(page.Events) != 1 || !cmp.Equal(page.Events[0].MatchedSelectors, []int{42}) {
		t.Errorf("got %+v", page.Events)
	}
	if n := len(org.Requests()); n != 2 {
		t.Errorf("%d requests for two polls", n)
	}
}
