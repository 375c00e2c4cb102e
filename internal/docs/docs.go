// Package docs prints what is published beside the code: the manifest, the JSON
// Schemas of manifest and playbook files, a page for each action and trigger, and one
// for the metrics. All of it comes from the code; nothing is written twice.
package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Files returns the printed files by their path from the project's root.
func Files(ctx context.Context) (map[string][]byte, error) {
	backend, err := oktaconnector.Backend()
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
	files := map[string][]byte{"docs/metrics.md": metricsPage()}
	for path, doc := range map[string]any{
		"manifest.json":             m,
		"docs/manifest.schema.json": form.JSON(),
		"docs/playbook.schema.json": playbook.JSONSchema(),
	} {
		if files[path], err = indented(doc); err != nil {
			return nil, fmt.Errorf("print %s: %w", path, err)
		}
	}
	if files["docs/actions.md"], err = index(m); err != nil {
		return nil, err
	}
	for _, info := range m.Actions {
		if files["docs/actions/"+info.Name+".md"], err = actionPage(info); err != nil {
			return nil, err
		}
	}
	for _, info := range m.Triggers {
		if files["docs/triggers/"+info.Name+".md"], err = triggerPage(info); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func indented(doc any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}
