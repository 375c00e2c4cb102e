package okta

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"soar.example/okta/sdk"
)

// A budget is what Okta still allows one login on one org, by what its answers
// said. All that the login sends draws on it: polls, listings, actions. It never
// waits: it refuses, and says when to come again.
type budget struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	crowded time.Time // until when reads make room for what Okta has under way
}

func newBudget() *budget { return &budget{buckets: map[string]*bucket{}} }

// mostBuckets bounds what custom requests to paths of all sorts can make grow.
const mostBuckets = 256

// A bucket is one of Okta's counters, as last heard of.
type bucket struct {
	known     bool
	limit     int
	remaining int
	reset     int64     // names the window that remaining belongs to
	ends      time.Time // when that window ends; then all of limit is there again
	said      time.Time // when the request was sent whose answer this was
	closed    time.Time // until then, not one request
	refusals  int       // in a row, each after the bucket had been open again
	flying    int       // requests without an answer yet
}

// A ticket is leave to send one request.
type ticket struct {
	budget *budget
	name   string
	bucket *bucket
}

// take gives leave to send a request of a bucket now, or says when to ask again. A
// request that spares nothing may use all there is. Another leaves percent of the
// bucket's limit alone, and waits for one of its kind to find out whether Okta,
// having refused the last, is open again.
func (b *budget) take(name string, spares bool, percent int) (*ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	k := b.bucket(name)
	switch {
	case now.Before(k.closed):
		return nil, held(k.closed.Sub(now), "Okta's rate limit for "+name+" is reached")
	case !spares:
	case now.Before(b.crowded):
		return nil, held(b.crowded.Sub(now), "Okta's limit of requests at a time is reached")
	case k.refusals > 0 && k.flying > 0:
		return nil, held(time.Second, "Okta's rate limit for "+name+" was reached, and whether it is over is being asked")
	case k.known && k.left(now)-k.flying <= k.limit*percent/100:
		return nil, held(k.ends.Sub(now), "what is left of Okta's rate limit for "+name+" is kept for writes")
	}
	k.flying++
	return &ticket{b, name, k}, nil
}

// bucket returns the bucket of a name. The caller holds the lock.
func (b *budget) bucket(name string) *bucket {
	k := b.buckets[name]
	if k == nil {
		if len(b.buckets) >= mostBuckets {
			name = otherBucket
			if k = b.buckets[name]; k != nil {
				return k
			}
		}
		k = new(bucket)
		b.buckets[name] = k
	}
	return k
}

// left is how much Okta would still allow at now.
func (k *bucket) left(now time.Time) int {
	if now.Before(k.ends) {
		return k.remaining
	}
	return k.limit
}

// held is the error of a request that was not sent.
func held(wait time.Duration, message string) *sdk.Error {
	return &sdk.Error{Code: sdk.RateLimited, Message: message, RetryAfter: spread(clamp(wait))}
}

// spread adds up to a tenth to a wait, so that not all who wait come at once.
func spread(wait time.Duration) time.Duration {
	return wait + rand.N(min(wait/10, 2*time.Second)+1)
}

// done gives the ticket back, with the answer, nil if none came.
func (t *ticket) done(r *reply) {
	t.budget.mu.Lock()
	defer t.budget.mu.Unlock()
	t.bucket.flying--
	if r == nil {
		return
	}
	said := rateOf(r)
	if r.status == http.StatusTooManyRequests {
		r.wait = t.refused(r, said)
		return
	}
	if !r.sent.Before(t.bucket.closed) {
		t.bucket.refusals = 0
	}
	if !said.counted {
		return
	}
	left, sure := said.windowLeft()
	t.bucket.learn(said, r.sent, r.received.Add(left))
	if sure && said.remaining == 0 {
		t.bucket.close(r.received.Add(left))
	}
}

// learn keeps what an answer said. Answers overtake each other: within a window the
// lowest count is the latest, and of two windows that of the later request.
func (k *bucket) learn(said rate, sent, ends time.Time) {
	switch {
	case k.known && said.reset != 0 && said.reset == k.reset:
		said.remaining = min(said.remaining, k.remaining)
	case sent.Before(k.said):
		return
	default:
		k.ends = ends
	}
	k.known, k.limit, k.remaining, k.reset = true, said.limit, said.remaining, said.reset
	if sent.After(k.said) {
		k.said = sent
	}
}

// close lets nothing through until then.
func (k *bucket) close(until time.Time) {
	if until.After(k.closed) {
		k.closed = until
	}
}

// refused draws the conclusions of a 429, and returns how long its caller is to
// wait. The caller holds the lock.
func (t *ticket) refused(r *reply, said rate) time.Duration {
	k, wait := t.bucket, retryAfter(r)
	switch {
	case said.counted && said.limit == 0:
		// Too many requests at a time, of the whole org. That passes with each of them
		// that ends, and the reset is a guess of Okta's.
		wait = min(wait, time.Minute)
		if until := r.received.Add(wait); until.After(t.budget.crowded) {
			t.budget.crowded = until
		}
		return spread(wait)
	case said.counted && said.remaining > 0 && !isBucketLimit(r):
		// A limit of the object's own, such as one text message every 30 seconds.
		return wait
	}
	if !r.sent.Before(k.closed) {
		k.refusals++
	}
	// Whoever refuses again after the time that it named is asked ever less often.
	wait = max(wait, min(time.Second<<min(k.refusals, 10)/2, time.Minute))
	until := r.received.Add(wait)
	k.close(until)
	if said.counted && !r.sent.Before(k.said) {
		k.known, k.limit, k.remaining, k.reset, k.ends, k.said = true, said.limit, 0, said.reset, until, r.sent
	}
	return spread(k.closed.Sub(r.received))
}

// isBucketLimit reports whether a 429 is about the bucket.
func isBucketLimit(r *reply) bool {
	body, ok := readOktaError(r.body)
	return !ok || body.Code == "E0000047"
}

// state is what is known of a bucket, nil if nothing is.
func (b *budget) state(name string) *sdk.Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.buckets[name]
	if k == nil || !k.known {
		return nil
	}
	now := time.Now()
	out := &sdk.Budget{Bucket: name, Limit: k.limit, Remaining: k.left(now)}
	if now.Before(k.ends) {
		out.Reset = k.ends.Round(0)
	}
	return out
}

// states is what is known of every bucket, in the order of their names.
func (b *budget) states() []sdk.Budget {
	b.mu.Lock()
	names := slices.Sorted(maps.Keys(b.buckets))
	b.mu.Unlock()
	var all []sdk.Budget
	for _, name := range names {
		if s := b.state(name); s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// idle reports whether forgetting the budget would lose nothing.
func (b *budget) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, k := range b.buckets {
		if k.flying > 0 || now.Before(k.ends) || now.Before(k.closed) {
			return false
		}
	}
	return !now.Before(b.crowded)
}
