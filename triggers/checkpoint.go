package triggers

import (
	"context"
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

// A page is what Okta gave, and the times by Okta's clock that belong to it.
type page struct {
	*okta.LogPage
	since time.Time // where the query began, zero if it followed a link
	now   time.Time
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

// readPage reads the page that follows from. Notices get a line when the place was
// lost and another had to be taken.
func readPage(ctx context.Context, c *okta.Client, p SystemLogParams, from Checkpoint, notices *[]string) (page, error) {
	filter := p.filter()
	if from.Fingerprint == "" && from.Next == "" {
		return first(ctx, c, p, func(now time.Time) time.Time { return now.Add(-p.LookBack.Std()) })
	}
	resume := func(now time.Time) time.Time {
		since := from.HighWater.Add(-overlap)
		if from.HighWater.IsZero() || since.After(now) {
			since = now.Add(-overlap)
		}
		if oldest := now.Add(-retention); since.Before(oldest) {
			since = oldest
		}
		return since
	}
	lost := ""
	switch {
	case from.Fingerprint != fingerprint(c.Org(), filter):
		lost = "the org or the filter is another than before"
	case from.Next == "":
		lost = "Okta gave no link to go on from"
	default:
		read, err := c.LogsFrom(ctx, from.Next)
		if err == nil {
			return page{LogPage: read, now: time.Now().Add(-read.Skew)}, nil
		}
		if !okta.Refused(err) {
			return page{}, err
		}
		lost = "Okta refuses the link to go on from (" + err.Error() + ")"
	}
	read, err := first(ctx, c, p, resume)
	if err == nil {
		*notices = append(*notices, lost+": reading again from "+read.since.UTC().Format(time.RFC3339)+", events already handled are known by their ids")
	}
	return read, err
}

// first reads the page that begins at since, which is told Okta's time. This
// machine's clock may be off: a bound in Okta's future would skip events, so the
// page is asked for again once the answer has told the time.
func first(ctx context.Context, c *okta.Client, p SystemLogParams, since func(now time.Time) time.Time) (page, error) {
	// Okta's Date counts whole seconds, and an answer takes its time.
	const tolerable = 2 * time.Second
	var skew time.Duration
	for try := 0; ; try++ {
		now := time.Now().Add(-skew)
		begin := since(now).Add(-tolerable)
		read, err := c.Logs(ctx, okta.LogQuery{Since: begin, Filter: p.filter(), Limit: p.PageSize})
		if err != nil {
			return page{}, err
		}
		if off := read.Skew - skew; try > 0 || off.Abs() <= tolerable {
			return page{LogPage: read, since: begin, now: now}, nil
		}
		skew = read.Skew
	}
}
