//go:build unix

package ecs

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime returns the processor time of this process, which does not depend on other processes of
// the machine.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
