// Package playbooks contains the example playbooks for the demo and the tests.
package playbooks

import "embed"

// FS contains the playbook files.
//
//go:embed *.yaml
var FS embed.FS
