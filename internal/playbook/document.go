package playbook

import (
	"strings"
)

// MaxFile is the most bytes of a playbook file, and of a settings file.
const MaxFile = maxBytes

// A Member is one member of a mapping, and the place of its key in the file.
type Member struct {
	Name         string
	Line, Column int
	Value        any // in the types of encoding/json, numbers as json.Number
}

// Document reads a file of one mapping, such as settings, with the parser and the
// limits that playbooks have. A file without a document has no members. The error is
// [Problems]; the messages do not repeat values of the file, which may be secrets.
func Document(file string, source []byte) ([]Member, error) {
	r, text := open(file, source)
	r.discreet = true
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	if blank(text) {
		return nil, nil
	}
	root := r.parseYAML(text)
	if root == nil || len(r.problems) > 0 {
		return nil, r.err()
	}
	var members []Member
	for _, m := range root.members {
		members = append(members, Member{m.key, m.line, m.column, m.value.plain()})
	}
	return members, nil
}

// blank reports whether a file has nothing but comments.
func blank(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}
