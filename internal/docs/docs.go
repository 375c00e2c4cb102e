// Package docs prints the published files: the manifest, the JSON Schemas of manifest and
// playbook files, and the pages of docs/reference that describe them, the actions, the triggers and
// the metrics. All of them come from the code.
package docs

import (
	"bytes"
	"context"
	_ "embed" // for pages.tmpl
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"text/template"

	"soar.example/okta/internal/httpconnector"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/settings"
	"soar.example/okta/plugin/okta"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

//go:embed pages.tmpl
var pages string

// connectors are the other built-in connectors, each with one page.
var connectors = []func() (sdk.Backend, error){httpconnector.Backend}

// Files returns the published files by their path from the project's root.
func Files(ctx context.Context) (map[string][]byte, error) {
	backend, err := okta.Backend()
	if err != nil {
		return nil, err
	}
	if err := sdk.Verify(backend); err != nil {
		return nil, err
	}
	m, err := backend.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	form, err := schema.Output[sdk.Manifest]()
	if err != nil {
		return nil, err
	}
	file, err := settings.JSONSchema()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for path, doc := range map[string]any{
		"manifest.json":                       m,
		"docs/reference/manifest.schema.json": form.JSON(),
		"docs/reference/playbook.schema.json": playbook.JSONSchema(),
	} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(doc); err != nil {
			return nil, fmt.Errorf("print %s: %w", path, err)
		}
		files[path] = b.Bytes()
	}
	service := template.FuncMap{
		"service":      func() string { return m.Title },
		"settingsFile": func() *schema.Node { return file.Root() },
	}
	t, err := template.New("").Funcs(functions).Funcs(service).Parse(pages)
	if err != nil {
		return nil, err
	}
	page := func(path, name string, data any) {
		var b bytes.Buffer
		if e := t.ExecuteTemplate(&b, name, data); e != nil && err == nil {
			err = fmt.Errorf("print %s: %w", path, e)
		}
		files[path] = b.Bytes()
	}
	page("docs/reference/metrics.md", "metrics", monitor.Metrics)
	page("docs/reference/manifest.md", "manifest", sdk.JSON(form.JSON()))
	page("docs/reference/playbook.md", "playbook", sdk.JSON(playbook.JSONSchema()))
	page("docs/reference/actions.md", "index", m)
	page("docs/configuration.md", "configuration", m)
	for _, other := range connectors {
		b, failed := other()
		if failed != nil {
			return nil, failed
		}
		manifest, failed := b.Manifest(ctx)
		if failed != nil {
			return nil, failed
		}
		page("docs/reference/connectors/"+manifest.Name+".md", "connector", manifest)
	}
	for _, info := range m.Actions {
		page("docs/reference/actions/"+info.Name+".md", "action", info)
	}
	for _, info := range m.Triggers {
		page("docs/reference/triggers/"+info.Name+".md", "trigger", info)
	}
	return files, err
}

// functions are the functions of the templates.
var functions = template.FuncMap{
	"join":   strings.Join,
	"cell":   cell,
	"groups": func() []string { return []string{"basic", "advanced"} },
	"code": func(v json.RawMessage) string {
		if len(v) == 0 {
			return ""
		}
		return "`" + cell(string(v)) + "`"
	},
	"parse": func(doc sdk.JSON) (*schema.Node, error) {
		s, err := schema.Parse(json.RawMessage(doc))
		if err != nil {
			return nil, err
		}
		return s.Root(), nil
	},
	"hostVariable": func(member string) string { return settings.HostVariable("/" + strings.ReplaceAll(member, ".", "/")) },
	"upper":        strings.ToUpper,
	"indent":       indent,
	"commandLine":  commandLine,
	"step":         step,
	"needs":        needs,
	"failures":     failures,
	"example": func(n *schema.Node) json.RawMessage {
		if len(n.Examples) == 0 && n.Items != nil {
			n = n.Items
		}
		if len(n.Examples) == 0 {
			return nil
		}
		return n.Examples[0]
	},
	"inGroup": func(input *schema.Node, group string) (found []schema.Property) {
		for _, p := range input.Properties {
			if p.Node.Group == group {
				found = append(found, p)
			}
		}
		return found
	},
	"members": members,
	"others": func(shapes map[string]sdk.JSON, shown sdk.JSON) map[string]sdk.JSON {
		others := maps.Clone(shapes)
		maps.DeleteFunc(others, func(_ string, shape sdk.JSON) bool { return bytes.Equal(shape, shown) })
		return others
	},
}

func indent(doc sdk.JSON) (string, error) {
	var b bytes.Buffer
	err := json.Indent(&b, doc, "", "  ")
	return b.String(), err
}

// cell escapes text for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// members returns the members of an object and of the objects in it, by dotted names.
func members(prefix string, n *schema.Node) (all []schema.Property) {
	for _, p := range n.Properties {
		all = append(all, schema.Property{Name: prefix + p.Name, Node: p.Node})
		switch {
		case len(p.Node.Properties) > 0:
			all = append(all, members(prefix+p.Name+".", p.Node)...)
		case p.Node.Items != nil && len(p.Node.Items.Properties) > 0:
			all = append(all, members(prefix+p.Name+"[].", p.Node.Items)...)
		}
	}
	return all
}
