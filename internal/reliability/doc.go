// Package reliability contains only tests. They inject faults into a running soar watch and its plugin process. Each
// test then checks that every matching event in the org started its playbook exactly once.
//
// TestFaults runs the table of faults, one row each. It generates docs/reliability.md with the results:
//
//	go test ./internal/reliability -run TestFaults -update
//
// -kills 200 kills processes at 200 random instants. -seed N repeats the instants of an earlier run, and -seed 0
// draws new ones. TestHistories generates random histories from a fixed seed. RAPID_SEED=$RANDOM in the environment
// draws new ones.
package reliability
