package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"soar.example/okta/sdk"
)

// markSuffix ends the name of the file with the marks of an engine, next to its
// store.
const markSuffix = ".evaluating"

// mostDeaths is how often a process may die while it evaluates expressions on an
// event. After that, the event is set aside.
const mostDeaths = 2

// The file begins with slots of one event each, as digests, or blank. A line for
// each event during which a process died follows: digest, blank, count.
const (
	markSlots  = 256
	markLength = 32
	slotLength = markLength + 1
	mostMarked = 10_000 // lines
)

// markAfter is how long an evaluation takes before it is marked. Every other one is
// over by then. A process that is killed for another reason is thereby rarely taken
// for one that its expressions killed.
const markAfter = 50 * time.Millisecond

// marks are the events that an engine has evaluated expressions on for a while, and
// still does. They are written to a file. The write is no commit and waits for no
// disk: a page that the kernel has outlives the process. An engine that opens the
// file later thereby learns during which events its predecessor died. The nil marks
// write nothing.
type marks struct {
	file *os.File
	free chan int64 // offsets of free slots
	died map[string]int
}

// openMarks reads the marks that an engine left behind, counts them and begins
// anew.
func openMarks(path string) (*marks, error) {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the marks of the last engine: %w", err)
	}
	m := &marks{free: make(chan int64, markSlots), died: readMarks(old)}
	var text bytes.Buffer
	for i := range int64(markSlots) {
		fmt.Fprintf(&text, "%s\n", strings.Repeat(" ", markLength))
		m.free <- i * slotLength
	}
	for mark, n := range m.died {
		fmt.Fprintf(&text, "%s %d\n", mark, n)
	}
	if m.file, err = replaceFile(path, text.Bytes()); err != nil {
		return nil, fmt.Errorf("write the marks of evaluations: %w", err)
	}
	return m, nil
}

// readMarks returns how often a process died during which events.
func readMarks(old []byte) map[string]int {
	died := map[string]int{}
	for i, line := range strings.Split(string(old), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || len(words[0]) != markLength || len(died) >= mostMarked:
		case i < markSlots:
			died[words[0]]++
		case len(words) == 2:
			n, _ := strconv.Atoi(words[1])
			died[words[0]] += n
		}
	}
	return died
}

// replaceFile writes a file that is there whole or as it was before.
func replaceFile(path string, text []byte) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

func (m *marks) close() error {
	if m == nil {
		return nil
	}
	if err := m.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// A slot holds the mark of one goroutine. The nil slot marks nothing.
type slot struct {
	*marks
	at    int64
	timer *time.Timer

	mu      sync.Mutex
	mark    string // "": none
	written bool
}

// slot returns a free slot. The caller must call release.
func (m *marks) slot() *slot {
	if m == nil {
		return nil
	}
	s := &slot{marks: m, at: <-m.free}
	s.timer = time.AfterFunc(markAfter, s.write)
	return s
}

// put marks an event, in place of the one before, if its evaluation takes long.
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

// write and blank ignore errors: without its mark, the event is tried once more.

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
		_, _ = s.file.WriteAt(bytes.Repeat([]byte(" "), markLength), s.at)
	}
	s.mark, s.written = "", false
}

// setAside returns why no expression is evaluated on the event any more, or nil.
func (m *marks) setAside(mark string) error {
	if m == nil || m.died[mark] < mostDeaths {
		return nil
	}
	return sdk.Errorf(sdk.Internal, "the event is set aside: the process died %d times while it evaluated the expressions of a playbook on this event. "+
		"Look for an expression that takes too much memory", m.died[mark])
}

// markOf is how an event is marked.
func markOf(org, event string) string { return digest("evaluating", org, event) }

// marked evaluates what do does on the event of a run, and marks that.
func marked[T any](e *Engine, event, what string, do func() (T, error)) (v T, err error) {
	mark := markOf(e.o.Org, event)
	if err := e.marks.setAside(mark); err != nil {
		return v, err
	}
	s := e.marks.slot()
	defer s.release()
	s.put(mark)
	return guarded(e, what, do)
}
