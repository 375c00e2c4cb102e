package docs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soar.example/okta/internal/monitor"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const printed = "<!-- Printed from the code by `go generate ./internal/docs`; not to be edited. -->\n\n"

func index(m *sdk.Manifest) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# Actions and triggers\n\n| action | effect | undo | what it does |\n|---|---|---|---|\n", printed)
	for _, a := range m.Actions {
		fmt.Fprintf(&b, "| [%s](actions/%s.md) | %s | %s | %s |\n", a.Name, a.Name, a.Effect, a.Undo, cell(a.Summary))
	}
	b.WriteString("\n| trigger | polls every | what it watches |\n|---|---|---|\n")
	for _, t := range m.Triggers {
		fmt.Fprintf(&b, "| [%s](triggers/%s.md) | %s | %s |\n", t.Name, t.Name, t.Every, cell(t.Summary))
	}
	return b.Bytes(), nil
}

func actionPage(a sdk.ActionInfo) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# %s\n\n`%s`: %s\n\n", printed, a.Title, a.Name, a.Summary)
	fmt.Fprintf(&b, "| | |\n|---|---|\n| effect | %s |\n", a.Effect)
	if a.Undo != "" {
		fmt.Fprintf(&b, "| undo | [%s](%s.md) |\n", a.Undo, a.Undo)
	}
	fmt.Fprintf(&b, "| OAuth scopes | %s |\n| Okta's documentation | <%s> |\n\n", cmp.Or(strings.Join(a.Scopes, ", "), "none"), a.Docs)
	if err := parameters(&b, json.RawMessage(a.Input)); err != nil {
		return nil, err
	}
	output, err := schema.Parse(json.RawMessage(a.Output))
	if err != nil {
		return nil, err
	}
	b.WriteString("## Answer\n\n| member | type | what it is |\n|---|---|---|\n")
	members(&b, "", output.Root())
	if err := shapes(&b, "Answer", a.Shapes, a.Output); err != nil {
		return nil, err
	}
	b.WriteString("\n## Example\n\n")
	for _, part := range []struct {
		title string
		doc   sdk.JSON
	}{{"Input", a.Example.Input}, {"Answer", a.Example.Output}} {
		if err := sample(&b, part.title, part.doc); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func triggerPage(t sdk.TriggerInfo) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# %s\n\n`%s`: %s\n\n", printed, t.Title, t.Name, t.Summary)
	fmt.Fprintf(&b, "| | |\n|---|---|\n| polls every | %s |\n| OAuth scopes | %s |\n| Okta's documentation | <%s> |\n\n", t.Every, strings.Join(t.Scopes, ", "), t.Docs)
	if err := parameters(&b, json.RawMessage(t.Params)); err != nil {
		return nil, err
	}
	event, err := schema.Parse(json.RawMessage(t.Event))
	if err != nil {
		return nil, err
	}
	b.WriteString("## Event\n\nEverything that Okta sends is kept; these are the documented members. Any may be null.\n\n| member | type | what it is |\n|---|---|---|\n")
	members(&b, "", event.Root())
	if err := shapes(&b, "Event", t.Shapes, t.Event); err != nil {
		return nil, err
	}
	b.WriteString("\n")
	err = sample(&b, "Example", t.Example)
	return b.Bytes(), err
}

// shapes lists the members of every shape but the one that is shown already.
func shapes(b *bytes.Buffer, what string, all map[string]sdk.JSON, shown sdk.JSON) error {
	for _, format := range slices.Sorted(maps.Keys(all)) {
		if bytes.Equal(all[format], shown) {
			continue
		}
		s, err := schema.Parse(json.RawMessage(all[format]))
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n## %s, format %s\n\n| member | type | what it is |\n|---|---|---|\n", what, format)
		members(b, "", s.Root())
	}
	return nil
}

func parameters(b *bytes.Buffer, raw json.RawMessage) error {
	s, err := schema.Parse(raw)
	if err != nil {
		return err
	}
	for _, group := range []string{"basic", "advanced"} {
		head := false
		for _, p := range s.Root().Properties {
			if p.Node.Group != group {
				continue
			}
			if !head {
				fmt.Fprintf(b, "## Parameters, %s\n\n| parameter | type | required | default | example | what it is |\n|---|---|---|---|---|---|\n", group)
				head = true
			}
			required := ""
			if s.Root().IsRequired(p.Name) {
				required = "yes"
			}
			example := ""
			if len(p.Node.Examples) > 0 {
				example = code(string(p.Node.Examples[0]))
			} else if p.Node.Items != nil && len(p.Node.Items.Examples) > 0 {
				example = code(string(p.Node.Items.Examples[0]))
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | **%s.** %s%s |\n", p.Name, cell(p.Node.TypeName()), required, code(string(p.Node.Default)), example, cell(p.Node.Title), cell(p.Node.Description), options(p.Node.Options))
		}
		if head {
			b.WriteString("\n")
		}
	}
	return nil
}

// options says where the values of a parameter come from.
func options(o *schema.Options) string {
	if o == nil {
		return ""
	}
	return fmt.Sprintf(" Values: [%s](../actions/%s.md).", o.Action, o.Action)
}

// members lists an object's members, and theirs, by their dotted names.
func members(b *bytes.Buffer, prefix string, n *schema.Node) {
	for _, p := range n.Properties {
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, p.Name, cell(p.Node.TypeName()), cell(p.Node.Description))
		switch {
		case len(p.Node.Properties) > 0:
			members(b, prefix+p.Name+".", p.Node)
		case p.Node.Items != nil && len(p.Node.Items.Properties) > 0:
			members(b, prefix+p.Name+"[].", p.Node.Items)
		}
	}
}

func sample(b *bytes.Buffer, title string, doc sdk.JSON) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, doc, "", "  "); err != nil {
		return err
	}
	fmt.Fprintf(b, "%s:\n\n```json\n%s\n```\n\n", title, pretty.Bytes())
	return nil
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// metricsPage lists what soar watch offers to Prometheus.
func metricsPage() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# Metrics\n\n", printed)
	b.WriteString("`soar watch --metrics :9464` offers these at `/metrics`, on loopback unless the address names another host, and those\n" +
		"that the Prometheus client gives of each Go process (`go_…`, `process_…`). Counts begin at zero with the process. A feed is a\n" +
		"trigger; it has a number (`system_log_2`) where playbooks whose parameters differ need a poll of their own.\n\n" +
		"| metric | type | labels | what it is |\n|---|---|---|---|\n")
	for _, m := range monitor.Metrics {
		kind := "gauge"
		if m.Counter {
			kind = "counter"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, kind, strings.Join(m.Labels, ", "), cell(m.Help))
	}
	b.WriteString("\n`/healthz` at the same address answers 200 while all is well, and 503 with the reasons in `problems` when a feed is further\n" +
		"behind than `--max-lag` (5 minutes unless set), which polls that fail for so long bring about too, or when the connector's\n" +
		"process is not running. The lag of a backlog compares Okta's time with this machine's: a clock that is off shows in it.\n")
	return b.Bytes()
}
