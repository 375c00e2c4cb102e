package okta

import (
	"errors"
	"sync"
	"time"

	"soar.example/okta/sdk"
)

// A Pace is how many events one query of the log is asked for at once. Okta gives
// up on a page after 30 seconds, with a 500 and E0000009; the next one is asked for
// at half the size, and the size grows back as pages come quickly again. It is safe
// for concurrent use.
type Pace struct {
	mu   sync.Mutex
	size int // 0: as many as are wanted
}

const (
	smallestPage = 10
	quickly      = 10 * time.Second
)

// Pace returns the pace of the query with that filter.
func (c *Client) Pace(filter string) *Pace {
	p, _ := c.paces.LoadOrStore(filter, new(Pace))
	return p.(*Pace)
}

// Limit is how many events to ask for where most are wanted.
func (p *Pace) Limit(most int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size == 0 {
		return most
	}
	return min(p.size, most)
}

// Answered is told what became of a page of so many events at most, and how long
// that took. It returns how many are asked for next if the page was too slow and
// fewer can be, else 0.
func (p *Pace) Answered(limit int, took time.Duration, err error) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case tooSlow(err):
		if p.size = max(limit/2, min(smallestPage, limit)); p.size < limit {
			return p.size
		}
	case err == nil && p.size != 0 && took < quickly:
		if p.size = 2 * limit; p.size >= MaxLogPage {
			p.size = 0
		}
	}
	return 0
}

// tooSlow reports whether a page failed in a way that a smaller one may not: Okta
// gave up on it, it did not come in time, or it is too large.
func tooSlow(err error) bool {
	e := sdk.AsError(err)
	return e != nil && (e.Code == sdk.Timeout || errors.Is(err, errTooLarge) ||
		e.Upstream != nil && e.Upstream.Status == 500 && e.Upstream.Code == "E0000009")
}
