package catalogue

import (
	_ "embed"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
	"soar.example/okta/sdk"
)

// A Watch is an event type or a family that a responder should watch, and why.
type Watch struct {
	Pattern string `json:"pattern"` // Event type or family, as the trigger takes it.
	Reason  string `json:"reason"`  // Why, in one line.
}

// watched goes from the most specific to the least: a type has the reason of the
// first line that it matches.
var watched = sync.OnceValue(func() []Watch {
	var all []Watch
	for _, row := range csvtable.Rows(watchedTable) {
		all = append(all, Watch{row[0], row[1]})
	}
	return all
})

//go:embed watched.csv
var watchedTable string

// watchOf returns the line by which an event type is watched, or a family under its
// bare prefix; the zero Watch if there is none.
func watchOf(name string) Watch {
	for _, w := range watched() {
		if sdk.MatchType(w.Pattern, name) || w.Pattern == name+".*" {
			return w
		}
	}
	return Watch{}
}
