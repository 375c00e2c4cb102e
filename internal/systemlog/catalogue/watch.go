package catalogue

import (
	_ "embed"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
	"soar.example/okta/sdk"
)

// A Watch is an event type or a family that a responder should watch, with the reason.
type Watch struct {
	Pattern string `json:"pattern"` // Event type or family, as the trigger accepts it.
	Reason  string `json:"reason"`  // Reason in one line.
}

// watched returns the table of patterns, the most specific first. The first pattern that matches
// an event type gives the reason.
var watched = sync.OnceValue(func() []Watch {
	var all []Watch
	for _, row := range csvtable.Rows(watchedTable) {
		all = append(all, Watch{row[0], row[1]})
	}
	return all
})

//go:embed watched.csv
var watchedTable string

// watchOf returns the first Watch for an event type, or for a family given by its prefix. It
// returns the zero Watch if there is none.
func watchOf(name string) Watch {
	for _, w := range watched() {
		if sdk.MatchType(w.Pattern, name) || w.Pattern == name+".*" {
			return w
		}
	}
	return Watch{}
}
