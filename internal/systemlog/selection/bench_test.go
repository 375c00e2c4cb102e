package selection_test

import (
	"testing"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
)

// BenchmarkMatch matches one event by its type, by fields that must be parsed, and against a hundred
// matchers that share the parsed fields.
func BenchmarkMatch(b *testing.B) {
	heads, err := systemlog.Split([]byte("[" + string(systemlog.Example) + "]"))
	if err != nil {
		b.Fatal(err)
	}
	byType := selection.Compile(selection.Selection{EventTypes: []string{"user.session.start", "user.account.*"}})
	byField := selection.Compile(selection.Selection{EventTypes: []string{"*"}, ClientIP: []string{"203.0.113.0/24"}, Outcome: []string{"SUCCESS"}})
	for name, matchers := range map[string][]*selection.Matcher{"type": {byType}, "field": {byField}, "hundred": hundred(byField)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				event := selection.Event{Head: heads[0]}
				for _, m := range matchers {
					if v, _ := m.Match(&event); v != selection.Wanted {
						b.Fatal(v)
					}
				}
			}
		})
	}
}

// hundred returns a slice that contains m a hundred times.
func hundred(m *selection.Matcher) []*selection.Matcher {
	all := make([]*selection.Matcher, 100)
	for i := range all {
		all[i] = m
	}
	return all
}
