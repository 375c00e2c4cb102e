package faults

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// families are the sets of endpoints that share one bucket, as Okta groups them. The last matches every path.
var families = []string{
	"/api/v1/logs", "/api/v1/users", "/api/v1/users/*", "/api/v1/groups/**", "/api/v1/sessions/**", "/api/v1/devices/**",
	"/api/v1/apps", "/api/v1/apps/**", "/oauth2/v1/**", "**",
}

// A Limit replaces the rate limit of the requests that Path matches (a glob as in Fault).
type Limit struct {
	Path string `json:"path"`
	// Limit is how many requests Window (a Go duration, "60s" by default) allows.
	Limit  int    `json:"limit"`
	Window string `json:"window,omitempty"`
	// Remaining is how many are left in the window that begins now; nil means all.
	Remaining *int `json:"remaining,omitempty"`
	// OmitReset leaves X-Rate-Limit-Reset out; ResetInPast makes it lie in the past.
	OmitReset   bool `json:"omit_reset,omitempty"`
	ResetInPast bool `json:"reset_in_past,omitempty"`
}

// generousLimit is the limit of a family in every minute.
const generousLimit = 100_000

// bucket counts the requests of one window for the paths of a glob. The window begins with the first request outside a
// window, not with a minute of the clock.
type bucket struct {
	glob        string
	limit       int
	window      time.Duration
	omitReset   bool
	resetInPast bool

	begun time.Time
	used  int
}

// Rates holds every bucket: the buckets of Set, newest first, and then one for each family.
type Rates struct{ buckets []*bucket }

// NewRates returns the generous limits.
func NewRates() *Rates {
	r := &Rates{}
	for _, glob := range families {
		r.buckets = append(r.buckets, &bucket{glob: glob, limit: generousLimit, window: time.Minute})
	}
	return r
}

// Set sets the rate limit of the paths that l matches, until a later Set for the same paths.
func (r *Rates) Set(l Limit, now time.Time) error {
	window, errWindow := time.ParseDuration(cmp.Or(l.Window, "1m"))
	_, errPath := Match(l.Path, "/")
	switch {
	case errWindow != nil || window <= 0:
		return fmt.Errorf("limit: window %q is not a positive duration", l.Window)
	case l.Path == "" || l.Limit < 0:
		return fmt.Errorf("limit: needs a path and a limit that is not negative")
	case errPath != nil:
		return fmt.Errorf("limit: path %q: %w", l.Path, errPath)
	}
	b := &bucket{glob: l.Path, limit: l.Limit, window: window, omitReset: l.OmitReset, resetInPast: l.ResetInPast}
	if l.Remaining != nil {
		if *l.Remaining < 0 || *l.Remaining > l.Limit {
			return fmt.Errorf("limit: remaining %d is not between 0 and %d", *l.Remaining, l.Limit)
		}
		b.begun, b.used = now, l.Limit-*l.Remaining
	}
	r.buckets = slices.DeleteFunc(r.buckets, func(other *bucket) bool { return other.glob == l.Path })
	r.buckets = slices.Insert(r.buckets, 0, b)
	return nil
}

// Rate is the state of a bucket after one request.
type Rate struct {
	// Exceeded means that the bucket had no request left.
	Exceeded bool

	limit, remaining int
	reset            time.Time
	omitReset        bool
}

// Take counts one request.
func (r *Rates) Take(path string, now time.Time) Rate {
	path = strings.TrimSuffix(path, "/")
	b := r.buckets[slices.IndexFunc(r.buckets, func(b *bucket) bool { ok, err := Match(b.glob, path); return err == nil && ok })]
	if b.begun.IsZero() || !now.Before(b.begun.Add(b.window)) {
		b.begun, b.used = now, 0
	}
	out := Rate{limit: b.limit, reset: b.begun.Add(b.window), omitReset: b.omitReset}
	if b.used >= b.limit {
		out.Exceeded = true
	} else {
		b.used++
		out.remaining = b.limit - b.used
	}
	if b.resetInPast {
		out.reset = now.Add(-b.window)
	}
	return out
}

// Write puts the three headers on a response. A response with status 429 leaves no request. Reset is in whole seconds
// and never before the window's end.
func (r Rate) Write(reply *wire.Reply, now time.Time) {
	if reply.Status == http.StatusTooManyRequests {
		r.remaining = 0
	}
	reply.Header.Set("X-Rate-Limit-Limit", strconv.Itoa(r.limit))
	reply.Header.Set("X-Rate-Limit-Remaining", strconv.Itoa(r.remaining))
	if r.omitReset {
		return
	}
	seconds := math.Ceil(float64(r.reset.UnixMilli()) / 1000)
	if r.reset.Before(now) {
		seconds = math.Floor(float64(r.reset.UnixMilli()) / 1000)
	}
	reply.Header.Set("X-Rate-Limit-Reset", strconv.FormatInt(int64(seconds), 10))
}

// Match is path.Match with one addition: ** at the end matches any rest, also none. An empty glob matches everything.
func Match(glob, name string) (bool, error) {
	if glob == "" {
		return true, nil
	}
	head, any := strings.CutSuffix(glob, "**")
	if !any {
		return path.Match(glob, name)
	}
	if _, err := path.Match(head, ""); err != nil {
		return false, err
	}
	if rest, whole := strings.CutSuffix(head, "/"); whole {
		head = rest
	} else {
		head += "*"
	}
	if head == "" || head == "*" {
		return true, nil
	}
	return path.Match(head, firstSegments(name, strings.Count(head, "/")))
}

// firstSegments cuts name after as many slashes and the segment that follows them.
func firstSegments(name string, slashes int) string {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if slashes == 0 {
			return name[:i]
		}
		slashes--
	}
	return name
}
