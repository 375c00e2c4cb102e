package embedded

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// unknownTime is later than any: what comes next was put back against it.
const unknownTime = math.MaxInt64

// timed runs do in one write transaction, with the time as it is stored. It is
// called under the gate.
//
// Where the clock was put back since the last call, or may have been while no
// engine ran, what lies ahead of it is moved back first: no group is open for
// longer than its window, and no run waits for longer than a minute, from now.
func (e *Engine) timed(ctx context.Context, do func(tx *sql.Tx, now time.Time) error) error {
	now := unstamp(stamp(e.o.Now()))
	latest := e.latest
	e.latest = unknownTime // until it is stored
	err := e.store.tx(ctx, func(tx *sql.Tx) error {
		if now.UnixMicro() < latest {
			if err := e.putBack(ctx, tx, now); err != nil {
				return err
			}
		}
		return do(tx, now)
	})
	if err == nil {
		e.latest = now.UnixMicro()
	}
	return err
}

func (e *Engine) putBack(ctx context.Context, tx *sql.Tx, now time.Time) error {
	for _, statement := range []string{
		`UPDATE groups SET closes = closes - opened + ?2, opened = ?2 WHERE org = ?1 AND closed IS NULL AND opened > ?2`,
		`UPDATE runs SET due = coalesce((SELECT closes FROM groups WHERE run = seq AND closed IS NULL AND NOT at_first), ?2)
			WHERE org = ?1 AND status = 'queued' AND due > ?2`,
		`UPDATE starts SET at = ?2 WHERE org = ?1 AND at > ?2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, e.o.Org, stamp(now)); err != nil {
			return err
		}
	}
	return nil
}
