// Package reliability holds no code of its own: its tests do to a soar watch, and to
// the plugin process under it, what happens to programs that run for years, and look
// each time whether every matching event in the org started its playbook exactly once.
//
// TestFaults is the table of faults, one row each; docs/reliability.md is printed from
// it, and says what came out:
//
//	go test ./internal/reliability -run TestFaults -update
//
// With -kills 200 processes are killed at that many random instants, -seed N repeats
// the instants of an earlier run, -seed 0 draws new ones. TestHistories makes up histories of
// its own, from a fixed seed; RAPID_SEED=$RANDOM in the environment explores new ones.
package reliability
