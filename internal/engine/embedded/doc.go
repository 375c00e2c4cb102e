// Package embedded is the embedded engine: it starts playbooks on events, runs
// their steps one after another, and remembers all of it in one SQLite file.
//
// A [Store] is that file. Anybody may read one; a single [Engine] at a time may
// work on it. [Engine.Accept] takes a page of events, [Engine.Work] runs what
// Accept started, and [Store.Run], [Store.Runs] and [Store.AuditTrail] tell what
// happened. [Store.Prune] deletes what ended long ago.
//
// What it promises, whenever the process is killed and started again:
//   - a page's runs, its matching events and the checkpoint after it are stored
//     together or not at all, so that no event is lost;
//   - the same event starts the same playbook once, however often it is read;
//   - a step that had finished is not run again; the one that was under way is;
//   - a change that is to last for a time is taken back after it, by whatever engine
//     works then, and never before its time; what stood there before is left alone;
//   - an event during which the process died twice, while it evaluated a playbook's
//     expressions, fails its runs and does not stop the others;
//   - no action is called that has not been written to the audit trail first.
package embedded
