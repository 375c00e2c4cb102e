package httpclient

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"soar.example/okta/sdk"
)

// A Budget is the number of requests that a service still allows one principal, according to its
// latest responses. A budget never waits: it rejects a request and returns the time until the next
// try.
type Budget struct {
	mu              sync.Mutex
	buckets         map[string]*bucket
	concurrencyWait time.Time // reads wait for the limit of concurrent requests until this time
}

func newBudget() *Budget { return &Budget{buckets: map[string]*bucket{}} }

const (
	// maxBuckets limits the number of buckets, because requests can have any path.
	maxBuckets = 256
	// otherBucket counts the requests of all further buckets.
	otherBucket = "other requests"
)

// A bucket is the last known state of one of the service's counters.
type bucket struct {
	known      bool
	limit      int
	remaining  int
	window     int64     // ID of the window of remaining
	ends       time.Time // end of the window; the whole limit is then available again
	readAt     time.Time // time of the request with the response that this state is from
	closed     time.Time // no request is sent until this time
	rejections int       // consecutive rejections, each after the bucket was open again
	pending    int       // requests without a response
}

// A Ticket permits one request.
type Ticket struct {
	budget *Budget
	name   string
	bucket *bucket
}

// Take permits a request of a bucket, or returns an error with the time until the next try. A read
// leaves reserve percent of the limit to writes. After a rejection, reads wait until one request
// has shown that the bucket is open again.
func (b *Budget) Take(name string, isRead bool, reserve int) (*Ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	k := b.bucket(name)
	switch {
	case now.Before(k.closed):
		return nil, notSent(k.closed.Sub(now), "the rate limit"+forBucket(name)+" is reached")
	case !isRead:
	case now.Before(b.concurrencyWait):
		return nil, notSent(b.concurrencyWait.Sub(now), "the service's limit of concurrent requests is reached")
	case k.rejections > 0 && k.pending > 0:
		return nil, notSent(time.Second, "the rate limit"+forBucket(name)+" was reached, and another request is checking whether it still applies")
	case k.known && k.left(now)-k.pending <= k.limit*reserve/100:
		return nil, notSent(k.ends.Sub(now), "the rest of the rate limit"+forBucket(name)+" is reserved for writes")
	}
	k.pending++
	return &Ticket{b, name, k}, nil
}

func forBucket(bucket string) string {
	if bucket == "" {
		return ""
	}
	return " for " + bucket
}

// bucket returns the bucket of a name. The caller holds the lock.
func (b *Budget) bucket(name string) *bucket {
	k := b.buckets[name]
	if k == nil {
		if len(b.buckets) >= maxBuckets {
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

// left returns the number of requests that the service still allows at now.
func (k *bucket) left(now time.Time) int {
	if now.Before(k.ends) {
		return k.remaining
	}
	return k.limit
}

// notSent returns the error of a request that was not sent.
func notSent(wait time.Duration, message string) *sdk.Error {
	return &sdk.Error{Code: sdk.RateLimited, Message: message, RetryAfter: spread(clamp(wait))}
}

// spread adds up to a tenth to a wait, so that waiting callers do not all return at the same time.
func spread(wait time.Duration) time.Duration {
	return wait + rand.N(min(wait/10, 2*time.Second)+1)
}

// Done returns the ticket with the response and its rate. The response is nil if there was none.
// Done sets the wait of a 429.
func (t *Ticket) Done(r *Response, rate Rate) {
	t.budget.mu.Lock()
	defer t.budget.mu.Unlock()
	k := t.bucket
	k.pending--
	if r == nil {
		return
	}
	if r.Status == http.StatusTooManyRequests {
		r.Wait = t.rejected(r, rate)
		return
	}
	if !r.Sent.Before(k.closed) {
		k.rejections = 0
	}
	if !rate.Known {
		return
	}
	k.update(rate, r.Sent, r.Received.Add(cmp.Or(rate.Left, DefaultWait)))
	if rate.Left > 0 && rate.Remaining == 0 {
		k.close(r.Received.Add(rate.Left))
	}
}

// update stores the rate of a response. Responses can arrive out of order. Within a window, the
// lowest count is the latest. Between windows, the later request has the later window.
func (k *bucket) update(r Rate, sent, ends time.Time) {
	switch {
	case k.known && r.Window != 0 && r.Window == k.window:
		r.Remaining = min(r.Remaining, k.remaining)
	case sent.Before(k.readAt):
		return
	default:
		k.ends = ends
	}
	k.known, k.limit, k.remaining, k.window = true, r.Limit, r.Remaining, r.Window
	if sent.After(k.readAt) {
		k.readAt = sent
	}
}

// close permits no request before until.
func (k *bucket) close(until time.Time) {
	if until.After(k.closed) {
		k.closed = until
	}
}

// rejected records a 429 and returns how long its caller waits. The caller holds the
// lock.
func (t *Ticket) rejected(r *Response, rate Rate) time.Duration {
	k, wait := t.bucket, clamp(rate.Wait)
	switch rate.Scope {
	case OfAll:
		// Each request that ends frees capacity, and the service can only estimate the wait.
		wait = min(wait, time.Minute)
		if until := r.Received.Add(wait); until.After(t.budget.concurrencyWait) {
			t.budget.concurrencyWait = until
		}
		return spread(wait)
	case OfOneObject:
		return wait
	}
	if !r.Sent.Before(k.closed) {
		k.rejections++
	}
	// If the service rejects a request even after the wait, wait longer each time.
	wait = max(wait, min(time.Second<<min(k.rejections, 10)/2, time.Minute))
	until := r.Received.Add(wait)
	k.close(until)
	if rate.Known && !r.Sent.Before(k.readAt) {
		k.known, k.limit, k.remaining, k.window, k.ends, k.readAt = true, rate.Limit, 0, rate.Window, until, r.Sent
	}
	return spread(k.closed.Sub(r.Received))
}

// State returns the known state of a bucket, nil if there is none.
func (b *Budget) State(name string) *sdk.Budget {
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

// States returns the known states of all buckets, sorted by name.
func (b *Budget) States() []sdk.Budget {
	b.mu.Lock()
	names := slices.Sorted(maps.Keys(b.buckets))
	b.mu.Unlock()
	var all []sdk.Budget
	for _, name := range names {
		if s := b.State(name); s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// idle reports whether the budget has no state that must be kept.
func (b *Budget) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, k := range b.buckets {
		if k.pending > 0 || now.Before(k.ends) || now.Before(k.closed) {
			return false
		}
	}
	return !now.Before(b.concurrencyWait)
}

// shared holds the budgets of this process.
var shared = registry{all: map[key]*entry{}}

// A key identifies credentials at a service without revealing them.
type key [sha256.Size]byte

type registry struct {
	mu  sync.Mutex
	all map[key]*entry
}

type entry struct {
	*Budget
	clients int
}

// ShareBudget returns the budget of the credentials at an origin, and a function that
// releases it. Connections of this process with the same credentials share one budget,
// since the service counts them together.
func ShareBudget(origin, credentials string) (b *Budget, release func()) {
	return shared.share(origin, credentials)
}

// share keeps an unused budget until all its windows have ended.
func (s *registry) share(origin, credentials string) (b *Budget, release func()) {
	id := key(sha256.Sum256([]byte(origin + "\n" + credentials)))
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, other := range s.all {
		if other.clients == 0 && other.idle() {
			delete(s.all, k)
		}
	}
	e := s.all[id]
	if e == nil {
		e = &entry{Budget: newBudget()}
		s.all[id] = e
	}
	e.clients++
	return e.Budget, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		e.clients--
	})
}

// Forget removes all limits. Tests use it.
func (b *Budget) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.buckets)
	b.concurrencyWait = time.Time{}
}
