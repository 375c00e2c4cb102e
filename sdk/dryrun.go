package sdk

import (
	"encoding/json"
	"slices"

	"soar.example/okta/schema"
)

// wroteOutcomes say that something was written; idleOutcomes that nothing was.
var (
	wroteOutcomes = []Outcome{Changed, "partial", "accepted"}
	idleOutcomes  = []Outcome{Planned, Unchanged, NotApplicable}
)

// dryRunMember is the parameter that asks for a dry run.
const dryRunMember = "dry_run"

// CheckDryRun returns an error if input asks for a dry run, and output does not say
// that nothing was written: the action's author may have forgotten the dry run. The
// outcomes of a batch count too, wherever the output schema declares them. Hosts and
// plugins apply it to each answer; a's output schema may be empty if it is not known.
func (a *ActionInfo) CheckDryRun(input, output json.RawMessage) error {
	if !asksDryRun(input) {
		return nil
	}
	return a.checkPlanned(output)
}

func asksDryRun(input json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(input, &members) == nil && string(members[dryRunMember]) == "true"
}

// checkPlanned is CheckDryRun for what is known to be a dry run.
func (a *ActionInfo) checkPlanned(output json.RawMessage) error {
	var answer any
	if json.Unmarshal(output, &answer) != nil {
		return nil // it is reported as an answer that is not JSON
	}
	members, _ := answer.(map[string]any)
	own, _ := members["outcome"].(string)
	wrote := wroteIn(node(a.Output), answer)
	if slices.Contains(wroteOutcomes, Outcome(own)) {
		wrote = own
	}
	const next = "Look at the state before you rely on it, and tell the connector's author"
	switch {
	case wrote != "":
		return Errorf(Internal, "%s broke its dry run: its outcome is %q, so it may have written. %s", a.Name, wrote, next)
	case a.Effect != Reads && a.Effect != "" && !slices.Contains(idleOutcomes, Outcome(own)):
		return Errorf(Internal, "%s broke its dry run: its outcome is %q, not %q, so it may have written. %s", a.Name, shorten(own, 80), Planned, next)
	}
	return nil
}

// wroteIn returns an outcome in the answer that says that something was written, ""
// if there is none. It looks where n declares an outcome, and not into the states.
func wroteIn(n *schema.Node, answer any) string {
	switch answer := answer.(type) {
	case map[string]any:
		for _, p := range n.Properties {
			value, ok := answer[p.Name]
			if !ok || p.Name == "before" || p.Name == "after" {
				continue
			}
			if text, isText := value.(string); isText && p.Name == "outcome" && slices.Contains(wroteOutcomes, Outcome(text)) {
				return text
			}
			if wrote := wroteIn(p.Node, value); wrote != "" {
				return wrote
			}
		}
		if n.Additional == nil || n.Additional.Node == nil {
			return ""
		}
		for name, value := range answer {
			if n.Property(name) == nil {
				if wrote := wroteIn(n.Additional.Node, value); wrote != "" {
					return wrote
				}
			}
		}
	case []any:
		if n.Items == nil {
			return ""
		}
		for _, item := range answer {
			if wrote := wroteIn(n.Items, item); wrote != "" {
				return wrote
			}
		}
	}
	return ""
}

// node reads a schema of a manifest, as an empty one if it is none.
func node(raw JSON) *schema.Node {
	n := new(schema.Node)
	if json.Unmarshal(raw, n) != nil {
		return new(schema.Node)
	}
	return n
}
