package embedded

import (
	"slices"
	"time"
)

// NoticeKind says what a Notice is about.
type NoticeKind = string

// The kinds of notices.
const (
	RunQueued    NoticeKind = "run_queued"
	RunGrown     NoticeKind = "run_grown"    // events of a page joined the run's group
	RunStarted   NoticeKind = "run_started"  // once more when a run is resumed
	StepStarted  NoticeKind = "step_started" // before its first attempt, and when it is resumed
	StepRetry    NoticeKind = "step_retry"   // an attempt failed; Wait says how long until the next
	StepFinished NoticeKind = "step_finished"
	RunFinished  NoticeKind = "run_finished"
	UndoRetry    NoticeKind = "undo_retry"    // an attempt failed; Wait says how long until the next
	UndoFinished NoticeKind = "undo_finished" // done, or failed for good
)

// A Notice tells an observer what just happened. It is sent after that was
// stored. Run comes without its event's data, steps and audit; Step is nil in
// notices about the run as a whole. Both are copies that the observer may keep.
// Undo is set in notices about an undo; their Run is the one that asked for it, and
// empty if a call by hand did.
type Notice struct {
	Kind NoticeKind
	Run  *Run
	Step *StepRun
	Undo *Undo
	Wait time.Duration
}

// notify tells the observer, if there is one.
func (e *Engine) notify(kind NoticeKind, run Run, step *stepState, wait time.Duration) {
	if e.o.Observe == nil {
		return
	}
	n := Notice{Kind: kind, Run: &run, Wait: wait}
	if step != nil {
		s := step.StepRun
		s.Input, s.Output = slices.Clone(s.Input), slices.Clone(s.Output)
		n.Step = &s
	}
	e.o.Observe(n)
}
