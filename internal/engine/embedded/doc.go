// Package embedded is the embedded engine: it starts playbooks on events, runs their
// steps one after another, and stores everything in one SQLite file.
//
// A [Store] is that file. Every process can read a store; only one [Engine] at a time
// works on it. [Engine.Accept] takes a page of events, [Engine.Work] runs what Accept
// started. [Store.Run], [Store.Runs] and [Store.AuditTrail] return what happened.
// [Store.Prune] deletes what ended long ago. Package engine decides what happens next
// in a run; this package stores it and calls the actions.
//
// The guarantees hold if the process is killed and restarted at any time:
//   - The runs of a page, its matching events and the checkpoint after it are stored
//     in one transaction, so that no event is lost.
//   - The same event starts the same playbook once, however often it is read.
//   - A step that has finished is not run again; an interrupted step is.
//   - A temporary change is reverted after its time, never before, by any later
//     engine. A state that existed before the change is left alone.
//   - If the process dies twice while it evaluates expressions on an event, the runs
//     of this event fail. Other runs continue.
//   - No action is called before the call is in the audit trail.
package embedded
