package triggers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// TestFormats checks that every format delivers the same events with the same IDs.
func TestFormats(t *testing.T) {
	const page = `[
		{"uuid":"u-1","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z","outcome":{"result":"FAILURE"}},
		{"uuid":7,"eventType":["x"],"published":"","actor":[],"target":{"a":null},"client":7},
		{"uuid":"u-3","eventType":"user.session.end","published":"2026-03-14T02:41:08Z","outcome":null,"target":null}]`
	heads, err := systemlog.Split([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	for format, facts := range map[string][2]string{
		"":     {`"eventType":"user.session.start"`, `"uuid":7`},
		"okta": {`"eventType":"user.session.start"`, `"uuid":7`},
		"ecs":  {`"category":["session"],"type":["start"],"outcome":"failure"`, `"kind":"event"`},
		"emm":  {`"key":"account_login"`, `"basis":"default"`},
	} {
		params := types("user.session.*")
		if format != "" {
			params["format"] = format
		}
		p := newPoller(t, oktasim.Options{}, params)
		p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 200, Body: page})
		got, err := p.poll()
		if err != nil || len(got.Events) != len(heads) {
			t.Fatalf("%q: %d events, %v", format, len(got.Events), err)
		}
		for i, e := range got.Events {
			if h := heads[i]; e.ID != h.UUID || e.Type != h.EventType || !e.Time.Equal(h.Published) {
				t.Errorf("%q: event %d is %s, %s, %s", format, i, e.ID, e.Type, e.Time)
			}
		}
		for i, fact := range facts {
			if !strings.Contains(string(got.Events[i].Data), fact) {
				t.Errorf("%q: %s is not in %s", format, fact, got.Events[i].Data)
			}
		}
		if format == "" || format == "okta" {
			if diff := cmp.Diff(string(heads[1].Raw), string(got.Events[1].Data)); diff != "" {
				t.Error(diff)
			}
		}
		if format == "ecs" {
			want, err := ecs.AppendRaw(nil, heads[0].Raw, ecs.Options{})
			if err != nil || string(want) != string(got.Events[0].Data) {
				t.Errorf("got %s, want %s, %v", got.Events[0].Data, want, err)
			}
		}
	}
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "format": "ocsf"})
	_, err = p.poll()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != sdk.InvalidInput || len(p.Requests()) != 0 {
		t.Errorf("an unknown format: %v", err)
	}
}

// TestAdditionalShapes checks that "also" adds further shapes to an event.
func TestAdditionalShapes(t *testing.T) {
	params := types("user.session.*")
	params["also"] = []string{"ecs", "emm"}
	p := newPoller(t, oktasim.Options{}, params)
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 200, Body: `[
		{"uuid":"u-1","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z","outcome":{"result":"FAILURE"}},
		{"uuid":7,"eventType":["x"],"published":"","actor":[],"target":{"a":null},"client":7}]`})
	got, err := p.poll()
	if err != nil || len(got.Events) != 2 {
		t.Fatalf("%d events, %v", len(got.Events), err)
	}
	for i, e := range got.Events {
		for _, format := range []string{"ecs", "emm"} {
			want, err := shape.Append(nil, e.Data, shape.Format(format), false)
			if err != nil || string(e.Shapes[format]) != string(want) || len(e.Shapes) != 2 {
				t.Errorf("event %d in %s: %s, want %s, %v", i, format, e.Shapes[format], want, err)
			}
		}
	}
	// Without "also" there are no further shapes.
	delete(p.params, "also")
	p.append(1, "user.session.start")
	if got, err = p.poll(); err != nil || len(got.Events) == 0 || got.Events[0].Shapes != nil {
		t.Errorf("got %v, %v", got.Events, err)
	}
}

// TestFormatKeepsCheckpoint checks that the checkpoint does not depend on the format.
func TestFormatKeepsCheckpoint(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("user.session.start"))
	p.sweep()
	want := p.append(1, "user.session.start")
	p.params["format"] = "ecs"
	p.sweep()
	if diff := cmp.Diff(want, p.got); diff != "" || len(p.notices) != 0 {
		t.Errorf("%s, notices %q", diff, p.notices)
	}
}
