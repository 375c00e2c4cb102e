package embedded

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"soar.example/okta/internal/playbook"
)

// A pageWriter stores a page's runs in one transaction.
type pageWriter struct {
	ctx               context.Context // of the transaction
	tx                *sql.Tx
	engine            *Engine
	now               time.Time // when the page arrived
	known, event, run *sql.Stmt
	hashes            map[*playbook.Playbook]string
	replay            replay  // zero: the page is what happened now
	current           bool    // groups whose window is over were closed
	touched           []int64 // the runs whose groups took in an event, once each
}

func newPageWriter(ctx context.Context, tx *sql.Tx, e *Engine, now time.Time) (*pageWriter, error) {
	w := &pageWriter{ctx: ctx, tx: tx, engine: e, now: now, hashes: map[*playbook.Playbook]string{}}
	var errs [3]error
	w.known, errs[0] = tx.PrepareContext(ctx, selectKnown)
	// The update changes nothing; without it an event that is known would give no row.
	w.event, errs[1] = tx.PrepareContext(ctx, `INSERT INTO events (org, id, type, time, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org, id) DO UPDATE SET id = id RETURNING seq`)
	w.run, errs[2] = tx.PrepareContext(ctx, `INSERT INTO runs (id, org, playbook, title, hash, event, status, error, created, finished, due, replay)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	return w, errors.Join(errs[:]...)
}

// What became of a match.
type fate int

const (
	repeated fate = iota // it has a run already
	joined               // its event went into the run of a group
	started              // it has a new run
)

// write stores the match's run and what it needs, unless it is there.
func (w *pageWriter) write(m match) (run Run, became fate, err error) {
	org := w.engine.o.Org
	var known bool
	if m.run, known, err = w.identify(m); err != nil || known {
		return Run{}, repeated, err
	}
	hash, err := w.book(m.book)
	if err != nil {
		return Run{}, started, err
	}
	var event int64
	err = w.event.QueryRowContext(w.ctx, org, m.event.ID, m.event.Type, stamp(m.event.Time), string(m.event.Data)).Scan(&event)
	if err != nil {
		return Run{}, started, err
	}
	if err := writeShapes(w.ctx, w.tx, event, m.event, m.book); err != nil {
		return Run{}, started, err
	}
	run = Run{
		ID: m.run, Playbook: m.book.Name, Title: m.book.Title, Status: Queued,
		EventID: m.event.ID, EventType: m.event.Type, EventTime: unstamp(stamp(m.event.Time)), Created: w.now, Replay: w.replay.begun,
	}
	if m.err != nil {
		run.Status, run.Error, run.Finished, m.group = Failed, bodyOf(m.err), run.Created, nil
	}
	if in, err := w.join(m, hash, event); err != nil || in {
		return Run{}, joined, err
	}
	due := run.Created
	if m.group != nil && m.group.key.Valid && !m.book.Grouping.AtFirst {
		due = due.Add(m.book.Grouping.Window)
	}
	failure, err := pack(run.Error)
	if err != nil {
		return Run{}, started, err
	}
	row, err := w.run.ExecContext(w.ctx, run.ID, org, run.Playbook, run.Title, hash, event, run.Status, failure, stamp(run.Created), stamp(run.Finished), stamp(due), stamp(run.Replay))
	if err != nil {
		return Run{}, started, err
	}
	seq, err := row.LastInsertId()
	if err != nil {
		return Run{}, started, err
	}
	return run, started, w.open(m, seq, event)
}

// touch remembers a run whose group took in an event.
func (w *pageWriter) touch(run int64) {
	if !slices.Contains(w.touched, run) {
		w.touched = append(w.touched, run)
	}
}

// grown returns fresh with their groups as they are at the page's end, and the older
// runs whose groups have grown.
func (w *pageWriter) grown(fresh []Run) (_, grown []Run, err error) {
	for _, seq := range w.touched {
		run, _, err := scanRun(w.tx.QueryRowContext(w.ctx, selectRun+` WHERE r.seq = ?`, seq))
		if err != nil {
			return nil, nil, err
		}
		if i := slices.IndexFunc(fresh, func(r Run) bool { return r.ID == run.ID }); i >= 0 {
			fresh[i] = *run
		} else {
			grown = append(grown, *run)
		}
	}
	return fresh, grown, nil
}

// book stores the playbook as it is now.
func (w *pageWriter) book(b *playbook.Playbook) (hash string, err error) {
	if hash, ok := w.hashes[b]; ok {
		return hash, nil
	}
	hash = b.Hash()
	_, err = w.tx.ExecContext(w.ctx, `INSERT INTO playbooks (hash, name, file, source, runs_a_minute) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		hash, b.Name, b.File, b.Source, b.MaxRunsPerMinute)
	if err != nil {
		return "", err
	}
	w.hashes[b] = hash
	w.engine.books.Store(hash, b)
	return hash, nil
}
