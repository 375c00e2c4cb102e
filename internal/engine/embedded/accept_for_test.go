package embedded

import (
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// An event that says whom it is for starts those alone.
func TestAcceptOfAnEventForSome(t *testing.T) {
	r := newRig(t, contain, always(changed))
	books := []*playbook.Playbook{r.book}
	for _, name := range []string{"second", "third"} {
		books = append(books, load(t, r.o.Manifest, strings.Replace(contain, "name: contain", "name: "+name, 1)))
	}
	for id, places := range map[string][]int{"a": nil, "b": {0, 2}, "c": {1}, "d": {7}, "e": {}} {
		e := event(id)
		e.MatchedSelectors = places
		got, err := r.Accept(t.Context(), "s", sdk.RawPage{Events: []sdk.RawEvent{e}}, books)
		if err != nil {
			t.Fatal(err)
		}
		var started []string
		for _, run := range got.Runs {
			full, err := r.store.Run(t.Context(), run)
			if err != nil {
				t.Fatal(err)
			}
			started = append(started, full.Playbook)
		}
		want := map[string][]string{"a": {"contain", "second", "third"}, "b": {"contain", "third"}, "c": {"second"}}[id]
		if !slices.Equal(started, want) {
			t.Errorf("for %v: started %v, want %v", places, started, want)
		}
	}
}

// An event that the trigger is in doubt about is neither lost nor acted on: its run is
// there, failed, with the reason. One that does not fit for sure has none.
func TestAcceptOfAnIndeterminateEvent(t *testing.T) {
	r := newRig(t, contain, always(changed))
	doubtful := func(id, eventType string) sdk.RawEvent {
		e := event(id)
		e.Type, e.Indeterminate = eventType, "the event's eventType could not be read"
		return e
	}
	no := doubtful("c", "")
	no.Data = []byte(`{"user":"u","result":"FAILURE","targets":[]}`)
	got := r.accept(sdk.RawPage{Events: []sdk.RawEvent{doubtful("a", ""), doubtful("b", "user.other"), no, event("d")}})
	if got.Matched != 2 || got.Started != 1 || len(got.Runs) != 2 {
		t.Fatalf("got %+v", got)
	}
	run := r.read(got, 0)
	if run.Status != Failed || run.EventID != "a" || run.Error == nil || !strings.Contains(run.Error.Message, "could not be read") || len(run.Steps) != 0 {
		t.Errorf("got %+v", run)
	}
}
