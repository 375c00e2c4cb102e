package ecs

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// wrongValues are values of wrong types.
var wrongValues = []string{`null`, `true`, `-1`, `1e99`, `""`, `"x"`, `"\ud800"`, `[]`, `[null,[{}]]`, `{}`, `{"id":{"id":[]},"type":"User"}`}

// TestAnyMemberWrong replaces each member by a wrong value. The event must be accepted, and the
// document must stay valid.
func TestAnyMemberWrong(t *testing.T) {
	raw, err := os.ReadFile("testdata/events/api_token_adds_member.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	tried := 0
	replaceEach(whole, func(set func(any)) {
		for _, wrong := range wrongValues {
			set(json.RawMessage(wrong))
			mutant, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			checkAnyBytes(t, mutant)
			tried++
		}
	})
	if tried < 70*len(wrongValues) {
		t.Errorf("only %d members were replaced", tried)
	}
}

// replaceEach calls try with a setter for each part of v in turn, and restores the part
// afterwards.
func replaceEach(v any, try func(set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			part := v[name]
			try(func(other any) { v[name] = other })
			v[name] = part
			replaceEach(part, try)
		}
	case []any:
		for i, part := range v {
			try(func(other any) { v[i] = other })
			v[i] = part
			replaceEach(part, try)
		}
	}
}
