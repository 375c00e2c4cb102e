package oktaspec

import (
	"encoding/json"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"
)

// cut reduces an OpenAPI description in YAML to the wanted paths and their components, because the OpenAPI loader
// takes most of a minute for Okta's whole description.
func cut(text []byte, wanted func(path string) bool) ([]byte, error) {
	var spec struct {
		Paths      map[string]any            `yaml:"paths"`
		Components map[string]map[string]any `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	components := map[string]map[string]any{}
	var keep func(v any)
	keep = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, member := range v {
				keep(member)
			}
		case []any:
			for _, element := range v {
				keep(element)
			}
		case string: // a reference, or the value of a discriminator
			path, isReference := strings.CutPrefix(v, "#/components/")
			section, name, _ := strings.Cut(path, "/")
			if component, ok := spec.Components[section][name]; isReference && ok && components[section][name] == nil {
				if components[section] == nil {
					components[section] = map[string]any{}
				}
				components[section][name] = component
				keep(component)
			}
		}
	}
	maps.DeleteFunc(spec.Paths, func(path string, _ any) bool { return !wanted(path) })
	for _, item := range spec.Paths {
		keep(item)
	}
	return json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]string{"title": "cut", "version": "1"}, "paths": spec.Paths, "components": components,
	})
}
