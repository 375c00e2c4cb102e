package runner

import (
	"context"
	"database/sql"
	"errors"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// A pageWriter stores a page's runs in one transaction.
type pageWriter struct {
	ctx               context.Context // of the transaction
	tx                *sql.Tx
	engine            *Engine
	known, event, run *sql.Stmt
	hashes            map[*playbook.Playbook]string
}

func newPageWriter(ctx context.Context, tx *sql.Tx, e *Engine) (*pageWriter, error) {
	w := &pageWriter{ctx: ctx, tx: tx, engine: e, hashes: map[*playbook.Playbook]string{}}
	var errs [3]error
	w.known, errs[0] = tx.PrepareContext(ctx, `SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?)`)
	// The update changes nothing; without it an event that is known would give no row.
	w.event, errs[1] = tx.PrepareContext(ctx, `INSERT INTO events (org, id, type, time, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org, id) DO UPDATE SET id = id RETURNING seq`)
	w.run, errs[2] = tx.PrepareContext(ctx, `INSERT INTO runs (id, org, playbook, title, hash, event, status, error, created, finished)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	return w, errors.Join(errs[:]...)
}

// write stores the match's run and what it needs, unless the run is there.
func (w *pageWriter) write(m match) (run Run, isNew bool, err error) {
	org, now := w.engine.o.Org, w.engine.o.Now()
	id := runID(org, m.book.Name, m.event.ID)
	var known bool
	if err := w.known.QueryRowContext(w.ctx, id).Scan(&known); err != nil || known {
		return Run{}, false, err
	}
	hash, err := w.book(m.book)
	if err != nil {
		return Run{}, false, err
	}
	var event int64
	err = w.event.QueryRowContext(w.ctx, org, m.event.ID, m.event.Type, stamp(m.event.Time), string(m.event.Data)).Scan(&event)
	if err != nil {
		return Run{}, false, err
	}
	run = Run{
		ID: id, Playbook: m.book.Name, Title: m.book.Title, Status: Queued,
		EventID: m.event.ID, EventType: m.event.Type, EventTime: unstamp(stamp(m.event.Time)), Created: unstamp(stamp(now)),
	}
	if m.err != nil {
		body := sdk.AsError(m.err).Body()
		run.Status, run.Error, run.Finished = Failed, &body, run.Created
	}
	failure, err := pack(run.Error)
	if err != nil {
		return Run{}, false, err
	}
	_, err = w.run.ExecContext(w.ctx, id, org, run.Playbook, run.Title, hash, event, run.Status, failure, stamp(run.Created), stamp(run.Finished))
	return run, true, err
}

// book stores the playbook as it is now.
func (w *pageWriter) book(b *playbook.Playbook) (hash string, err error) {
	if hash, ok := w.hashes[b]; ok {
		return hash, nil
	}
	hash = b.Hash()
	_, err = w.tx.ExecContext(w.ctx, `INSERT INTO playbooks (hash, name, file, source) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		hash, b.Name, b.File, b.Source)
	if err != nil {
		return "", err
	}
	w.hashes[b] = hash
	w.engine.books.Store(hash, b)
	return hash, nil
}
