package embedded

import (
	"context"
	"errors"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// busyPatience is how long a store may be busy.
const busyPatience = 10 * time.Second

// patiently does what may be done again for as long as the store is busy. SQLite waits
// by itself (busy_timeout), but for one case: of two that have both read and want to
// write, as when two processes make one store, it refuses one at once, since neither
// would ever get on.
func patiently(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyPatience)
	defer cancel()
	for {
		err := do()
		var fault *sqlite.Error
		if !errors.As(err, &fault) || fault.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		again := time.NewTimer(20 * time.Millisecond)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return err
		}
	}
}
