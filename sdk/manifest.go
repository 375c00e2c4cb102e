package sdk

import (
	"encoding/json"
	"slices"

	"github.com/invopop/jsonschema"
)

// SchemaVersion is the version of the manifest schema that this package writes and reads.
const SchemaVersion = 1

// A Manifest describes a connector to a host or a workflow editor.
type Manifest struct {
	SchemaVersion int           `json:"schema_version"` // Version of the manifest schema.
	Name          string        `json:"name"`           // Name of the connector. It never changes.
	Title         string        `json:"title"`          // Title for people.
	Summary       string        `json:"summary"`        // Summary of the connector, in one sentence.
	Version       string        `json:"version"`        // Version of the connector (semantic versioning).
	Docs          string        `json:"documentation"`  // Address of the service's documentation.
	Settings      JSON          `json:"settings"`       // JSON Schema of the settings of a connection. Secrets are marked writeOnly.
	Actions       []ActionInfo  `json:"actions"`        // Actions, in the order of display.
	Triggers      []TriggerInfo `json:"triggers"`       // Triggers, which start playbooks.
	ErrorInfo     JSON          `json:"error"`          // JSON Schema of the errors of actions and triggers.
}

// UnmarshalJSON reads a manifest. It rejects a schema_version that this package does
// not know, because the other members may have another meaning there.
func (m *Manifest) UnmarshalJSON(b []byte) error {
	type plain Manifest // without this method
	var head struct {
		SchemaVersion int `json:"schema_version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	if head.SchemaVersion != SchemaVersion {
		return Errorf(InvalidInput, "cannot read the manifest: its schema_version is %d, and this host knows only %d. Use a plugin and a host of the same release",
			head.SchemaVersion, SchemaVersion)
	}
	return json.Unmarshal(b, (*plain)(m))
}

// ActionInfo describes one action.
type ActionInfo struct {
	Name    string `json:"name"`          // Name of the action. It never changes.
	Title   string `json:"title"`         // Title for people.
	Summary string `json:"summary"`       // Summary of the action.
	Docs    string `json:"documentation"` // Address of the service's documentation.
	// reads: changes nothing. writes: another action can revert the change. destroys: no action can revert the change.
	Effect Effect `json:"effect" jsonschema:"enum=reads,enum=writes,enum=destroys"`
	// Name of the action that reverts this one.
	Undo string `json:"undo,omitempty"`
	// The action removes access of its subjects. A host can limit how many accounts lose access in an hour.
	Contains bool `json:"contains,omitempty"`
	// Repeating the call repeats its effect. After an unknown result, the host does not retry.
	Once bool `json:"once,omitempty"`
	// The action sends no request to the service.
	Offline bool `json:"offline,omitempty"`

	Scopes []string `json:"scopes"` // OAuth scopes that the action needs.
	// Editions of the service in which the action works; absent if the service has only one.
	Editions []string `json:"editions,omitempty"`
	// JSON Schema of the parameters. x-group marks each parameter as basic or advanced.
	Input   JSON        `json:"input"`
	Output  JSON        `json:"output"`  // JSON Schema of the output.
	Example ExampleInfo `json:"example"` // Input and output of a call.

	// Location of values and labels in the output, for parameters with this action in x-options.
	Options *OptionList `json:"options,omitempty"`

	// Output schema for each value of the parameter format, if the action has it. output is the schema for the default
	// value.
	Shapes map[string]JSON `json:"shapes,omitempty"`
}

// ExampleInfo is an example of a call.
type ExampleInfo struct {
	Input  JSON `json:"input"`  // Input of the call.
	Output JSON `json:"output"` // Output of the call.
}

// TriggerInfo describes one trigger.
type TriggerInfo struct {
	Name    string   `json:"name"`          // Name of the trigger. It never changes.
	Title   string   `json:"title"`         // Title for people.
	Summary string   `json:"summary"`       // Summary of the trigger.
	Docs    string   `json:"documentation"` // Address of the service's documentation.
	Every   Duration `json:"every"`         // Default wait between polls.
	Scopes  []string `json:"scopes"`        // OAuth scopes that the trigger needs.
	Params  JSON     `json:"params"`        // JSON Schema of the parameters.
	Event   JSON     `json:"event"`         // JSON Schema of the data of an event.
	Example JSON     `json:"example"`       // Example of the data of an event.

	// Event schema for each value of the parameter format, if the trigger has it. event is the schema for the default
	// value.
	Shapes map[string]JSON `json:"shapes,omitempty"`
}

// OutputIn returns the JSON Schema of the output in the given format. "" and an unknown
// format mean the default.
func (a *ActionInfo) OutputIn(format string) JSON { return shaped(a.Shapes, format, a.Output) }

// EventIn returns the JSON Schema of the data of an event in the given format. "" and an
// unknown format mean the default.
func (t *TriggerInfo) EventIn(format string) JSON { return shaped(t.Shapes, format, t.Event) }

func shaped(shapes map[string]JSON, format string, standard JSON) JSON {
	if s, ok := shapes[format]; ok {
		return s
	}
	return standard
}

// Action returns the named action's description, or nil.
func (m *Manifest) Action(name string) *ActionInfo {
	return find(m.Actions, func(a ActionInfo) bool { return a.Name == name })
}

// Trigger returns the named trigger's description, or nil.
func (m *Manifest) Trigger(name string) *TriggerInfo {
	return find(m.Triggers, func(t TriggerInfo) bool { return t.Name == name })
}

func find[T any](all []T, is func(T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return &all[i]
	}
	return nil
}

// ActionNames lists the actions' names in order.
func (m *Manifest) ActionNames() []string {
	names := make([]string, len(m.Actions))
	for i := range m.Actions {
		names[i] = m.Actions[i].Name
	}
	return names
}

// TriggerNames lists the triggers' names in order.
func (m *Manifest) TriggerNames() []string {
	names := make([]string, len(m.Triggers))
	for i := range m.Triggers {
		names[i] = m.Triggers[i].Name
	}
	return names
}

// JSON is a JSON object that is carried as it is.
type JSON json.RawMessage

// MarshalJSON returns the object's own bytes.
func (j JSON) MarshalJSON() ([]byte, error) { return json.RawMessage(j).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (j *JSON) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(j).UnmarshalJSON(b) }

// JSONSchema says that it is an object.
func (JSON) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }
