package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// The marks file lists the events under evaluation: slots of one digest each, or
// blank. Its name is that of the store with marksSuffix. If the process dies, the next
// engine counts the marks in the table evaluation_deaths and starts a new file.
const (
	marksSuffix = ".evaluating"
	markSlots   = 256
	markLength  = 32
	slotLength  = markLength + 1
	// maxDeaths is how often a process may die while it evaluates expressions on an
	// event. After that, the event is set aside.
	maxDeaths = 2
)

// markAfter is the duration of an evaluation after which it is marked. Nearly all
// evaluations are shorter, so that few are counted if the process is killed for
// another reason.
const markAfter = 50 * time.Millisecond

// evaluations mark the events that the engine has been evaluating expressions on for a
// while. A mark is no commit and does not wait for the disk: the kernel keeps a written
// page when the process dies. The zero value marks nothing.
type evaluations struct {
	file     *os.File
	free     chan int64      // offsets of free slots
	suspects map[string]bool // marks of events that have counted deaths or a run that was set aside
}

var blankMark = strings.Repeat(" ", markLength)

// open counts the marks that an earlier engine left, and starts a new file.
func (v *evaluations) open(ctx context.Context, s *Store) error {
	path := s.Path() + marksSuffix
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the marks of the last engine: %w", err)
	}
	v.suspects, v.free = map[string]bool{}, make(chan int64, markSlots)
	err = s.tx(ctx, func(tx *conn) {
		for _, mark := range readMarks(old) {
			tx.exec(`INSERT INTO evaluation_deaths (event, deaths) VALUES (?, 1) ON CONFLICT (event) DO UPDATE SET deaths = deaths + 1`, mark)
		}
		for _, mark := range list(tx, only[string], `SELECT event FROM evaluation_deaths`) {
			v.suspects[mark] = true
		}
		type event struct{ org, id string }
		for _, e := range list(tx, func(e *event) []any { return []any{&e.org, &e.id} }, `SELECT DISTINCT e.org, e.id FROM runs r
			JOIN events e ON e.seq = r.event WHERE r.unmatched = 1 AND r.status = 'failed'`) {
			v.suspects[markOf(e.org, e.id)] = true
		}
	})
	if err != nil {
		return fmt.Errorf("count the marks of the last engine: %w", err)
	}
	// A file of the last engine is blanked only after its marks are stored.
	if v.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return fmt.Errorf("create the file for marks of evaluations: %w", err)
	}
	if _, err := v.file.WriteString(strings.Repeat(blankMark+"\n", markSlots)); err != nil {
		return errors.Join(fmt.Errorf("write the file for marks of evaluations: %w", err), v.file.Close())
	}
	for i := range int64(markSlots) {
		v.free <- i * slotLength
	}
	return nil
}

// readMarks returns the marks in a file of the last engine.
func readMarks(old []byte) (marks []string) {
	for i, line := range strings.Split(string(old), "\n") {
		if i < markSlots && len(line) == markLength && strings.Trim(line, "0123456789abcdef") == "" {
			marks = append(marks, line)
		}
	}
	return marks
}

func (v *evaluations) close() error {
	if err := v.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// begin marks an evaluation that takes long, until the caller calls end. Errors are
// ignored: an event without its mark is evaluated once more.
func (v *evaluations) begin(mark string) (end func()) {
	if v.file == nil {
		return func() {}
	}
	at := <-v.free
	var mu sync.Mutex
	var ended, written bool
	timer := time.AfterFunc(markAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			written = true
			_, _ = v.file.WriteAt([]byte(mark), at)
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		ended = true
		if written {
			_, _ = v.file.WriteAt([]byte(blankMark), at)
		}
		v.free <- at
	}
}

// markOf returns the mark of an event.
func markOf(org, event string) string { return engine.Digest("evaluating", org, event) }

// setAside returns why no expression is evaluated on the event, or nil. Before the
// conditions of playbooks are evaluated, an event whose runs were already recorded as
// set aside stays set aside; a retry of such a run evaluates it again.
func (e *Engine) setAside(ctx context.Context, org, event string, matching bool) (aside, err error) {
	mark := markOf(org, event)
	if !e.evaluations.suspects[mark] {
		return nil, nil
	}
	var deaths int
	var recorded bool
	db := e.store.reader(ctx)
	db.row(`SELECT coalesce((SELECT deaths FROM evaluation_deaths WHERE event = ?1), 0),
		EXISTS (SELECT 1 FROM events e JOIN runs r ON r.event = e.seq WHERE e.org = ?2 AND e.id = ?3 AND r.unmatched = 1 AND r.status = 'failed')`,
		mark, org, event).into(&deaths, &recorded)
	if db.err != nil || deaths < maxDeaths && !(matching && recorded) {
		return nil, db.err
	}
	return sdk.Errorf(sdk.Internal, "the event is set aside: the process died %d times while it evaluated the expressions of a playbook on this event. "+
		"Look for an expression that takes too much memory, then retry the run", max(deaths, maxDeaths)), nil
}

// forget deletes the count of deaths on an event that no unfinished run needs.
func (e *Engine) forget(tx *conn, org, event string) {
	if mark := markOf(org, event); e.evaluations.suspects[mark] {
		tx.exec(`DELETE FROM evaluation_deaths WHERE event = ?1 AND NOT EXISTS
			(SELECT 1 FROM events e JOIN runs r ON r.event = e.seq WHERE e.org = ?2 AND e.id = ?3 AND r.status IN ('queued', 'running'))`,
			mark, org, event)
	}
}

// marked evaluates expressions on the event of a run, and marks the evaluation.
func (w *worker) marked(j *job) engine.Evaluate {
	return func(label string, do func() error) error {
		aside, err := w.setAside(w.storeCtx, j.run.Org, j.run.EventID, false)
		if err = cmp.Or(err, aside); err != nil {
			return err
		}
		defer w.evaluations.begin(markOf(j.run.Org, j.run.EventID))()
		return w.guarded(label, do)
	}
}

// guarded turns a panic into an error, so that one expression on one event does not
// end the process and every other run.
func (e *Engine) guarded(label string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			text := schema.MaskText(fmt.Sprint(r))
			e.o.Logger.Error("panic", "in", label, "panic", text, "stack", string(debug.Stack()))
			err = sdk.Errorf(sdk.Internal, "%s panicked: %s", label, text)
		}
	}()
	return do()
}
