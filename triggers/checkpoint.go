package triggers

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"soar.example/okta/internal/okta"
)

// A Checkpoint is the place of a poller in one org's log, under one filter. Okta's
// link is the place; the rest tells when the link must not be used, and where to
// look instead.
type Checkpoint struct {
	Fingerprint string    `json:"fingerprint,omitempty"` // of org and filter
	Next        string    `json:"next,omitempty"`        // Okta's link, as it came
	HighWater   time.Time `json:"high_water,omitzero"`   // latest published seen, or where the first poll began
}

// overlap is how far before the latest event a poller begins again that has lost
// its link. Events are stored out of order, and late; what is read twice is known
// by its id.
const overlap = 15 * time.Minute

func fingerprint(org, filter string) string {
	sum := sha256.Sum256([]byte(org + "\n" + filter))
	return hex.EncodeToString(sum[:12])
}

// after is the checkpoint that follows read.
func (k Checkpoint) after(org, filter string, read page) Checkpoint {
	next := Checkpoint{Fingerprint: fingerprint(org, filter), Next: read.Next, HighWater: k.HighWater}
	if next.HighWater.IsZero() {
		next.HighWater = read.since
	}
	if newest := read.newest(); newest.After(next.HighWater) {
		next.HighWater = newest
	}
	return next
}

// again is where to look for what follows k without its link, at a time of Okta's:
// before the latest event that was seen, and within what Okta keeps.
func (k Checkpoint) again(now time.Time) time.Time {
	since := k.HighWater.Add(-overlap)
	if k.HighWater.IsZero() || since.After(now) {
		since = now.Add(-overlap)
	}
	if oldest := now.Add(-retention); since.Before(oldest) {
		since = oldest
	}
	return since
}

// A page is what Okta gave, and the times by Okta's clock that belong to it.
type page struct {
	*okta.LogPage
	since time.Time // where the query began, zero if it followed a link
	now   time.Time
	limit int  // how many events it could have had
	lost  bool // the place was, and this is another
}

// newest is when the latest event of the page happened, zero if there is none. A
// time that lies in Okta's future is an error in the event.
func (p page) newest() time.Time {
	var newest time.Time
	for _, h := range p.Events {
		if h.Published.After(newest) && h.Published.Before(p.now.Add(overlap)) {
			newest = h.Published
		}
	}
	return newest
}
