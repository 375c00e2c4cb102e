//go:build linux

package reliability

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
)

// reasonPlaybook is a playbook with text of the event in the reason of each step.
const reasonPlaybook = `name: contain
title: Contain a user
trigger: system_log
event_types: [user.mfa.okta_verify.deny_push]
params: {page_size: 100, look_back: 24h}
steps:
  - id: suspend
    action: suspend_user
    with:
      user: "${{ event.actor.id }}"
      reason: "${{ 'sign-in from ' + event.client.userAgent.rawUserAgent }}"
    retry: {attempts: 10, wait: 1s, max_wait: 2s}
  - id: end_sessions
    action: revoke_all_user_sessions
    with:
      user: "${{ event.actor.id }}"
      reason: "sign-in from ${{ event.client.userAgent.rawUserAgent }} by ${{ event.actor.displayName }}"
`

// eventText contains users whose clients have hostile user agents.
func eventText(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.write("contain.yaml", reasonPlaybook)
	for _, client := range []any{
		agent(strings.Repeat("x", 1001)), agent(strings.Repeat("x", 1_000_000)), agent(""), agent("\x00\x1b[2J\u202e\u009b\x7f\n"),
		agent("${{ event }} \" or eventType sw \"user"), agent(nil), agent(7), agent([]any{"a"}), map[string]any{"userAgent": nil}, nil, "no client",
	} {
		s.deny(1, oktasim.Event{"client": client})
	}
	w := s.watch()
	outcome := s.settle(w)
	store, err := embedded.OpenStore(context.Background(), s.store)
	if err != nil {
		s.Fatal(err)
	}
	defer store.Close()
	entries, err := store.AuditTrail(context.Background(), embedded.AuditQuery{Limit: 100})
	if err != nil {
		s.Fatal(err)
	}
	cut := 0
	for _, e := range entries {
		var input struct{ Reason string }
		if err := json.Unmarshal(e.Input, &input); err != nil || utf8.RuneCountInString(input.Reason) > 1000 {
			s.Errorf("the audit trail has the input %.200s: %v", e.Input, err)
		}
		if strings.HasSuffix(input.Reason, " characters)") {
			cut++
		}
	}
	if len(entries) != 2*s.events || cut < 2 {
		s.Errorf("the audit trail has %d entries for %d events, %d of them with a shortened reason", len(entries), s.events, cut)
	}
	return outcome
}

func agent(raw any) map[string]any {
	return map[string]any{"userAgent": map[string]any{"rawUserAgent": raw}}
}
