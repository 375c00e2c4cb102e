package embedded

import (
	"context"
	"database/sql"
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
// page when the process dies. The nil evaluations write nothing.
type evaluations struct {
	file     *os.File
	free     chan int64 // offsets of free slots
	suspects sync.Map   // mark → true: the store knows more about the event
}

// openEvaluations counts the marks that an earlier engine left, and starts a new file.
func openEvaluations(ctx context.Context, s *Store, org string) (*evaluations, error) {
	path := s.Path() + marksSuffix
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the marks of the last engine: %w", err)
	}
	v := &evaluations{free: make(chan int64, markSlots)}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		for _, mark := range readMarks(old) {
			if _, err := tx.ExecContext(ctx, `INSERT INTO evaluation_deaths (event, deaths) VALUES (?, 1)
				ON CONFLICT (event) DO UPDATE SET deaths = deaths + 1`, mark); err != nil {
				return err
			}
		}
		marks, err := list(ctx, tx, scanOne[string], `SELECT event FROM evaluation_deaths`)
		if err != nil {
			return err
		}
		aside, err := list(ctx, tx, scanOne[string], `SELECT DISTINCT e.id FROM runs r
			JOIN events e ON e.seq = r.event WHERE r.unmatched = 1 AND r.status = 'failed' AND r.org = ?`, org)
		for _, id := range aside {
			marks = append(marks, markOf(org, id))
		}
		for _, mark := range marks {
			v.suspects.Store(mark, true)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the marks of the last engine: %w", err)
	}
	// A file of the last engine is blanked only after its marks are stored.
	if v.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, fmt.Errorf("create the file for marks of evaluations: %w", err)
	}
	blank := strings.Repeat(" ", markLength) + "\n"
	if _, err := v.file.WriteString(strings.Repeat(blank, markSlots)); err != nil {
		return nil, errors.Join(fmt.Errorf("write the file for marks of evaluations: %w", err), v.file.Close())
	}
	for i := range int64(markSlots) {
		v.free <- i * slotLength
	}
	return v, nil
}

// removeMarks deletes the marks that belong to an earlier store of this path.
func removeMarks(store string) error {
	if err := os.Remove(store + marksSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
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

// A slot holds the mark of one goroutine. The nil slot marks nothing.
type slot struct {
	*evaluations
	at    int64
	timer *time.Timer

	mu      sync.Mutex
	mark    string // "": none
	written bool
}

// slot returns a free slot. The caller must call release.
func (v *evaluations) slot() *slot {
	if v == nil {
		return nil
	}
	s := &slot{evaluations: v, at: <-v.free}
	s.timer = time.AfterFunc(markAfter, s.write)
	return s
}

// put replaces the mark of the slot. The mark is written if the evaluation takes long.
func (s *slot) put(mark string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blank()
	s.mark = mark
	s.timer.Reset(markAfter)
}

func (s *slot) release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.blank()
	s.free <- s.at
}

// write and blank ignore errors: an event without its mark is evaluated once more.

func (s *slot) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mark == "" {
		return
	}
	s.written = true
	_, _ = s.file.WriteAt([]byte(s.mark), s.at)
}

func (s *slot) blank() {
	if s.written {
		_, _ = s.file.WriteAt([]byte(strings.Repeat(" ", markLength)), s.at)
	}
	s.mark, s.written = "", false
}

// markOf returns the mark of an event.
func markOf(org, event string) string { return engine.Digest("evaluating", org, event) }

// suspect reports whether the store may know that an event is set aside.
func (v *evaluations) suspect(mark string) bool {
	if v == nil {
		return false
	}
	_, known := v.suspects.Load(mark)
	return known
}

// setAside returns why no expression is evaluated on the event, or nil. Before the
// conditions of playbooks are evaluated, an event whose runs were already recorded as
// set aside stays set aside; a retry of such a run evaluates it again.
func (e *Engine) setAside(ctx context.Context, event string, matching bool) (aside, err error) {
	mark := markOf(e.o.Org, event)
	if !e.evaluations.suspect(mark) {
		return nil, nil
	}
	var deaths int
	var recorded bool
	err = e.store.read.QueryRowContext(ctx, `SELECT coalesce((SELECT deaths FROM evaluation_deaths WHERE event = ?1), 0),
		EXISTS (SELECT 1 FROM events e JOIN runs r ON r.event = e.seq WHERE e.org = ?2 AND e.id = ?3 AND r.unmatched = 1 AND r.status = 'failed')`,
		mark, e.o.Org, event).Scan(&deaths, &recorded)
	if err != nil || deaths < maxDeaths && !(matching && recorded) {
		return nil, err
	}
	return sdk.Errorf(sdk.Internal, "the event is set aside: the process died %d times while it evaluated the expressions of a playbook on this event. "+
		"Look for an expression that takes too much memory, then retry the run", max(deaths, maxDeaths)), nil
}

// forget deletes the count of deaths on an event that no unfinished run needs.
func (e *Engine) forget(ctx context.Context, tx *sql.Tx, event string) error {
	mark := markOf(e.o.Org, event)
	if !e.evaluations.suspect(mark) {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM evaluation_deaths WHERE event = ?1 AND NOT EXISTS
		(SELECT 1 FROM events e JOIN runs r ON r.event = e.seq WHERE e.org = ?2 AND e.id = ?3 AND r.status IN ('queued', 'running'))`,
		mark, e.o.Org, event)
	return err
}

// marked evaluates expressions on the event of a run, and marks the evaluation.
func (e *Engine) marked(ctx context.Context, event, label string, do func() error) error {
	aside, err := e.setAside(ctx, event, false)
	if err != nil {
		return err
	}
	if aside != nil {
		return aside
	}
	s := e.evaluations.slot()
	defer s.release()
	s.put(markOf(e.o.Org, event))
	return e.guarded(label, do)
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
