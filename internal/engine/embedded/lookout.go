package embedded

import (
	"context"
	"fmt"
	"time"
)

// lookoutEvery is how soon an engine sees what other processes wrote to its store:
// runs to be run again, undos of what was done by hand.
const lookoutEvery = time.Second

// watches are what an engine does besides its runs.
func (e *Engine) watches() []func(halt, calls context.Context) error {
	if e.o.Only != "" {
		return nil
	}
	return []func(halt, calls context.Context) error{e.lookout, e.undoer}
}

// lookout wakes the workers when another process has written, and looks whether the
// store's path still names the store, until halt ends. Its error is the store's.
func (e *Engine) lookout(halt, calls context.Context) error {
	ticker := time.NewTicker(e.o.lookEvery)
	defer ticker.Stop()
	var last int64
	for {
		if err := e.store.file.check(); err != nil {
			return err
		}
		// On one connection this number stays the same for as long as nobody else
		// commits (https://www.sqlite.org/pragma.html#pragma_data_version).
		var version int64
		if err := e.store.write.QueryRowContext(context.WithoutCancel(calls), `PRAGMA data_version`).Scan(&version); err != nil {
			return fmt.Errorf("look for what others wrote: %w", err)
		}
		if version != last {
			last = version
			e.queued.wake()
			e.arranged.wake()
		}
		select {
		case <-ticker.C:
		case <-halt.Done():
			return nil
		}
	}
}
