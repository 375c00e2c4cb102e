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
	Fingerprint string    `json:"fingerprint,omitempty"` // identifies the Okta org and the filter
	Next        string    `json:"next,omitempty"`        // Okta's link
	HighWater   time.Time `json:"high_water,omitzero"`   // latest published time that was read, or the start of the first poll
	// Again is the start of the next read by times, if Okta returned no usable link.
	Again time.Time `json:"again,omitzero"`
	Whole bool      `json:"whole,omitempty"` // the read from Again uses the largest pages
	Trail trail     `json:"trail,omitzero"`
}

// overlap is the period before the latest event that a poller reads again after a lost
// link. Okta stores events late and out of order. The IDs of events show repetitions.
const overlap = 15 * time.Minute

// fingerprint identifies the Okta org and the filter of a link. It does not include the page size, the look back
// and the local matching, because a link stays valid if they change.
func fingerprint(org, filter string) string { return digest(org + "\n" + filter) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// after returns the checkpoint that follows a page, and whether the next page can be read
// at once. Even a short page with events can have a next page, if Okta returned a link, or
// if the page was read by times.
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
	if read.circle = read.Next != "" && next.Trail.closes(read.Next); read.Next != "" && !read.SelfLink && !read.circle {
		return next, true
	}
	next.Next, next.Trail = "", trail{}
	if read.since.IsZero() {
		// A page without a link is not the last page. A link back to the same page ends the sweep.
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

// reached returns a time before which all stored events were read, for a page that was read by times. An event can
// have a wrong time. Therefore, for a page that may be incomplete, reached returns the median of the times.
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

// again returns the time from which to read after a lost link, by Okta's clock: before the
// latest event that was read, and within Okta's retention.
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

// A trail detects a circle of links of any length in a sweep (Brent's algorithm). It compares each link with a
// stored link, and replaces the stored link after 1, 2, 4, 8 … links.
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

// A page is a page of the log with the times of its read by Okta's clock.
type page struct {
	*okta.LogPage
	since  time.Time // start of the query, zero if the page was read by a link
	now    time.Time
	limit  int  // maximum number of events of this page
	most   int  // largest page that the adaptive page size allows
	lost   bool // the checkpoint was reset
	circle bool // Next leads back to an earlier page
}

// newest returns the time of the latest event of the page, zero if there is none. It
// ignores times in Okta's future, which are errors in the events.
func (p page) newest() time.Time {
	var newest time.Time
	for _, h := range p.Events {
		if h.Published.After(newest) && h.Published.Before(p.now.Add(overlap)) {
			newest = h.Published
		}
	}
	return newest
}

// pause returns the time that a host may wait before it reads the next page. The pause is zero after a full page,
// because more events follow. If the latest event of a short page is younger than the interval, the next poll is
// early enough. Otherwise the requests are spread over half of Okta's rate limit.
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
