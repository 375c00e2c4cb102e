package oktatest

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A family is a set of endpoints that share one bucket, as Okta groups them.
type family struct {
	name  string
	globs []string
}

var families = []family{
	{"/api/v1/logs", []string{"/api/v1/logs"}},
	{"/api/v1/users", []string{"/api/v1/users"}},
	{"/api/v1/users/{id}", []string{"/api/v1/users/*"}},
	{"/api/v1/groups", []string{"/api/v1/groups/**"}},
	{"/api/v1/sessions", []string{"/api/v1/sessions/**"}},
	{"/api/v1/devices", []string{"/api/v1/devices/**"}},
	{"/api/v1/apps", []string{"/api/v1/apps"}},
	{"/api/v1/apps/{id}", []string{"/api/v1/apps/**"}},
	{"/oauth2/v1", []string{"/oauth2/v1/**"}},
	{"/api/v1", []string{"**"}},
}

const (
	generousLimit = 100_000
	usualWindow   = time.Minute
)

// bucket counts the requests of one window. The window begins with the first request that finds none open, so it
// need not begin with a minute of the clock.
type bucket struct {
	limit       int
	window      time.Duration
	omitReset   bool
	resetInPast bool

	begun time.Time
	used  int
}

type customLimit struct {
	glob   string
	bucket *bucket
}

// rates holds every bucket: those that were set, newest first, and one for each family.
type rates struct {
	custom   []customLimit
	families map[string]*bucket
}

func newRates() rates { return rates{families: map[string]*bucket{}} }

// rate is what one request learns of its bucket.
type rate struct {
	limit, remaining int
	reset            time.Time
	exceeded         bool
	omitReset        bool
}

// Limit sets the rate limit of the paths that l matches, for ever or until a later Limit for the same paths. It
// panics when l makes no sense.
func (o *Org) Limit(l Limit) {
	if err := o.setLimit(l); err != nil {
		panic("oktatest: " + err.Error())
	}
}

func (o *Org) setLimit(l Limit) error {
	window := usualWindow
	if l.Window != "" {
		d, err := time.ParseDuration(l.Window)
		if err != nil || d <= 0 {
			return fmt.Errorf("limit: window %q is not a positive duration", l.Window)
		}
		window = d
	}
	if l.Path == "" || l.Limit < 0 {
		return fmt.Errorf("limit: needs a path and a limit that is not negative")
	}
	if _, err := matchGlob(l.Path, "/"); err != nil {
		return fmt.Errorf("limit: path %q: %w", l.Path, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	b := &bucket{limit: l.Limit, window: window, omitReset: l.OmitReset, resetInPast: l.ResetInPast}
	if l.Remaining != nil {
		if *l.Remaining < 0 || *l.Remaining > l.Limit {
			return fmt.Errorf("limit: remaining %d is not between 0 and %d", *l.Remaining, l.Limit)
		}
		b.begun = o.clock()
		b.used = l.Limit - *l.Remaining
	}
	o.rates.custom = slices.DeleteFunc(o.rates.custom, func(c customLimit) bool { return c.glob == l.Path })
	o.rates.custom = slices.Insert(o.rates.custom, 0, customLimit{l.Path, b})
	return nil
}

// ClearLimits restores the generous limits and opens new windows.
func (o *Org) ClearLimits() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rates = newRates()
}

// bucketOf returns the bucket that a path draws from.
func (r rates) bucketOf(path string) *bucket {
	for _, c := range r.custom {
		if ok, err := matchGlob(c.glob, path); err == nil && ok {
			return c.bucket
		}
	}
	name := families[len(families)-1].name
	for _, f := range families {
		if slices.ContainsFunc(f.globs, func(g string) bool { ok, err := matchGlob(g, path); return err == nil && ok }) {
			name = f.name
			break
		}
	}
	b := r.families[name]
	if b == nil {
		b = &bucket{limit: generousLimit, window: usualWindow}
		r.families[name] = b
	}
	return b
}

// take counts one request.
func (r rates) take(path string, now time.Time) rate {
	b := r.bucketOf(strings.TrimSuffix(path, "/"))
	if b.begun.IsZero() || !now.Before(b.begun.Add(b.window)) {
		b.begun, b.used = now, 0
	}
	out := rate{limit: b.limit, reset: b.begun.Add(b.window), omitReset: b.omitReset}
	if b.used >= b.limit {
		out.exceeded = true
	} else {
		b.used++
		out.remaining = b.limit - b.used
	}
	if b.resetInPast {
		out.reset = now.Add(-b.window)
	}
	return out
}

// write puts the three headers on an answer. Reset is in whole seconds and never before the window's end.
func (r rate) write(h http.Header, now time.Time) {
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(r.limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(r.remaining))
	if r.omitReset {
		return
	}
	seconds := math.Ceil(float64(r.reset.UnixMilli()) / 1000)
	if r.reset.Before(now) {
		seconds = math.Floor(float64(r.reset.UnixMilli()) / 1000)
	}
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(int64(seconds), 10))
}
