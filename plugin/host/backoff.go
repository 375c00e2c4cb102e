package host

import (
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// backoff is how long to wait after so many failures in a row.
func backoff(failures int) time.Duration {
	d := firstBackoff
	for ; failures > 1 && d < mostBackoff; failures-- {
		d *= 2
	}
	return jitter(min(d, mostBackoff))
}

// jitter is d, a tenth less or more: hosts that started together must not poll
// together for ever.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + spread(d/5)
}

// notBefore is d or a little more.
func notBefore(d time.Duration) time.Duration {
	return min(d, 1<<62) + spread(min(d/10, time.Minute))
}

func spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
