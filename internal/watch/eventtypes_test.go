package watch

import (
	"context"
	"testing"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

type (
	entryParams struct {
		Door string `json:"door,omitempty" jsonschema_description:"ID of the door."`
	}
	severalParams struct {
		Any []entryParams `json:"any,omitempty" jsonschema_description:"Selections."`
	}
	entry struct {
		Door string `json:"door" jsonschema_description:"ID of the door."`
	}
	none struct{}
)

func entries[P any](name string) sdk.AnyTrigger[none] {
	return sdk.Trigger[none, P, int, entry]{
		Name: name, Summary: "Entries.", Docs: "https://docs.example", Every: time.Second,
		Poll: func(context.Context, none, P, int) (sdk.Page[int, entry], error) { return sdk.Page[int, entry]{}, nil },
	}
}

// The parameters of a poll contain event_types only if the trigger has that parameter.
func TestFeedsWithoutEventTypes(t *testing.T) {
	backend, err := sdk.Connector[none, none]{
		Name: "doors", Title: "Doors", Summary: "Doors.", Docs: "https://docs.example", Version: "1.0.0",
		Open:     func(context.Context, none) (none, error) { return none{}, nil },
		Check:    func(context.Context, none) (sdk.Health, error) { return sdk.Health{}, nil },
		Triggers: []sdk.AnyTrigger[none]{entries[entryParams]("plain"), entries[severalParams]("several")},
		Actions: []sdk.AnyAction[none]{sdk.Action[none, entryParams, entry]{
			Name: "look", Summary: "Looks.", Docs: "https://docs.example", Effect: sdk.Reads,
			Run: func(context.Context, none, entryParams) (entry, error) { return entry{}, nil },
		}},
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		heads []string
		want  string
	}{
		"one":                {[]string{"trigger: plain\n"}, `{}`},
		"parameter":          {[]string{"trigger: plain\nparams: {door: d1}\n"}, `{"door":"d1"}`},
		"types for the host": {[]string{"trigger: plain\nevent_types: [entry.denied]\n"}, `{}`},
		"two share one poll": {[]string{"trigger: plain\n", "trigger: plain\nevent_types: [entry.denied]\n"}, `{}`},
		"selections":         {[]string{"trigger: several\n", "trigger: several\n"}, `{"any":[{},{}]}`},
		"only one selection": {[]string{"trigger: several\n"}, `{}`},
	} {
		w := &Watcher{Connections: []embedded.Connection{{Name: "doors", Org: "https://doors.example", Manifest: m}}}
		for i, head := range c.heads {
			source := "name: book_" + string(rune('a'+i)) + "\ntitle: B\n" + head + "steps: [{id: look, action: look}]\n"
			b, err := playbook.Load("b.yaml", []byte(source), playbook.Connections{"doors": m})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := backend.Validate(t.Context(), b.Trigger, b.Params); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			w.Playbooks = append(w.Playbooks, b)
		}
		feeds, err := w.Feeds()
		if err != nil || len(feeds) != 1 {
			t.Fatalf("%s: %d feeds, %v", name, len(feeds), err)
		}
		if got := string(feeds[0].params); got != c.want {
			t.Errorf("%s: the parameters are %s, want %s", name, got, c.want)
		}
		if err := backend.Validate(t.Context(), feeds[0].trigger, feeds[0].params); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
