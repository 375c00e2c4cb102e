package triggers

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// A Checkpoint is the position of a poller in the log of one Okta org, for one selection of
// events. Okta's link is the cursor. The other fields decide when the link must not be used, and
// where to read instead.
type Checkpoint struct {
	Fingerprint string    `json:"fingerprint,omitempty"` // of the org and of what Okta is asked for
	Next        string    `json:"next,omitempty"`        // Okta's link
	HighWater   time.Time `json:"high_water,omitzero"`   // latest published seen, or where the first poll began
	// Again is where reading by times goes on, because Okta gave no link that leads on.
	Again time.Time `json:"again,omitzero"`
	Whole bool      `json:"whole,omitempty"` // Again is read in the largest pages
	Trail trail     `json:"trail,omitzero"`
}

// overlap is how far before the latest event a poller begins again that has lost
// its link. Events are stored out of order, and late; what is read twice is known
// by its id.
const overlap = 15 * time.Minute

// fingerprint identifies what is asked of which org's log. How much a request reads, how
// far back the first one looks, and what is matched here alone do not count: a link leads
// on whatever they are.
func fingerprint(org, filter string) string { return digest(org + "\n" + filter) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// after is the checkpoint that follows read, and whether more can be read at once. There
// is more behind every page that has events, a short one too, if something leads on:
// Okta's link, or the time of the latest event of a page that was read by times.
func (k Checkpoint) after(fingerprint string, read *page) (next Checkpoint, more bool) {
	next = Checkpoint{Fingerprint: fingerprint, Next: read.Next, HighWater: k.HighWater}
	if next.HighWater.IsZero() {
		next.HighWater = read.since
	}
	newest := read.newest()
	if newest.After(next.HighWater) {
		next.HighWater = newest
	}
	if len(read.Events) == 0 {
		return next, false
	}
	next.Trail = k.Trail
	if read.circle = read.Next != "" && next.Trail.closes(read.Next); read.Next != "" && !read.Still && !read.circle {
		return next, true
	}
	next.Next, next.Trail = "", trail{}
	if read.since.IsZero() {
		// A page without a link is not the end; one that leads back to itself ends the sweep.
		return next, read.Next == ""
	}
	if next.Again = read.reached(); len(read.Events) >= read.limit && read.limit < read.most {
		next.Again = read.since
	} else if !next.Again.After(read.since) {
		next.Again = time.Time{}
	}
	next.Whole = !next.Again.IsZero()
	return next, next.Whole
}

// reached is a time up to which the page has read by times, all that was stored before it.
// Events happen before they are stored, but for errors in their times: of a page that may
// not hold all events, half of the times must be right.
func (p page) reached() time.Time {
	var times []time.Time
	for _, h := range p.Events {
		if !h.Published.IsZero() && !h.Published.After(p.now) {
			times = append(times, h.Published)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	switch {
	case len(times) == 0:
		return time.Time{}
	case len(p.Events) >= p.limit:
		return times[len(times)/2]
	}
	return times[len(times)-1]
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
	return since.Add(-tolerable)
}

// A trail finds out that the links of a sweep lead in a circle, of however many pages
// (Brent's algorithm): it compares each link with one that it keeps, and keeps another one
// after 1, 2, 4, 8 … links.
type trail struct {
	Kept  string `json:"kept,omitempty"`
	Links int    `json:"links,omitempty"`
	Until int    `json:"until,omitempty"`
}

func (t *trail) closes(link string) bool {
	link = digest(link)
	if t.Kept == link {
		return true
	}
	if t.Links++; t.Links > t.Until {
		t.Kept, t.Links, t.Until = link, 1, max(1, 2*t.Until)
	}
	return false
}

// A page is what Okta gave, and the times by Okta's clock that belong to it.
type page struct {
	*okta.LogPage
	since  time.Time // where the query began, zero if it followed a link
	now    time.Time
	limit  int  // how many events it could have had
	most   int  // how many a page can have at all, at the pace of the query
	lost   bool // the checkpoint was reset
	circle bool // Next leads back to an earlier page
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

// pause is how long a host may wait before it reads what is behind the page. Behind a full
// page there is more for sure. Behind a short one there may be: if its latest event is
// younger than an interval, whatever is missing is younger still, and comes with the next
// poll. Otherwise the requests are spread over half of what Okta allows.
func (p page) pause(interval time.Duration, budget *sdk.Budget) time.Duration {
	newest := p.newest()
	switch {
	case len(p.Events) >= p.limit:
		return 0
	case !newest.IsZero() && p.now.Sub(newest) < interval:
		return interval
	case budget == nil || budget.Reset.IsZero():
		return 0
	}
	return max(0, time.Until(budget.Reset)/time.Duration(max(1, budget.Remaining/2)))
}
