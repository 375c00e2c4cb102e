// Package playbook reads playbook files: what starts a run, and the steps that
// the run takes. It knows a connector's manifest and no engine.
//
// A playbook is one YAML document. Its condition, its steps' "if" and whatever
// stands between ${{ and }} in a step's "with" are CEL expressions
// (https://cel.dev) over
//
//   - event: the event's data, typed by the trigger's schema; of a run that stands
//     for a group of events, the first;
//   - events: all events of the run in order of arrival, where group_by gathers
//     them, and else the one; steps read it, the condition and group_by do not;
//   - raw: the same data without types, for fields that the schema does not
//     declare;
//   - steps.<id>: an earlier step's status ("succeeded", "failed", "skipped"),
//     output, typed by its action's schema, and error {code, message};
//   - vars: the file's own literals.
//
// A field that the schema declares and the data lacks reads as null, or as an
// empty list or map; so does everything below it. Numbers are int where a schema
// says integer and double where it says number; elsewhere they are int if they
// are whole.
//
// Everything that can be found wrong without an event is found by [Load], all at
// once, each with its line and column: names, types, literals against the
// schemas, and expressions against the types of what they read.
package playbook

//go:generate go run soar.example/okta/schema/describe
