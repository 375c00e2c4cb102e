package triggers_test

import (
	"errors"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestMisspelledTypesAreRejected checks that the error has the position of a misspelled type and
// a suggestion.
func TestMisspelledTypesAreRejected(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, nil)
	for written, meant := range map[string]string{
		"user.session.strat":  "user.session.start",
		"user.sesion.*":       "user.session.*",
		"User.Session.Start":  "user.session.start",
		"user.session":        "user.session.*",
		"user_session_start":  "user.session.start",
		"user.session.starts": "user.session.start",
		"user.session.end.*":  "without .*",
	} {
		p.params = types("group.create", written)
		_, err := p.poll()
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.InvalidInput || len(e.Violations) != 1 {
			t.Errorf("%s: got %v", written, err)
			continue
		}
		if v := e.Violations[0]; v.Pointer != "/event_types/1" || !strings.Contains(v.Message, meant) {
			t.Errorf("%s: got %s", written, v)
		}
	}
	if n := len(p.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestUnknownTypesHaveNotice checks that a type of a newer Okta release is accepted, with
// one notice at the first poll.
func TestUnknownTypesHaveNotice(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("user.session.start", "brand.new.thing.create", "quite.another.*"))
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 500})
	if _, err := p.poll(); err == nil {
		t.Fatal("the injected fault caused no error")
	}
	p.sweep()
	said := strings.Join(p.notices, "\n")
	if len(p.notices) != 2 || !strings.Contains(said, "brand.new.thing.create is not a known") ||
		!strings.Contains(said, "quite.another.* is not a known") {
		t.Errorf("said %q", p.notices)
	}
	want := p.append(1, "brand.new.thing.create")
	p.sweep()
	if len(p.got) != 1 || p.got[0] != want[0] {
		t.Errorf("got %v, want %v", p.got, want)
	}
	if len(p.notices) != 2 {
		t.Errorf("repeated the notice: %q", p.notices)
	}
	p.params = types("user.session.*", "*")
	p.place, p.notices = nil, nil
	if p.sweep(); len(p.notices) != 0 {
		t.Errorf("notice about known types: %q", p.notices)
	}
}
