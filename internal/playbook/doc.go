// Package playbook reads and checks playbook files, and evaluates their expressions.
// It uses a connector's manifest and is independent of the engine.
//
// A playbook is one YAML document. The condition, the "if" of a step, and each
// ${{ … }} in the "with" of a step are CEL expressions (https://cel.dev) over
//
//   - event: the data of the event that started the run, typed by the trigger's schema;
//   - events: all events of the run in order of arrival, several with group_by; only
//     steps can read it;
//   - raw: the data of event without types, for fields that the schema does not declare;
//   - steps.<id>: the status of an earlier step ("succeeded", "failed", "skipped"), its
//     output, typed by its action's schema, and its error {code, message};
//   - vars: the literals of the file.
//
// An absent value is null. Null propagates through members, items, functions, comparisons and negation; && and || have
// three-valued logic. A condition holds only if it is true. == null and != null test whether a value is absent.
//
// A number is an int if the schema says integer, and a double if it says number. Without a type, whole numbers are ints.
//
// [Load] reports all mistakes that it can find without an event, each with its line and
// column: names, types, literals against the schemas, and expressions against the types
// of their variables.
package playbook

//go:generate go run soar.example/okta/schema/describe
