//go:build !race

package playbook

const racing = false
