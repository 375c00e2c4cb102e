package oktaspec

import (
	"regexp"
	"slices"
	"strings"
)

var reference = regexp.MustCompile(`#/components/(\w+)/([\w.-]+)`)

// cut reduces an OpenAPI description in YAML to the wanted paths and the components that
// these refer to, since reading all of Okta's takes most of a minute. It goes by
// indentation.
func cut(text string, wanted func(path string) bool) []byte {
	blocks := specBlocks(text)
	var out strings.Builder
	out.WriteString("openapi: 3.0.3\ninfo:\n  title: cut\n  version: \"1\"\npaths:\n")
	var queue []string
	for name, block := range blocks {
		if path, ok := strings.CutPrefix(name, "paths "); ok && wanted(path) {
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
			if key := m[1] + " " + m[2]; !taken[key] {
				taken[key] = true
				sections[m[1]] += blocks[key]
				queue = append(queue, blocks[key])
			}
		}
	}
	if len(sections) > 0 {
		out.WriteString("components:\n")
	}
	for name, blocks := range sections {
		out.WriteString("  " + name + ":\n" + blocks)
	}
	return []byte(out.String())
}

// specBlocks returns the text of each path as "paths /its/path", and of each
// component as "section name".
func specBlocks(text string) map[string]string {
	blocks := map[string]string{}
	var top, section, name string
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " ")
		indent := len(line) - len(bare)
		key := strings.Trim(strings.TrimSuffix(strings.TrimSpace(bare), ":"), `'"`)
		isKey := bare != "\n" && !strings.HasPrefix(bare, "-") && !strings.HasPrefix(bare, "#")
		switch {
		case indent == 0 && isKey:
			top, section, name = key, "", ""
			continue
		case indent == 2 && isKey && slices.Contains([]string{"paths", "components"}, top):
			section, name = key, ""
			if top == "paths" {
				section, name = "paths", key
			}
		case indent == 4 && isKey && top == "components":
			name = key
		}
		if name != "" {
			blocks[section+" "+name] += line
		}
	}
	return blocks
}
