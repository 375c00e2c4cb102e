// Package playbooks holds the example playbooks, for the demo and the tests.
package playbooks

import "embed"

// FS holds the playbook files.
//
//go:embed *.yaml
var FS embed.FS
