package oktatest_test

import (
	"regexp"
	"slices"
	"strings"

	"soar.example/okta/internal/oktatest"
)

var reference = regexp.MustCompile(`#/components/(\w+)/([\w.-]+)`)

// cutSpec keeps of a large OpenAPI description in YAML only the paths of the org's endpoints and the components
// that these lead to, because reading all of it takes most of the time. It goes by indentation: two spaces before a
// path or a section of the components, four before a component.
func cutSpec(text []byte) []byte {
	paths, components := specBlocks(string(text))
	wanted := map[string]bool{}
	for _, e := range oktatest.Endpoints() {
		_, pattern, _ := strings.Cut(e, " ")
		wanted[variable.ReplaceAllString(pattern, "{}")] = true
	}
	var out strings.Builder
	out.WriteString("openapi: 3.0.3\ninfo:\n  title: cut\n  version: \"1\"\npaths:\n")
	var queue []string
	for name, block := range paths {
		if wanted[variable.ReplaceAllString(name, "{}")] {
			out.WriteString(block)
			queue = append(queue, block)
		}
	}
	sections := map[string]string{}
	taken := map[string]bool{}
	for len(queue) > 0 {
		block := queue[0]
		queue = queue[1:]
		for _, m := range reference.FindAllStringSubmatch(block, -1) {
			key := m[1] + "/" + m[2]
			if taken[key] {
				continue
			}
			taken[key] = true
			sections[m[1]] += components[key]
			queue = append(queue, components[key])
		}
	}
	out.WriteString("components:\n")
	for name, blocks := range sections {
		out.WriteString("  " + name + ":\n" + blocks)
	}
	return []byte(out.String())
}

// specBlocks returns the text of each path, and of each component by section/name.
func specBlocks(text string) (paths, components map[string]string) {
	paths, components = map[string]string{}, map[string]string{}
	var top, section, name string
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " ")
		indent := len(line) - len(bare)
		key := strings.Trim(strings.TrimSuffix(strings.TrimSpace(bare), ":"), `'"`)
		isKey := bare != "\n" && !strings.HasPrefix(bare, "-")
		switch {
		case indent == 0 && isKey:
			top, section, name = key, "", ""
			continue
		case indent == 2 && isKey && slices.Contains([]string{"paths", "components"}, top):
			section, name = key, ""
		case indent == 4 && isKey && top == "components":
			name = key
		}
		switch {
		case top == "paths" && section != "":
			paths[section] += line
		case top == "components" && name != "":
			components[section+"/"+name] += line
		}
	}
	return paths, components
}
