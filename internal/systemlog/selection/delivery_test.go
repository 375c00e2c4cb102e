package selection_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// TestDelivered checks that the trigger delivers exactly the events that the matcher selects from the
// whole log, and lists the selections that match each event.
func TestDelivered(t *testing.T) {
	org := oktasim.Start(t, oktasim.Options{})
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{"org_url": org.URL, "token": org.Token, "rate_reserve": 0})
	if err != nil {
		t.Fatal(err)
	}
	session, err := backend.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	poll := func(t *rapid.T, params any, from json.RawMessage) sdk.RawPage {
		raw, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		page, err := session.Poll(ctx, "system_log", raw, from)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		return page
	}
	everything := map[string]any{"event_types": []string{"*"}}
	rapid.Check(t, func(t *rapid.T) {
		selections := make([]selection.Selection, rapid.IntRange(1, 4).Draw(t, "selections"))
		for i := range selections {
			selections[i] = drawSelection(t)
			for selections[i].Violations("") != nil {
				selections[i].EventTypes, selections[i].ExcludeTypes = []string{"user.*"}, nil
			}
		}
		params := map[string]any{"event_types": []string{"*"}, "any": selections}
		first, all := poll(t, params, nil), poll(t, everything, nil)
		events := make([]oktasim.Event, rapid.IntRange(1, 10).Draw(t, "events"))
		for i := range events {
			if err := json.Unmarshal(drawEvent(t).Raw, &events[i]); err != nil {
				t.Fatal(err)
			}
			delete(events[i], "uuid")
			delete(events[i], "published")
		}
		fresh := map[string]bool{}
		for _, id := range org.Append(events...) {
			fresh[id] = true
		}
		want, got := map[string][]int{}, map[string][]int{}
		for _, e := range poll(t, everything, all.Next).Events {
			heads, err := systemlog.Split([]byte("[" + string(e.Data) + "]"))
			if err != nil {
				t.Fatal(err)
			}
			event := selection.Event{Head: heads[0]}
			for i, s := range selections {
				if match, _ := selection.Compile(s).Match(&event); match != selection.Unwanted && fresh[e.ID] {
					want[e.ID] = append(want[e.ID], i)
				}
			}
		}
		for _, e := range poll(t, params, first.Next).Events {
			if fresh[e.ID] {
				got[e.ID] = append(got[e.ID], e.MatchedSelectors...)
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
